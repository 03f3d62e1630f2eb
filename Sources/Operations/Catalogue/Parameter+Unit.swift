extension Parameter {
    /// What a number counts, and the units that a person may write behind it in a document: `31 ms`.
    ///
    /// Everywhere else the number stands alone, in the first of them.
    package enum Unit: Hashable, Sendable {
        case milliseconds
        case seconds
        case grams

        private var factors: [(name: String, factor: Double)] {
            switch self {
            case .milliseconds: [("ms", 1), ("s", 1_000)]
            case .seconds: [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
            case .grams: [("g", 1), ("kg", 1_000)]
            }
        }

        /// What a number that stands alone counts.
        package var name: String {
            switch self {
            case .milliseconds: "milliseconds"
            case .seconds: "seconds"
            case .grams: "grams"
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
}
