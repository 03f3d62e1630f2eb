/// When response times call for a change, so that none is made for a passing moment and none is undone at once.
package struct FollowingRules: Hashable, Sendable {
    /// Responses from a place that say something about it.
    package var samplesNeeded: Int
    /// How long users must have been answered too slowly before anything is done.
    package var slowFor: Duration
    /// How long a replica must have been unneeded before it is removed; four times as long after each removal that was
    /// regretted.
    package var spareFor: Duration
    /// Slow users are well again only at this share of the target.
    package var relief: Double
    /// A replica is unneeded if without it users would be answered within this share of the target.
    package var spareShare: Double
    /// A change must be expected to gain at least this share of the target.
    package var gain: Double
    /// The most obstacles of a workload that are told in an hour, so that they do not push everything else out of its
    /// log.
    package static let remarkLimit = 12

    /// How soon after a removal slow users show that it was a mistake.
    package var regretWithin: Duration
    /// How long such a mistake is remembered.
    package var regretFor: Duration
    /// How long before the same obstacle is told again.
    package var repeatAfter: Duration

    package init(
        samplesNeeded: Int = 30, slowFor: Duration = .seconds(180), spareFor: Duration = .seconds(900),
        relief: Double = 0.9, spareShare: Double = 0.8, gain: Double = 0.1,
        regretWithin: Duration = .seconds(3_600), regretFor: Duration = .seconds(86_400),
        repeatAfter: Duration = .seconds(3_600)
    ) {
        self.samplesNeeded = samplesNeeded
        self.slowFor = slowFor
        self.spareFor = spareFor
        self.relief = relief
        self.spareShare = spareShare
        self.gain = gain
        self.regretWithin = regretWithin
        self.regretFor = regretFor
        self.repeatAfter = repeatAfter
    }

    /// How long a replica must have been unneeded after so many regretted removals.
    package func spareFor(regrets: Int) -> Duration {
        self.spareFor * (1 << (2 * min(regrets, Self.regretLimit)))
    }

    /// Regretted removals that make it more patient; sixteen hours from the usual quarter of one.
    static let regretLimit = 3
}
