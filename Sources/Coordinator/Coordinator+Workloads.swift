package import CloudModel
import Cryptography
import Logging
package import Operations
package import Placement
import Storage
import Synchronization

/// What users ask of a coordinator.
extension Coordinator {
    /// Where a workload of `owner` would go, and why; nothing is reserved.
    ///
    /// Just after a start, sites that have not been heard yet are waited for if it needs one of them.
    package func plan(
        _ specification: WorkloadSpecification, for owner: String
    ) async throws(OperationError) -> Plan {
        var looks = 0
        while true {
            let plan = try await self.planNow(specification, for: owner)
            guard await self.waitsForFirstReports(plan, &looks) else { return plan }
        }
    }

    private func planNow(
        _ specification: WorkloadSpecification, for owner: String
    ) async throws(OperationError) -> Plan {
        let view = await self.sites.view()
        let now = self.now()
        let (snapshot, request) = try self.state.withLock { state throws(OperationError) in
            try state.requireLoaded()
            state.learn(view, now: now)
            return (state.snapshot(now: now), state.request(for: specification, ownedBy: owner))
        }
        do throws(SpecificationError) {
            return try Planner(rules: self.configuration.rules)
                .plan(request, over: snapshot)
        } catch {
            throw Self.absurd(error)
        }
    }

    static func absurd(_ error: SpecificationError) -> OperationError {
        OperationError(
            .badRequest, "the workload cannot be placed anywhere: \(error)",
            next: "change what is named and ask again")
    }

    /// Takes on a workload: planned, stored, and under way to its sites when this returns.
    ///
    /// The same owner asking again with the same key and content gets the workload of the first time; with another
    /// content it is refused. If no site can take some replica, nothing is kept and the error says why. Just after a
    /// start, sites that have not been heard yet are waited for first.
    package func place(
        _ specification: WorkloadSpecification, owner: String, idempotencyKey: String?
    ) async throws(OperationError) -> Workload {
        var looks = 0
        while true {
            let admission = try await self.admit(
                specification, owner: owner, idempotencyKey: idempotencyKey, at: nil)
            switch admission {
            case .taken(let workload): return workload
            case .nowhere(let plan):
                guard await self.waitsForFirstReports(plan, &looks) else { throw Self.refusal(plan) }
            }
        }
    }

    /// What became of a workload that somebody asked for.
    enum Admission {
        case taken(Workload)
        /// No site can take some replica: what speaks against which site.
        case nowhere(Plan)
    }

    /// The same, with the plan if there is no site; `sites` are those chosen for it already, if so.
    func admit(
        _ specification: WorkloadSpecification, owner: String, idempotencyKey: String?,
        at sites: [Plan.Assignment]?
    ) async throws(OperationError) -> Admission {
        let view = await self.sites.view()
        let now = self.now()
        let uptime = self.uptime()
        let planner = Planner(rules: self.configuration.rules)
        let forgetting = self.forgetting()
        var generator = SecureRandom()
        let id = WorkloadID(randomUsing: &generator)
        let outcome = self.state.withLock { state -> Result<Admitted, OperationError> in
            do throws(OperationError) {
                // What is too old to be remembered is no answer to a key, here as on disk.
                state.forget(
                    removedBefore: forgetting, keeping: self.configuration.removedLimit)
                if let idempotencyKey, let known = state.workload(owner: owner, key: idempotencyKey) {
                    return .success(.known(try Self.repeated(known, specification, key: idempotencyKey)))
                }
                try Self.admit(specification, to: state, limit: self.configuration.workloadLimit)
                state.learn(view, now: now)
                let rooms = state.setRoomAside(
                    before: specification.priority, view, now: now, uptime: uptime, using: &generator)
                defer { state.withLedger { ledger in rooms.forEach { ledger.ended($0) } } }
                let assignments: [Plan.Assignment]
                if let sites {
                    assignments = sites
                } else {
                    let choice = try Self.choose(
                        specification, for: owner, now: now, planner, in: &state, using: &generator)
                    switch choice {
                    case .sites(let chosen): assignments = chosen
                    case .nowhere(let plan): return .success(.nowhere(plan))
                    }
                }
                return .success(
                    .new(
                        Self.begin(
                            specification, id: id, owner: owner, key: idempotencyKey, now: now, in: &state,
                            at: assignments)))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .failure(let error): throw error
        case .success(.known(let workload)): return .taken(workload)
        case .success(.nowhere(let plan)): return .nowhere(plan)
        case .success(.new(let change)):
            try await self.insert(change, forgetting: forgetting)
            return .taken(change.placement.workload)
        }
    }

    private enum Admitted {
        case known(Workload)
        case new(CoordinatorState.Change)
        case nowhere(Plan)
    }

    private static func repeated(
        _ known: StoredPlacement, _ specification: WorkloadSpecification, key: String
    ) throws(OperationError) -> Workload {
        guard known.asked == specification else { throw OperationError.reused(key: key) }
        return known.workload
    }

    private static func admit(
        _ specification: WorkloadSpecification, to state: CoordinatorState, limit: Int
    ) throws(OperationError) {
        try state.requireLoaded()
        guard state.liveCount < limit else {
            throw OperationError(
                .tooMany, "the coordinator keeps \(limit) workloads and takes no more",
                next: "remove some first, and ask again once they are gone")
        }
        if let other = state.workload(named: specification.name), other.saga.state != .removed {
            throw OperationError(
                .conflict, "there is a workload \(specification.name) already (\(other.id))",
                next: "choose another name, or remove it first")
        }
    }

    /// A site for each replica, or why there is none.
    private static func choose(
        _ specification: WorkloadSpecification, for owner: String, now: Instant, _ planner: Planner,
        in state: inout CoordinatorState, using generator: inout some RandomNumberGenerator
    ) throws(OperationError) -> CoordinatorState.Choice {
        let request = state.request(for: specification, ownedBy: owner)
        do throws(SpecificationError) {
            return try state.choose(request, now: now, planner, using: &generator)
        } catch {
            throw Self.absurd(error)
        }
    }

    static func refusal(_ plan: Plan) -> OperationError {
        OperationError(
            .refused, plan.refusal,
            next: "ask for less, or drop a constraint: workload plan shows what would do")
    }

    /// Starts the saga with the planned sites, all in one change.
    private static func begin(
        _ specification: WorkloadSpecification, id: WorkloadID, owner: String, key: String?, now: Instant,
        in state: inout CoordinatorState, at assignments: [Plan.Assignment]
    ) -> CoordinatorState.Change {
        var saga = PlacementSaga(
            workload: id, replicas: specification.replicas, isGang: specification.gang == true)
        let sites = Dictionary(
            assignments.map { ($0.replica, $0.site) }, uniquingKeysWith: { first, _ in first })
        var directives: [PlacementSaga.Directive] = []
        for directive in saga.resume() {
            guard case .plan(let replica, let turn) = directive, let site = sites[replica]
            else { continue }
            directives += saga.handle(.planned(site: site, turn: turn), replica: replica)
        }
        let placement = StoredPlacement(
            owner: owner, idempotencyKey: key, specification: specification, created: now, changed: now,
            saga: saga, revision: 1)
        state.add(placement)
        state.count(directives, of: specification.resources, now: now)
        return CoordinatorState.Change(placement: placement, replicas: [], directives: directives)
    }

    private func insert(
        _ change: CoordinatorState.Change, forgetting: Instant
    ) async throws(OperationError) {
        let forgotten = self.state.withLock(\.forgotten)
        do {
            try await self.store.insert(
                change.placement, forgettingRemovedBefore: forgetting, and: forgotten)
            self.state.withLock { $0.erased(forgotten) }
        } catch {
            self.state.withLock { state in
                for case .reserve(_, let hold, _) in change.directives {
                    state.withLedger { $0.ended(hold.reservation) }
                }
                state.drop(change.placement.id)
            }
            self.logger.error("workload not stored", metadata: ["error": "\(error)"])
            throw OperationError(
                .unavailable, "the workload could not be stored",
                next: "ask again once the coordinator's disk is in order")
        }
        self.follow(change)
    }

    /// The workload of that id or name; only the owner's own unless `scope` reaches further.
    ///
    /// Unavailable until what was stored has been read.
    package func workload(
        _ text: String, for owner: String, scope: Grant.Scope
    ) throws(OperationError) -> Workload {
        let found = try self.state.withLock { state throws(OperationError) in
            try state.requireLoaded()
            return state.workload(named: text)
        }
        guard let found, scope == .site || found.owner == owner else {
            throw OperationError(
                .notFound, "there is no workload \(text.quoted)", next: "workload list shows those there are")
        }
        return found.workload
    }

    /// All workloads that are not removed, the oldest first.
    package func workloads(for owner: String, scope: Grant.Scope) -> [Workload] {
        self.state.withLock { Array($0.placements.values) }
            .filter { $0.saga.state != .removed && (scope == .site || $0.owner == owner) }
            .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
            .map { placement in
                var workload = placement.workload
                workload.events = nil
                return workload
            }
    }

    /// Begins to delete a workload and all it holds.
    package func remove(_ id: WorkloadID) async {
        let change = self.state.withLock { state in
            state.change(id, now: self.now()) { $0.remove() }
        }
        if let change { await self.commit(change) }
    }
}
