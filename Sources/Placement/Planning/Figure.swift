/// Numbers as plans print them.
enum Figure {
    /// With as many digits as matter: `174`, `31.4`, `0.052`, `0.00075`.
    static func short(_ number: Double) -> String {
        guard number.isFinite else { return "\(number)" }
        let size = number.magnitude
        if size >= 100 || size == 0 { return Self.whole(number) }
        var digits = 1
        var limit = 10.0
        // Two significant digits below ten, one place above, six places at most.
        while size < limit, digits < 6 {
            limit /= 10
            if size < limit { digits += 1 }
        }
        if size < 10 { digits += 1 }
        return Self.trimmed(number, places: min(6, digits))
    }

    private static func whole(_ number: Double) -> String {
        number.magnitude < 1e15 ? "\(Int64(number.rounded()))" : "\(number)"
    }

    private static func trimmed(_ number: Double, places: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int64((number.magnitude * Double(scale)).rounded())
        let sign = number < 0 && scaled != 0 ? "-" : ""
        let fraction = String(scaled % scale)
        var text = String(repeating: "0", count: places - fraction.count) + fraction
        while text.hasSuffix("0") { text.removeLast() }
        return sign + "\(scaled / scale)" + (text.isEmpty ? "" : "." + text)
    }
}
