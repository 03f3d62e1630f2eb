extension [Double] {
    /// By Zipf's law: each is one over its rank.
    static func zipf(_ count: Int) -> [Double] {
        (0..<count).map { 1 / Double($0 + 1) }
    }

    /// An index drawn with the elements, none negative and not all zero, as weights.
    func drawnIndex(using generator: inout some RandomNumberGenerator) -> Int {
        var left = Double.random(in: 0..<self.reduce(0, +), using: &generator)
        for (index, weight) in self.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return self.count - 1
    }
}
