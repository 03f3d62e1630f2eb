/// How a workload follows its users: how fast they are to be answered, and how much may be done for that.
package struct FollowingWishes: Hashable, Codable, Sendable {
    package static let percentiles = 50...99
    package static let changesRange = 1...20
    /// Seconds between two changes: at least as long as it takes to see what the last one did.
    package static let pauseRange = 60...86_400
    /// Milliseconds of a response time.
    package static let targets = 1.0...60_000.0

    /// How many percent of the responses are to take no longer than `target`.
    package var percentile: Int
    /// In milliseconds.
    package var target: Double
    /// How many replicas there are at least and at most.
    package var minimum: Int
    package var maximum: Int
    /// How many times an hour replicas may be added, moved or removed.
    package var changesPerHour: Int
    /// What all replicas together may cost an hour, in the coordinator's currency; nil for any amount.
    package var costPerHour: Double?
    /// How long to wait after a change before the next one, in seconds.
    package var pauseSeconds: Int
    /// When `target` and `minimum` hold, outside of which replicas may be removed; nil for always, and at any time.
    package var peak: DailyHours?
    /// What holds outside the peak; nil for the same.
    package var offPeakTarget: Double?
    package var offPeakMinimum: Int?

    package init(
        percentile: Int = 95, target: Double, minimum: Int = 1, maximum: Int, changesPerHour: Int = 6,
        costPerHour: Double? = nil, pauseSeconds: Int = 300, peak: DailyHours? = nil,
        offPeakTarget: Double? = nil, offPeakMinimum: Int? = nil
    ) {
        self.percentile = percentile
        self.target = target
        self.minimum = minimum
        self.maximum = maximum
        self.changesPerHour = changesPerHour
        self.costPerHour = costPerHour
        self.pauseSeconds = pauseSeconds
        self.peak = peak
        self.offPeakTarget = offPeakTarget
        self.offPeakMinimum = offPeakMinimum
    }

    package var pause: Duration { .seconds(self.pauseSeconds) }

    package func target(at now: Instant) -> Double {
        self.isOffPeak(now) ? self.offPeakTarget ?? self.target : self.target
    }

    package func minimum(at now: Instant) -> Int {
        self.isOffPeak(now) ? self.offPeakMinimum ?? self.minimum : self.minimum
    }

    /// Whether replicas that are not needed may be removed.
    package func mayShrink(at now: Instant) -> Bool { self.peak == nil || self.isOffPeak(now) }

    private func isOffPeak(_ now: Instant) -> Bool { self.peak.map { !$0.contains(now) } ?? false }
}
