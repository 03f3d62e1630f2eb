package import Placement

/// Whether and how a coordinator moves replicas to better sites, by itself or because somebody accepts it.
package struct RebalancingPolicy: Hashable, Sendable {
    /// The most moves an hour that may be set.
    package static let movesPerHourMax = 1_000

    /// Whether it moves by itself what is worth it; otherwise it proposes when it is asked.
    package var isAutomatic: Bool
    /// How often it looks by itself.
    package var interval: Duration
    /// Moves within any hour, for whatever reason but that somebody asked for them, beyond which none is made for
    /// balance.
    package var movesPerHour: Int
    /// How long a workload that was moved, for whatever reason, is left where it is.
    package var coolDown: Duration
    package var rules: RebalancingRules

    package init(
        isAutomatic: Bool = false, interval: Duration = .seconds(300), movesPerHour: Int = 6,
        coolDown: Duration = .seconds(3_600), rules: RebalancingRules = RebalancingRules()
    ) {
        self.isAutomatic = isAutomatic
        self.interval = interval
        self.movesPerHour = movesPerHour
        self.coolDown = coolDown
        self.rules = rules
    }
}
