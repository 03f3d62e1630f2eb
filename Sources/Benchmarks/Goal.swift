/// What a number must be for the measure to be met.
struct Goal: Codable, Hashable, Sendable {
    enum Side: String, Codable, Sendable {
        case atMost
        case atLeast
    }

    let side: Side
    let bound: Double

    static func atMost(_ bound: Double) -> Self { Self(side: .atMost, bound: bound) }

    static func atLeast(_ bound: Double) -> Self { Self(side: .atLeast, bound: bound) }

    func isMet(by value: Double) -> Bool {
        switch self.side {
        case .atMost: value <= self.bound
        case .atLeast: value >= self.bound
        }
    }
}
