import CloudModel
import Cryptography
import Placement
import Storage
import Synchronization

/// Parts that sites were found for and that all of these then refused.
extension Coordinator {
    /// What it means for a part that every site has refused it: that it waits, or has waited for too long.
    func refusal(
        of part: String, _ workload: WorkloadID, in application: StoredApplication
    ) -> ApplicationSaga.Event? {
        guard let member = application.saga[part: part] else { return nil }
        let reason = self.state.withLock { $0.placements[workload]?.saga.reason } ?? "no site takes it"
        return self.mayWait(part, of: application)
            ? .postponed(part: part, generation: member.generation, reason: reason, at: self.now())
            : .refused(part: part, generation: member.generation, reason: reason)
    }

    /// Asks sites again for the replicas of a part that none has taken; whether there are such.
    func retry(_ workload: WorkloadID) async -> Bool {
        let view = await self.sites.view()
        let (now, uptime) = (self.now(), self.uptime())
        let planner = Planner(rules: self.configuration.rules)
        var generator = SecureRandom()
        let change = self.state.withLock { state -> CoordinatorState.Change? in
            guard let placement = state.placements[workload] else { return nil }
            state.learn(view, now: now)
            let rooms = state.setRoomAside(
                beforeMoreOf: placement, view, now: now, uptime: uptime, using: &generator)
            defer { state.withLedger { ledger in rooms.forEach { ledger.ended($0) } } }
            return state.retry(placement, now: now, planner, using: &generator)
        }
        guard let change else { return false }
        await self.commit(change)
        return true
    }
}

extension CoordinatorState {
    /// Looks for sites for the replicas that none has taken; nil if there are no such.
    fileprivate mutating func retry(
        _ placement: StoredPlacement, now: Instant, _ planner: Planner,
        using generator: inout some RandomNumberGenerator
    ) -> Change? {
        // Tried on a copy, so that each choice knows those before it.
        var trial = placement
        let due = trial.saga.retry()
        guard !due.isEmpty else { return nil }
        var directives: [PlacementSaga.Directive] = []
        for directive in due {
            guard case .plan(let replica, let turn) = directive else {
                directives.append(directive)
                continue
            }
            let event = self.search(
                for: replica, of: trial, turn: turn, now: now, planner, using: &generator)
            let requests = trial.saga.handle(event, replica: replica)
            self.count(requests, of: placement.specification.resources, now: now)
            directives += requests
        }
        let saga = trial.saga
        directives = self.dropStale(directives, of: saga)
        return self.change(placement.id, now: now) {
            $0 = saga
            return directives
        }
    }

    /// Without the requests for holds that a gang has given up again: one of its replicas found no site.
    private mutating func dropStale(
        _ directives: [PlacementSaga.Directive], of saga: PlacementSaga
    ) -> [PlacementSaga.Directive] {
        directives.filter { directive in
            guard case .reserve(let replica, let hold, let turn) = directive,
                saga.replicas[replica].turn != turn
            else { return true }
            self.withLedger { $0.ended(hold.reservation) }
            return false
        }
    }
}
