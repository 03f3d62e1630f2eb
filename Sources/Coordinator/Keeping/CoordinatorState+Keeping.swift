import CloudModel
import Placement
import Storage

extension CoordinatorState {
    /// Reviews a workload that has changed, and writes into its log what happened to it and what is done about it.
    mutating func keep(
        _ placement: inout StoredPlacement, since before: PlacementSaga, _ circumstances: Circumstances,
        _ directives: inout [PlacementSaga.Directive]
    ) -> [WorkloadEvent] {
        var notes = placement.saga.narrate(since: before)
        notes += self.brokenBounds(of: placement, since: before)
        let changed = placement.saga
        let review = self.keeper.review(
            &placement.saga, placement.specification.keeping, under: circumstances)
        notes += review.notes + placement.saga.narrate(since: changed)
        directives += review.directives
        return placement.log(notes, at: circumstances.now)
    }

    /// The next time at which another site may be looked for in vain.
    mutating func looked(for id: WorkloadID, now: Instant, pause: Duration) {
        self.looks[id] = now.advanced(by: pause)
    }

    /// Whether a plan may be made to find another site for replicas of `id`.
    func mayLook(for id: WorkloadID, now: Instant) -> Bool {
        guard let next = self.looks[id] else { return true }
        // A clock that was set back must not keep it from being looked for.
        return next <= now || now.duration(to: next) > Coordinator.lookPause
    }
}
