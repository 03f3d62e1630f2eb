/// The constants of planning that an operator may want to change.
package struct PlanningRules: Hashable, Sendable {
    /// Knowledge up to this age counts in full; one and a half heartbeats by default.
    package var freshFor: Duration
    /// After `freshFor`, each further period of this length takes as much weight from load and room as is left half
    /// after the first: weight = 1 ÷ (1 + (age − freshFor) ÷ period).
    package var fadingPeriod: Duration
    /// Knowledge older than this is not acted upon: the site takes no new work until it reports again.
    package var uselessAfter: Duration
    /// The round trip, in milliseconds, at which the latency part of the score is one half.
    package var halfScoreLatency: Double
    package var latency: LatencyModel

    package init(
        freshFor: Duration = .seconds(15), fadingPeriod: Duration = .seconds(30),
        uselessAfter: Duration = .seconds(120), halfScoreLatency: Double = 100,
        latency: LatencyModel = LatencyModel()
    ) {
        self.freshFor = freshFor
        self.fadingPeriod = fadingPeriod
        self.uselessAfter = uselessAfter
        self.halfScoreLatency = halfScoreLatency
        self.latency = latency
    }

    /// How much knowledge of that age counts, 0…1.
    package func freshness(atAge age: Duration) -> Double {
        guard age > self.freshFor else { return 1 }
        return 1 / (1 + (age - self.freshFor) / self.fadingPeriod)
    }

    /// The latency part of the score, 0…1: `half ÷ (half + ms)`.
    package func latencyScore(milliseconds: Double) -> Double {
        self.halfScoreLatency / (self.halfScoreLatency + milliseconds)
    }
}
