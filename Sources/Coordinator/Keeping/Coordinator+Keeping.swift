import CloudModel
import Cryptography
import Placement
import Storage
import Synchronization

/// Keeping workloads at their replicas.
extension Coordinator {
    /// Plans that are made in one review to find other sites for replicas that must move.
    static let looksPerReview = 20
    /// How long to wait before another site is looked for again, if there was none.
    static let lookPause = Duration.seconds(15)

    /// Reviews what is due, again and again, until cancelled.
    func keep() async {
        while !Task.isCancelled {
            await self.review()
            await self.followUsersIfDue()
            do {
                try await self.pause(self.configuration.keepInterval)
            } catch {
                return
            }
        }
    }

    /// Looks once at every workload that may need something.
    package func review() async {
        let view = await self.sites.view()
        let now = self.now()
        let uptime = self.uptime()
        var generator = SecureRandom()
        let changes = self.state.withLock { state in
            state.review(view, now: now, uptime: uptime, using: &generator)
        }
        for change in changes { await self.commit(change) }
        self.state.withLock { $0.applications.makeAllDue() }
        self.applicationNudge.yield()
    }

    /// The replica as its site knows it.
    func reference(_ workload: WorkloadID, replica: Int) -> ReplicaReference? {
        self.state.withLock { state in
            guard let placement = state.placements[workload],
                placement.saga.replicas.indices.contains(replica)
            else { return nil }
            return ReplicaReference(
                workload: workload, index: replica, epoch: placement.saga.replicas[replica].epoch)
        }
    }
}
