package import CloudModel

extension PlacementSaga {
    /// The state of the workload that follows from its replicas.
    package var state: Workload.State {
        if self.isRemoving {
            let isGone = self.replicas.allSatisfy { $0.phase == .gone } && !self.leavesSomethingBehind
            return isGone ? .removed : .removing
        }
        var isFailed = false
        for replica in self.replicas where replica.isWanted {
            switch replica.phase {
            case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .releasing,
                .deleting, .replacing:
                return .placing
            case .exhausted, .gone: isFailed = true
            case .placed: break
            }
        }
        return isFailed ? .failed : .placed
    }

    /// What stands in the way, in words: the chain of refusals of each replica that has no site, the trouble of each
    /// that waits; nil if there is nothing to say.
    package var reason: String? {
        var reasons: [String] = []
        for replica in self.replicas {
            switch replica.phase {
            case .exhausted(let last):
                let chain = (replica.chain + [last]).joined(separator: "; ")
                reasons.append("replica \(replica.index): \(chain)")
            case .planning, .doubting, .verifying, .withdrawing, .releasing, .deleting, .replacing:
                if let trouble = replica.trouble { reasons.append("replica \(replica.index): \(trouble)") }
            case .placed:
                // What stands in the way of a start, while the machine is down.
                guard let trouble = replica.trouble, let state = replica.machine?.state, state != .running
                else { break }
                reasons.append("replica \(replica.index): \(trouble)")
            case .reserving, .committing, .gone: break
            }
        }
        if self.isGang, !self.isRemoving,
            self.replicas.contains(where: { $0.phase == .gone && $0.isWanted })
        {
            reasons.append("all replicas were asked for or none: what was held elsewhere is given back")
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: ". ")
    }

    /// The replicas as the workload shows them: without those that were dropped and of which nothing is left.
    package var replicaStates: [Workload.Replica] {
        self.replicas.compactMap { replica in
            guard replica.isWanted || !replica.isGone || self.isRemoving else { return nil }
            let machine: MachineID? =
                switch replica.phase {
                case .placed(_, let machine), .deleting(_, let machine, _), .replacing(_, let machine, _):
                    machine
                case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .releasing,
                    .exhausted, .gone:
                    nil
                }
            return Workload.Replica(
                index: replica.index, epoch: replica.epoch, site: replica.hold?.site, machine: machine,
                state: replica.machine?.state, change: replica.change)
        }
    }

    /// Wanted replicas that are at a site or may be there: what counts for the spread when another is planned.
    package var sites: [SiteID: Int] {
        self.replicas.filter(\.isWanted).compactMap { $0.hold?.site }
            .reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// The same without one replica, as if it were nowhere.
    package func sites(without index: Int) -> [SiteID: Int] {
        var sites = self.sites
        if let site = self.replicas[index].hold?.site {
            sites[site] = sites[site].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
        return sites
    }

    /// Whether a site is being looked for, for a wanted replica other than that with `index`.
    package func hasReplicaToPlace(besides index: Int? = nil) -> Bool {
        self.replicas.contains { $0.index != index && $0.isWanted && $0.phase == .planning }
    }

    /// Whether nothing is under way, be it to place a replica or to give one up.
    package var isSettled: Bool {
        switch self.state {
        case .placing, .removing: false
        case .placed, .failed, .removed: self.replicas.allSatisfy { $0.isWanted || $0.phase == .gone }
        }
    }
}

extension ReplicaPlacement {
    /// What is being done about it, as the workload shows it.
    fileprivate var change: Workload.Replica.Change? {
        if !self.isWanted { return .dropped }
        if self.isMoving { return .moving }
        if case .placed = self.phase { return nil }
        return self.addition != nil && self.isPlacedFirst ? .added : nil
    }
}
