package import CloudModel
import Cryptography
package import Operations
import Placement
import Storage
import Synchronization

/// More replicas, fewer, or one of them elsewhere; who may ask for that is for the callers to check.
extension Coordinator {
    /// Changes the number of replicas: new ones are placed where `near` says, or where the workload's own audience is
    /// if that is nil; those in `dropping` go first, then those without a machine and those placed last.
    ///
    /// Stored and under way when this returns; logged with `reason`. Asking for the number there is changes nothing. If
    /// some site for a new replica is missing nothing is changed, and the error says why.
    package func resize(
        _ id: WorkloadID, to count: Int, dropping: [Int] = [], near: Audience? = nil, because reason: String
    ) async throws(OperationError) -> Workload {
        try await self.resize(id, from: nil, to: count, dropping: dropping, near: near, because: reason)
    }

    /// The same, unless the number of replicas is no longer `expected`.
    func resize(
        _ id: WorkloadID, from expected: Int?, to count: Int, dropping: [Int] = [], near: Audience? = nil,
        because reason: String
    ) async throws(OperationError) -> Workload {
        let view = await self.sites.view()
        let (now, uptime) = (self.now(), self.uptime())
        let planner = Planner(rules: self.configuration.rules)
        var generator = SecureRandom()
        let outcome = self.state.withLock { state -> Result<Outcome, OperationError> in
            do throws(OperationError) {
                let placement = try Self.resizable(
                    id, from: expected, to: count, dropping: dropping, in: state)
                let more = count - placement.saga.wantedCount
                if more == 0 { return .success(.same(placement.workload)) }
                guard more > 0 else {
                    return .success(
                        Self.shrink(placement, by: -more, dropping: dropping, now: now, in: &state, reason))
                }
                state.learn(view, now: now)
                let rooms = state.setRoomAside(
                    beforeMoreOf: placement, view, now: now, uptime: uptime, using: &generator)
                defer { state.withLedger { ledger in rooms.forEach { ledger.ended($0) } } }
                return .success(
                    try Self.grow(
                        placement, by: more, near: near, now: now, planner, in: &state, using: &generator,
                        reason))
            } catch {
                return .failure(error)
            }
        }
        return try await self.settle(outcome)
    }

    /// Moves one replica away from where it is, in the way a drain does: without a lease its machine runs until the new
    /// one does, with a lease it is deleted first, if the minimum allows for that.
    ///
    /// `site` names the site wanted; should it refuse after all, the best of the others is asked, and if none takes it
    /// and its machine still runs it stays. Logged with `reason`. A replica that is there already stays.
    package func move(
        _ id: WorkloadID, replica: Int, to site: SiteID?, because reason: String
    ) async throws(OperationError) {
        try await self.move(id, replica: replica, to: site, for: .owner, because: reason)
    }

    /// The same for another cause.
    func move(
        _ id: WorkloadID, replica: Int, to site: SiteID?, for cause: MoveCause, because reason: String
    ) async throws(OperationError) {
        let view = await self.sites.view()
        let now = self.now()
        let planner = Planner(rules: self.configuration.rules)
        var generator = SecureRandom()
        let outcome = self.state.withLock { state -> Result<Outcome, OperationError> in
            do throws(OperationError) {
                guard let placement = state.placements[id] else { throw Self.unknown(id) }
                if let site, placement.saga.isPlaced(replica, at: site) {
                    return .success(.same(placement.workload))
                }
                // Here, as others may accept moves at the same time.
                if case .balance(let limit) = cause, state.movesOfTheLastHour(now: now) >= limit {
                    throw OperationError(
                        .tooMany, "not now: the \(limit) of this hour are used up",
                        next: "accept it once an hour has passed since the first of them")
                }
                state.learn(view, now: now)
                return .success(
                    try Self.move(
                        replica, of: placement, to: site, for: cause, now: now, planner, in: &state,
                        using: &generator, reason))
            } catch {
                return .failure(error)
            }
        }
        _ = try await self.settle(outcome)
    }

    private enum Outcome {
        case same(Workload)
        case changed(CoordinatorState.Change)
    }

    private func settle(
        _ outcome: Result<Outcome, OperationError>
    ) async throws(OperationError) -> Workload {
        switch outcome {
        case .failure(let error): throw error
        case .success(.same(let workload)): return workload
        case .success(.changed(let change)):
            await self.commit(change)
            return change.placement.workload
        }
    }

    private static func unknown(_ id: WorkloadID) -> OperationError {
        OperationError(
            .notFound, "there is no workload \(id)", next: "workload list shows those there are")
    }

    private static func resizable(
        _ id: WorkloadID, from expected: Int?, to count: Int, dropping: [Int], in state: CoordinatorState
    ) throws(OperationError) -> StoredPlacement {
        guard let placement = state.placements[id], placement.saga.state != .removed else {
            throw Self.unknown(id)
        }
        let name = placement.specification.name
        let range = SpecificationLimits.replicas
        guard range.contains(count) else {
            throw OperationError(
                .badRequest, "\(count) is not between \(range.lowerBound) and \(range.upperBound) replicas",
                next: "ask for a number between; workload remove ends a workload")
        }
        if let expected, placement.saga.wantedCount != expected {
            throw OperationError(
                .conflict, "somebody else has just resized \(name)", next: "look again and decide anew")
        }
        if let wrong = dropping.first(where: { index in
            !placement.saga.replicas.contains { $0.index == index && $0.isWanted }
        }) {
            throw OperationError(
                .badRequest, "\(name) has no replica \(wrong)", next: "workload show \(name) names them")
        }
        if let objection = placement.saga.objectionToResizing {
            throw OperationError(
                .conflict, "\(name) cannot be resized: \(objection)",
                next: "workload show \(name) says how it stands")
        }
        return placement
    }

    // MARK: Steps

    private static func shrink(
        _ placement: StoredPlacement, by count: Int, dropping: [Int], now: Instant,
        in state: inout CoordinatorState, _ reason: String
    ) -> Outcome {
        let leavers = placement.saga.leavers(count, first: dropping)
        let before = placement.saga.wantedCount
        let note = KeepingNote(
            .dropped, replica: leavers.count == 1 ? leavers.first : nil, site: nil,
            "shrinks from \(before) to \(before - count), without \(Self.names(leavers)): \(reason)")
        let change = state.change(placement.id, now: now, explained: [note]) { $0.drop(leavers) }
        return change.map(Outcome.changed) ?? .same(placement.workload)
    }

    private static func grow(
        _ placement: StoredPlacement, by count: Int, near: Audience?, now: Instant, _ planner: Planner,
        in state: inout CoordinatorState, using generator: inout some RandomNumberGenerator, _ reason: String
    ) throws(OperationError) -> Outcome {
        let request = state.growth(of: placement, by: count, near: near)
        let newcomers = request.replicas
        let before = placement.saga.wantedCount
        let sites = try Self.sites(for: request, now: now, planner, in: &state, using: &generator)
        let note = KeepingNote(
            .added, replica: newcomers.count == 1 ? newcomers.first : nil, site: nil,
            "grows from \(before) to \(before + count), by \(Self.names(newcomers)): \(reason)")
        let change = state.change(placement.id, now: now, explained: [note]) { saga in
            saga.grow(newcomers, near: near).flatMap { directive in
                guard case .plan(let replica, let turn) = directive, let site = sites[replica] else {
                    return [directive]
                }
                return saga.handle(.planned(site: site, turn: turn), replica: replica)
            }
        }
        guard let change else { return .same(placement.workload) }
        state.count(change.directives, of: request.specification.resources, now: now)
        return .changed(change)
    }

    private static func move(
        _ replica: Int, of placement: StoredPlacement, to site: SiteID?, for cause: MoveCause, now: Instant,
        _ planner: Planner, in state: inout CoordinatorState,
        using generator: inout some RandomNumberGenerator, _ reason: String
    ) throws(OperationError) -> Outcome {
        let name = placement.specification.name
        let wishes = placement.specification.keeping
        if let objection = placement.saga.objectionToMoving(replica, wishes) {
            throw OperationError(
                .conflict, "\(name)-\(replica) cannot be moved now: \(objection)",
                next: "workload show \(name) says how it stands")
        }
        let leaving = placement.saga.replicas[replica]
        var specification = placement.specification(of: leaving)
        if let audience = cause.audience { specification.audience = audience }
        var request = PlanRequest(
            specification: specification, replicas: [replica],
            placed: placement.saga.sites(without: replica), excluded: leaving.barred,
            neighbours: state.neighbours(of: specification, ownedBy: placement.owner))
        request = state.keptApart(request, ownedBy: placement.owner)
        request = state.bounded(request, for: replica, of: placement)
        if let site { request = request.limited(to: site) }
        let sites = try Self.sites(for: request, now: now, planner, in: &state, using: &generator)
        guard let old = leaving.hold?.site, let new = sites[replica] else {
            return .same(placement.workload)
        }
        let note = KeepingNote(
            .moving, replica: replica, site: old,
            "moves from \(old) to \(new): \(reason); \(PlacementSaga.wayOfLeaving(wishes))")
        // What was chosen here is asked first, and counts until then.
        let change = state.change(placement.id, now: now, explained: [note]) {
            $0.move(replica, to: new, near: cause.audience, wishes)
        }
        guard let change else { return .same(placement.workload) }
        if case .owner = cause { state.moves.excuse(change.events) }
        let room = placement.saga.reservationAfterMove(of: replica)
        state.withLedger { $0.asked(room, for: specification.resources, at: new, now: now) }
        return .changed(change)
    }

    /// A site for each replica of a request, or why there is none.
    private static func sites(
        for request: PlanRequest, now: Instant, _ planner: Planner, in state: inout CoordinatorState,
        using generator: inout some RandomNumberGenerator
    ) throws(OperationError) -> [Int: SiteID] {
        let choice: CoordinatorState.Choice
        do throws(SpecificationError) {
            choice = try state.choose(request, now: now, planner, using: &generator)
        } catch {
            throw Self.absurd(error)
        }
        switch choice {
        case .sites(let assignments):
            return Dictionary(
                assignments.map { ($0.replica, $0.site) }, uniquingKeysWith: { first, _ in first })
        case .nowhere(let plan): throw Self.refusal(plan)
        }
    }

    /// `replicas 1, 2 and 3`, or how many there are.
    private static func names(_ indices: [Int]) -> String {
        switch indices.count {
        case 1: return "replica \(indices[0])"
        case ...8: return "replicas " + indices.sorted().map(String.init).joined(separator: ", ")
        default: return "\(indices.count) replicas"
        }
    }
}
