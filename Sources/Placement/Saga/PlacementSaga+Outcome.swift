package import CloudModel

extension PlacementSaga {
    /// The state of the workload that follows from its replicas.
    package var state: Workload.State {
        let phases = self.replicas.map(\.phase)
        if self.isRemoving {
            let isGone = phases.allSatisfy { $0 == .gone } && !self.leavesSomethingBehind
            return isGone ? .removed : .removing
        }
        var isFailed = false
        for phase in phases {
            switch phase {
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
            case .doubting, .verifying, .withdrawing, .releasing, .deleting, .replacing:
                if let trouble = replica.trouble { reasons.append("replica \(replica.index): \(trouble)") }
            case .placed:
                // What stands in the way of a start, while the machine is down.
                guard let trouble = replica.trouble, let state = replica.machine?.state, state != .running
                else { break }
                reasons.append("replica \(replica.index): \(trouble)")
            case .planning, .reserving, .committing, .gone: break
            }
        }
        if self.isGang, self.replicas.contains(where: { $0.phase == .gone }), !self.isRemoving {
            reasons.append("all replicas were asked for or none: what was held elsewhere is given back")
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: ". ")
    }

    /// The replicas as the workload shows them.
    package var replicaStates: [Workload.Replica] {
        self.replicas.map { replica in
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
                state: replica.machine?.state)
        }
    }

    /// Replicas that are at a site or may be there: what counts for the spread when another is planned.
    package var sites: [SiteID: Int] {
        self.replicas.compactMap { $0.hold?.site }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// Every hold and machine that still needs the coordinator's attention is named by one of these.
    package var isSettled: Bool {
        switch self.state {
        case .placing, .removing: false
        case .placed, .failed, .removed: true
        }
    }
}
