package import CloudModel
package import Federation
import Placement
import Storage
import Synchronization

extension Coordinator {
    /// Answers a site that asks for the leases of the machines it runs for this coordinator.
    ///
    /// A lease counts as renewed from before the answer is sent, whether it arrives or not. That an epoch is over is
    /// said only once the next one is on disk: the machine is deleted for that.
    package func renew(_ request: LeaseRequest, from site: SiteID) -> LeaseAnswer {
        self.state.withLock { state in
            let uptime = self.uptime()
            var granted: [MachineID] = []
            var over: [MachineID] = []
            for lease in request.leases {
                guard let placement = state.placements[lease.replica.workload] else { continue }
                switch placement.saga.lease(of: lease.machine, as: lease.replica, at: site) {
                case .granted:
                    state.leases.grant(lease.replica, at: uptime)
                    granted.append(lease.machine)
                case .over:
                    if state.isStored(lease.replica.workload) { over.append(lease.machine) }
                case .silent: continue
                }
            }
            return LeaseAnswer(granted: granted, over: over)
        }
    }
}

extension CoordinatorState {
    /// Fills in how the leases of a workload stand.
    mutating func judgeLeases(
        _ circumstances: inout Circumstances, of saga: PlacementSaga, lease: Duration?, at uptime: Duration
    ) {
        guard let lease, !saga.isRemoving else { return }
        for replica in saga.leased {
            self.leases.notice(replica, at: uptime)
            if self.leases.isLapsed(replica, lease: lease, at: uptime) {
                circumstances.lapsed.insert(replica.index)
            }
            if self.leases.isFresh(replica, lease: lease, at: uptime) {
                circumstances.leased.insert(replica.index)
            }
        }
    }
}
