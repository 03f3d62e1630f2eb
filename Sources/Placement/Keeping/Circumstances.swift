package import CloudModel

/// What a decision about keeping a workload rests on, beside the workload itself.
package struct Circumstances: Hashable, Sendable {
    package var now: Instant
    /// Sites in reach that are being emptied.
    package var draining: Set<SiteID>
    /// Replicas that the plan found another site for than the one where they are.
    package var placeable: Set<Int>
    /// Replicas for which such a site was looked for, if in vain; of the others nobody can say that there is none.
    package var sought: Set<Int>
    /// Replicas with a lease that has run out, margin included: nothing of them runs at their site any more.
    package var lapsed: Set<Int>
    /// Replicas whose lease was renewed lately: their machines may be started.
    package var leased: Set<Int>

    package init(
        now: Instant, draining: Set<SiteID> = [], placeable: Set<Int> = [], sought: Set<Int> = [],
        lapsed: Set<Int> = [], leased: Set<Int> = []
    ) {
        self.now = now
        self.draining = draining
        self.placeable = placeable
        self.sought = sought
        self.lapsed = lapsed
        self.leased = leased
    }
}
