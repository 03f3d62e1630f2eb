/// The unit behind a number that a person writes with it: `31 ms`.
///
/// The operations' parameters take the number alone, in the first unit of these.
enum DocumentUnit {
    case milliseconds
    case seconds
    case grams

    /// Of the parameters of that name; nil for those that have no unit, or read theirs themselves.
    init?(ofParameter name: String) {
        switch name {
        case "target", "max-latency", "follow-target", "off-peak-target": self = .milliseconds
        case "lease": self = .seconds
        case "max-carbon": self = .grams
        case _: return nil
        }
    }

    private var factors: [(name: String, factor: Double)] {
        switch self {
        case .milliseconds: [("ms", 1), ("s", 1_000)]
        case .seconds: [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        case .grams: [("g", 1), ("kg", 1_000)]
        }
    }

    /// What a value looks like, for an error.
    var example: String {
        switch self {
        case .milliseconds: "a time such as 31 ms"
        case .seconds: "a time such as 60 s or 5 m"
        case .grams: "a mass such as 30 g"
        }
    }

    /// The number in the first unit; nil for what is no number with a unit of these, or behind which there is none.
    func number(in text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let factor = unit.isEmpty ? 1 : self.factors.first { $0.name == unit }?.factor
        guard let number = Double(digits), let factor else { return nil }
        return number * factor
    }
}
