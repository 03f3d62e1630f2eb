import CloudModel
import Operations
import Placement
import Storage

/// What is lost with a site that is gone for good.
extension CoordinatorState {
    /// A workload that has lost what it had at a site: the change, and what to tell of it.
    struct Loss {
        let change: Change
        let lines: [GoneSiteReport.Line]
    }

    /// Workloads that have something at `site`, or may have; the oldest first.
    func workloads(at site: SiteID) -> [WorkloadID] {
        self.placements.values.filter { $0.saga.mayBe(at: site) }
            .sorted { ($0.created, $0.id) < ($1.created, $1.id) }.map(\.id)
    }

    /// Nil if the workload has nothing there any more.
    mutating func writeOff(
        _ site: SiteID, of id: WorkloadID, because reason: String, now: Instant
    ) -> Loss? {
        guard let placement = self.placements[id] else { return nil }
        var saga = placement.saga
        let (directives, losses) = saga.writeOff(site, because: reason)
        let notes = losses.compactMap { $0.note(at: site, because: reason) }
        let change = self.change(id, now: now, explained: notes) {
            $0 = saga
            return directives
        }
        guard let change else { return nil }
        let lines = losses.map { loss in
            GoneSiteReport.Line(
                workload: placement.specification.name, owner: placement.owner, replica: loss.replica,
                outcome: loss.outcome)
        }
        return Loss(change: change, lines: lines)
    }

    /// A conflict if the lease of some replica of these at `site` may not be over yet; one that was never counted
    /// counts from now on.
    mutating func requireLapsed(
        at site: SiteID, _ workloads: [WorkloadID], uptime: Duration
    ) throws(OperationError) {
        for placement in workloads.compactMap({ self.placements[$0] }) {
            guard let lease = placement.specification.keeping?.lease, !placement.saga.isRemoving else {
                continue
            }
            for replica in placement.saga.mayRunLeased(at: site) {
                self.leases.notice(replica, at: uptime)
                guard !self.leases.isLapsed(replica, lease: lease, at: uptime) else { continue }
                let name = "\(placement.specification.name)-\(replica.index)"
                throw OperationError(
                    .conflict, "\(site) may not be gone: the lease of \(name) there is not over yet",
                    next: "ask again once it is over, and nothing has been heard of \(site) until then")
            }
        }
    }
}
