extension MachineSpecification {
    /// The most characters of a name: what one label of a domain name may have.
    package static let nameMax = 63

    /// Whether `text` is a name for a machine or a workload: 1 to `most` characters of `a–z`, `0–9` and inner `-`.
    package static func isName(_ text: String, atMost most: Int = nameMax) -> Bool {
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            case _: false
            }
        }
        return isAllowed && (1...most).contains(text.utf8.count) && !text.hasPrefix("-")
            && !text.hasSuffix("-")
    }
}
