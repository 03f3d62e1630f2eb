package import CloudModel

extension Plan {
    /// The sites that could take a replica, the best first; suspect ones only if there are no others.
    package var choices: [SiteID] {
        let feasible = self.verdicts.filter(\.isFeasible)
        let reachable = feasible.filter { $0.reachability == .reachable }
        return (reachable.isEmpty ? feasible : reachable).map(\.site)
    }
}
