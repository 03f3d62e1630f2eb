/// The round trips to the parts of an audience put together, part after part in their order.
struct AudienceMean {
    /// Each unknown part counts as the far side of the Earth.
    private(set) var pessimistic = 0.0
    /// The mean of what each part's round trip is beyond the target.
    private(set) var excess = 0.0
    private var isKnown = true
    private let worst: Double
    private let target: Double

    init(worst: Double, target: Double) {
        self.worst = worst
        self.target = target
    }

    mutating func add(_ milliseconds: Double?, share: Double) {
        let counted = milliseconds ?? self.worst
        self.pessimistic += share * counted
        self.excess += share * max(0, counted - self.target)
        if milliseconds == nil { self.isKnown = false }
    }

    /// Nil if a part is unknown.
    var milliseconds: Double? { self.isKnown ? self.pessimistic : nil }
}
