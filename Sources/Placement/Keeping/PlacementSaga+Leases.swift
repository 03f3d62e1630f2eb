package import CloudModel

/// What a coordinator answers when a site asks for the lease of a machine.
extension PlacementSaga {
    package enum LeaseVerdict: Hashable, Sendable {
        case granted
        /// The replica was placed anew, or is no longer wanted: the machine is to be deleted.
        case over
        /// Neither: the lease is not renewed, and nothing is said about the machine.
        case silent
    }

    /// The verdict for a machine that its site says embodies `replica`.
    package func lease(of machine: MachineID, as reference: ReplicaReference, at site: SiteID) -> LeaseVerdict
    {
        guard reference.workload == self.workload, self.replicas.indices.contains(reference.index) else {
            return .silent
        }
        let replica = self.replicas[reference.index]
        if reference.epoch < replica.epoch {
            // One that leaves a drained site still has its work to do.
            let predecessor = replica.keeping?.predecessor
            return predecessor?.machine == machine && predecessor?.hold.site == site ? .granted : .over
        }
        guard reference.epoch == replica.epoch else { return .silent }
        switch replica.phase {
        case .committing(let hold, _), .verifying(let hold, _): return hold.site == site ? .granted : .silent
        case .placed(let hold, machine): return hold.site == site ? .granted : .silent
        case .gone: return .over
        case .planning, .reserving, .doubting, .withdrawing, .placed, .replacing, .releasing, .deleting,
            .exhausted:
            return .silent
        }
    }

    /// Replicas of which something may run under a lease.
    package var leased: [ReplicaReference] {
        self.replicas.compactMap { replica in
            switch replica.phase {
            case .committing, .verifying, .placed, .replacing:
                ReplicaReference(workload: self.workload, index: replica.index, epoch: replica.epoch)
            case .planning, .reserving, .doubting, .withdrawing, .releasing, .deleting, .exhausted, .gone: nil
            }
        }
    }
}
