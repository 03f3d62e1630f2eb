/// One number of a benchmark.
struct Measurement: Codable, Sendable {
    let name: String
    let value: Double
    /// `1/s`, `ms`, `MB`, or empty for a ratio.
    let unit: String
    /// What it is to be; nil if it only explains others.
    let goal: Goal?

    init(_ name: String, _ value: Double, unit: String = "", goal: Goal? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.goal = goal
    }

    /// The same under another name.
    func named(_ name: String) -> Self { Self(name, self.value, unit: self.unit, goal: self.goal) }
}

extension Duration {
    /// As a number to calculate with.
    var inSeconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) * 1e-18
    }
}

extension [Double] {
    /// The value that `share` of the values do not exceed; 0 without values.
    func quantile(_ share: Double) -> Double {
        let sorted = self.sorted()
        guard let last = sorted.indices.last else { return 0 }
        return sorted[Swift.min(last, Int(Double(sorted.count) * share))]
    }
}
