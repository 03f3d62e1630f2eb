package import CloudModel
import Cryptography
package import Operations
package import Placement
package import Storage
import Synchronization

/// What users ask about applications.
extension Coordinator {
    /// What applying a document would change, with the plan of each part that would be placed; nothing is changed.
    ///
    /// One at a time: it keeps a processor busy, for a while where there are many sites and replicas.
    package func plan(
        _ specification: ApplicationSpecification, for owner: String, scope: Grant.Scope
    ) async throws(OperationError) -> ApplicationPlan {
        try Self.check(specification)
        return try await self.inTurn(of: owner, among: \.planning, asking: "a plan") {
            () async throws(OperationError) in
            try await self.makePlan(specification, for: owner, scope: scope)
        }
    }

    private func makePlan(
        _ specification: ApplicationSpecification, for owner: String, scope: Grant.Scope
    ) async throws(OperationError) -> ApplicationPlan {
        let view = await self.sites.view()
        let now = self.now()
        var generator = SecureRandom()
        let id = ApplicationID(randomUsing: &generator)
        let draft = try self.state.withLock { state throws(OperationError) in
            try state.requireLoaded()
            let known = try Self.known(specification.name, for: owner, scope: scope, in: state)
            state.learn(view, now: now)
            return ApplicationDraft(
                specification, of: known, for: known?.owner ?? owner, as: id, over: &state, now: now)
        }
        let plan: ApplicationPlan
        do throws(SpecificationError) {
            plan = try draft.plan(
                with: Planner(rules: self.configuration.rules), unless: { Task.isCancelled })
        } catch {
            throw Self.absurd(error)
        }
        guard !Task.isCancelled else {
            throw OperationError(.cancelled, "nobody waits for the plan any longer")
        }
        return plan
    }

    /// Wants what a document says from now on; stored when this returns.
    ///
    /// The same document again changes nothing but what was refused, or was removed by hand: that is tried again.
    /// Unless `mayDestroy` says so, nothing is done if some machine would be deleted for it.
    package func apply(
        _ specification: ApplicationSpecification, for owner: String, scope: Grant.Scope, mayDestroy: Bool
    ) async throws(OperationError) -> ApplicationID {
        try Self.check(specification)
        var generator = SecureRandom()
        let id = ApplicationID(randomUsing: &generator)
        let now = self.now()
        let application = try self.state.withLock { state throws(OperationError) in
            try state.requireLoaded()
            let known = try Self.known(specification.name, for: owner, scope: scope, in: state)
            let limit = self.configuration.applicationLimit
            guard known != nil || state.applications.applications.count < limit else {
                throw OperationError(
                    .tooMany, "the coordinator keeps \(limit) applications and takes no more",
                    next: "remove some first")
            }
            guard known?.saga.phase != .removing else {
                throw OperationError(
                    .conflict, "\(specification.name) is being removed",
                    next: "apply it again once application list does not show it any more")
            }
            let application =
                known
                ?? StoredApplication(
                    owner: owner, created: now, saga: ApplicationSaga(id: id, name: specification.name),
                    revision: 0)
            if !mayDestroy { try Self.checkLosses(specification, of: application, in: state) }
            return state.apply(specification, to: application)
        }
        try await self.settle(application)
        return application.id
    }

    private static func checkLosses(
        _ specification: ApplicationSpecification, of application: StoredApplication,
        in state: CoordinatorState
    ) throws(OperationError) {
        let changes = application.saga.changes(to: specification, over: state.parts(of: application.id))
        let losses = changes.filter(\.destroys).map { change in
            "\(change.part) (\(change.kind == .unchanged ? "its replacement" : change.kind.rawValue))"
        }
        guard !losses.isEmpty else { return }
        throw OperationError(
            .unconfirmed,
            "applying it deletes machines with what is on their disks: \(losses.joined(separator: ", "))",
            next: "application plan shows all of it; add destroy=yes to do it")
    }

    /// Gives up what does not run, or begins to remove all of it.
    package func change(
        _ application: StoredApplication, _ change: (inout ApplicationSaga, [Workload]) -> Void
    ) async throws(OperationError) {
        let changed = self.state.withLock { state in
            state.change(application.id, change)
            return state.applications.applications[application.id]
        }
        if let changed { try await self.settle(changed) }
    }

    /// Stores what is wanted, and has it done.
    private func settle(_ application: StoredApplication) async throws(OperationError) {
        let isStored = await self.store(application)
        self.applicationNudge.yield()
        guard isStored else {
            throw OperationError(
                .unavailable, "what is wanted of \(application.saga.name) could not be stored yet",
                next: "look again once the coordinator's disk is in order: application show")
        }
    }

    /// The application of that id or name; only the owner's own unless `scope` reaches further.
    package func application(
        _ text: String, for owner: String, scope: Grant.Scope
    ) throws(OperationError) -> StoredApplication {
        let found = try self.state.withLock { state throws(OperationError) in
            try state.requireLoaded()
            return state.applications.application(named: text)
        }
        guard let found, scope == .site || found.owner == owner else {
            throw OperationError(
                .notFound, "there is no application \(text.quoted)",
                next: "application list shows those there are")
        }
        return found
    }

    /// All applications, the oldest first.
    package func applications(for owner: String, scope: Grant.Scope) -> [Application] {
        self.state.withLock { state in
            state.applications.applications.values.filter { scope == .site || $0.owner == owner }
                .sorted { ($0.created, $0.id) < ($1.created, $1.id) }
                .map { state.report(on: $0) }
        }
    }

    private static func known(
        _ name: String, for owner: String, scope: Grant.Scope, in state: CoordinatorState
    ) throws(OperationError) -> StoredApplication? {
        let known = state.applications.application(named: name)
        guard let known, scope == .own, known.owner != owner else { return known }
        throw OperationError(
            .conflict, "there is an application \(name) already", next: "choose another name")
    }

    /// What does not depend on any site, told with the part that it concerns.
    private static func check(_ specification: ApplicationSpecification) throws(OperationError) {
        var generator = SecureRandom()
        let id = ApplicationID(randomUsing: &generator)
        for part in specification.parts {
            do throws(SpecificationError) {
                try specification.workload(of: part, as: id, generation: 1).validate()
            } catch {
                throw OperationError(
                    .badRequest, "parts.\(part.name) cannot be placed anywhere: \(error)",
                    next: "change what is named and apply the document again")
            }
        }
    }
}

extension CoordinatorState {
    /// Takes in a document for a new application or one that is there.
    fileprivate mutating func apply(
        _ specification: ApplicationSpecification, to application: StoredApplication
    ) -> StoredApplication {
        var changed = application
        changed.saga.apply(specification, over: self.parts(of: application.id))
        self.applications.wake(application.id)
        if changed.saga != application.saga { self.applications.keep(changed) }
        return self.applications.applications[application.id] ?? changed
    }
}
