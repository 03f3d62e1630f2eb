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
        let draining = Set(
            view.sites.filter { $0.description.policy == .draining && $0.reachability == .reachable }
                .map(\.description.site))
        let changes = self.state.withLock { state -> [CoordinatorState.Change] in
            var changes: [CoordinatorState.Change] = []
            var looks = 0
            for (id, placement) in state.placements {
                var circumstances = state.circumstances(
                    of: placement, draining: draining, now: now, uptime: uptime)
                guard state.keeper.isDue(placement.saga, under: circumstances) else { continue }
                if state.mayLook(for: id, now: now), let replica = Self.moving(in: placement, circumstances) {
                    // Not a word about what was not looked for: its turn comes in the next review.
                    guard looks < Self.looksPerReview else { continue }
                    if looks == 0 { state.learn(view, now: now) }
                    looks += 1
                    if state.canMove(replica, of: placement, now: now, using: &generator) {
                        circumstances.placeable = [replica]
                    } else {
                        state.looked(for: id, now: now, pause: Self.lookPause)
                    }
                }
                guard let change = state.change(id, now: now, under: circumstances, { _ in [] }) else {
                    continue
                }
                state.count(change.directives, of: placement.specification.resources, now: now)
                changes.append(change)
            }
            return changes
        }
        for change in changes { await self.commit(change) }
    }

    /// The first replica that has to leave its site; of those whose site drains, only once no other is on its way.
    private static func moving(in placement: StoredPlacement, _ circumstances: Circumstances) -> Int? {
        let isMoving = placement.saga.isMoving
        return placement.saga.replicas.first { replica in
            guard case .placed(let hold, _) = replica.phase else { return false }
            return circumstances.lapsed.contains(replica.index)
                || !isMoving && circumstances.draining.contains(hold.site)
        }?.index
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

extension CoordinatorState {
    /// What a decision about keeping a workload rests on.
    mutating func circumstances(
        of placement: StoredPlacement, draining: Set<SiteID>, now: Instant, uptime: Duration
    ) -> Circumstances {
        var circumstances = Circumstances(now: now, draining: draining)
        self.judgeLeases(
            &circumstances, of: placement.saga, lease: placement.specification.keeping?.lease, at: uptime)
        return circumstances
    }
}
