package import CloudModel

/// A workload seen as a part of an application.
extension Workload {
    package var generation: Int { self.specification.part?.generation ?? 0 }

    /// Whether it has, or may have, something anywhere.
    var isLeft: Bool { self.state != .removed }

    /// Whether it is wanted for as long as nobody says otherwise.
    var isLive: Bool { self.state != .removed && self.state != .removing }

    package var runningReplicas: Int { self.replicas.count { $0.state == .running && $0.change != .dropped } }

    /// Whether a machine of it may be somewhere, running or not: with it would go what is on its disk.
    var mayHaveMachines: Bool {
        self.isLive && self.replicas.contains { $0.site != nil || $0.change == .moving }
    }

    /// Whether replicas of it have never had a site, and those that were asked have all refused.
    var isTurnedAway: Bool {
        self.state == .failed && self.replicas.contains { $0.site == nil && $0.change == nil }
    }

    /// Whether every replica is at a site and up.
    package var isRunning: Bool {
        self.state == .placed && self.replicas.allSatisfy { $0.state == .running || $0.change == .dropped }
    }

    /// Whether every replica has a site, so that others can be brought near.
    var hasSites: Bool { self.isLive && self.replicas.allSatisfy { $0.site != nil } }

    /// Whether it is what `specification` asks for, the number of its replicas apart.
    func isAlike(_ specification: WorkloadSpecification) -> Bool {
        var one = self.specification
        one.replicas = specification.replicas
        return one == specification
    }
}
