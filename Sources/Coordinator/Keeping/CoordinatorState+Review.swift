import CloudModel
import Placement
import Storage

/// One look at all workloads that may need something.
extension CoordinatorState {
    /// What one review has done so far.
    private struct Round {
        let view: AllianceView
        var looks = 0
    }

    /// Does what is due now; the changes are to be stored and carried out.
    mutating func review(
        _ view: AllianceView, now: Instant, uptime: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> [Change] {
        let draining = Set(
            view.sites.filter { $0.description.isBeingEmptied && $0.reachability == .reachable }
                .map(\.description.site))
        var due: [(id: WorkloadID, circumstances: Circumstances)] = []
        for (id, placement) in self.placements {
            let circumstances = self.circumstances(
                of: placement, draining: draining, now: now, uptime: uptime)
            if self.keeper.isDue(placement.saga, under: circumstances) { due.append((id, circumstances)) }
        }
        due.sort { $0.id < $1.id }
        // Each review begins behind the last look of the one before, so that every workload has its turn.
        let last = self.lastLook
        let start = due.firstIndex { entry in last.map { $0 < entry.id } ?? true } ?? 0
        var round = Round(view: view)
        var changes: [Change] = []
        for (id, circumstances) in due[start...] + due[..<start] {
            guard let change = self.review(id, under: circumstances, in: &round, using: &generator) else {
                continue
            }
            changes.append(change)
        }
        return changes
    }

    private mutating func review(
        _ id: WorkloadID, under circumstances: Circumstances, in round: inout Round,
        using generator: inout some RandomNumberGenerator
    ) -> Change? {
        guard let placement = self.placements[id] else { return nil }
        let now = circumstances.now
        var circumstances = circumstances
        var found: (replica: Int, room: ReservationID)?
        if self.mayLook(for: id, now: now),
            let replica = self.keeper.firstToMove(
                in: placement.saga, placement.specification.keeping, under: circumstances)
        {
            // Not a word about what was not looked for: its turn comes in the next review.
            guard round.looks < Coordinator.looksPerReview else { return nil }
            if round.looks == 0 { self.learn(round.view, now: now) }
            round.looks += 1
            self.lastLook = id
            if let room = self.findRoom(for: replica, of: placement, now: now, using: &generator) {
                circumstances.placeable = [replica]
                found = (replica, room)
            } else {
                self.looked(for: id, now: now, pause: Coordinator.lookPause)
            }
        }
        let change = self.change(id, now: now, under: circumstances) { _ in [] }
        if let found { self.settle(found.replica, room: found.room, of: placement, now: now) }
        guard let change else { return nil }
        self.count(change.directives, of: placement.specification.resources, now: now)
        return change
    }

    /// Gives up the room that was found for a replica unless it has left for it; then it is not looked for at once
    /// again.
    private mutating func settle(
        _ replica: Int, room: ReservationID, of before: StoredPlacement, now: Instant
    ) {
        let after = self.placements[before.id]?.saga.replicas[replica]
        guard after?.isElsewhere(than: before.saga.replicas[replica]) != true else { return }
        self.withLedger { $0.ended(room) }
        self.looked(for: before.id, now: now, pause: Coordinator.lookPause)
    }

    /// What a decision about keeping a workload rests on.
    private mutating func circumstances(
        of placement: StoredPlacement, draining: Set<SiteID>, now: Instant, uptime: Duration
    ) -> Circumstances {
        var circumstances = Circumstances(now: now, draining: draining)
        self.judgeLeases(
            &circumstances, of: placement.saga, lease: placement.specification.keeping?.lease, at: uptime)
        return circumstances
    }
}
