import CloudModel
import Cryptography
import Logging
import Operations
import Placement
import Storage
import Synchronization

/// Bringing applications to what their documents say.
extension Coordinator {
    /// Rounds of one look: each does something, or is the last.
    private static let roundLimit = 4 * ApplicationSpecification.partLimit

    /// Looks at applications whenever something about them has changed, until cancelled.
    func advanceApplications() async {
        for await _ in self.applicationNews {
            await self.advanceDueApplications()
        }
    }

    /// Looks once at every application that is to be looked at.
    package func advanceDueApplications() async {
        for id in self.state.withLock({ $0.applications.takeDue() }) { await self.advance(id) }
    }

    /// Does what is due of one application; what cannot be done now is tried again in the next review.
    private func advance(_ id: ApplicationID) async {
        defer { self.tellWatchers(of: id) }
        for _ in 0..<Self.roundLimit {
            guard let step = self.state.withLock({ $0.advance(id) }) else { return }
            guard await self.store(step.application) else { return }
            if step.isGone { return await self.forget(id) }
            var hasProgressed = false
            for directive in step.directives where !hasProgressed {
                // What has changed meanwhile, by an event or by another document, calls for another look.
                guard self.isCurrent(step.application) else {
                    hasProgressed = true
                    continue
                }
                hasProgressed = await self.carryOut(directive, of: step.application)
            }
            guard hasProgressed else { return }
        }
    }

    /// Writes an application unless it is on disk as it is; whether it is there now.
    func store(_ application: StoredApplication) async -> Bool {
        guard self.state.withLock({ !$0.applications.isStored(application.id) }) else { return true }
        do {
            try await self.store.applications.save(application)
            self.state.withLock { $0.applications.stored(application) }
            return true
        } catch {
            self.logger.error(
                "application not stored, will try again",
                metadata: ["application": "\(application.id)", "error": "\(error)"])
            return false
        }
    }

    private func forget(_ id: ApplicationID) async {
        do {
            try await self.store.applications.delete(id)
            self.state.withLock { $0.applications.drop(id) }
        } catch {
            self.logger.error(
                "application not forgotten, will try again",
                metadata: ["application": "\(id)", "error": "\(error)"])
        }
    }

    private func tellWatchers(of id: ApplicationID) {
        for watcher in self.state.withLock({ $0.applications.watchers(of: id) }) { watcher.yield() }
    }

    private func isCurrent(_ application: StoredApplication) -> Bool {
        self.state.withLock { state in
            state.applications.applications[application.id]?.revision == application.revision
        }
    }

    private func isResting(_ part: String, of id: ApplicationID, at now: Instant) -> Bool {
        self.state.withLock { $0.applications.isResting(id, part: part, at: now) }
    }

    /// Whether a part has not been looked after of late; from now on it has.
    private func beginLook(for part: String, of id: ApplicationID, at now: Instant) -> Bool {
        self.state.withLock { state in
            guard !state.applications.isResting(id, part: part, at: now) else { return false }
            state.applications.rest(id, part: part, until: now.advanced(by: Self.lookPause))
            return true
        }
    }

    /// Begins to delete a workload unless something else is wanted of its application by now.
    private func remove(_ workload: WorkloadID, of application: StoredApplication) async {
        let change = self.state.withLock { state -> CoordinatorState.Change? in
            guard state.applications.applications[application.id]?.revision == application.revision else {
                return nil
            }
            return state.change(workload, now: self.now()) { $0.remove() }
        }
        if let change { await self.commit(change) }
    }

    /// Does one thing; whether it came to something, good or bad.
    private func carryOut(
        _ directive: ApplicationSaga.Directive, of application: StoredApplication
    ) async -> Bool {
        let event: ApplicationSaga.Event?
        let now = self.now()
        switch directive {
        case .remove(let workload):
            await self.remove(workload, of: application)
            return true
        case .resize(let part, let workload, let count):
            // Should no site take what is added, it is not asked for again at once.
            guard self.beginLook(for: part, of: application.id, at: now) else { return false }
            event = await self.resize(part, workload, to: count, of: application)
        case .retry(let part, let workload):
            guard self.beginLook(for: part, of: application.id, at: now) else { return false }
            let isFirst = application.saga[part: part]?.wait == nil
            event = self.refusal(of: part, workload, in: application)
            if !isFirst, case .postponed = event { return await self.retry(workload) }
        case .place(let part, let generation):
            if self.isResting(part, of: application.id, at: now) { return false }
            event = await self.place(part, generation, of: application)
        }
        guard let event else { return false }
        let uptime = self.uptime()
        return self.state.withLock { state in
            state.change(application.id) { saga, _ in saga.handle(event) }
            state.applications.noteWaits(of: application.id, at: uptime)
            switch event {
            case .placed, .refused, .resized, .resizeRefused: return true
            case .postponed(let part, _, _, _):
                state.applications.rest(application.id, part: part, until: now.advanced(by: Self.lookPause))
                return false
            }
        }
    }

    /// Nil if it is to be tried again.
    private func resize(
        _ part: String, _ workload: WorkloadID, to count: Int, of application: StoredApplication
    ) async -> ApplicationSaga.Event? {
        let mayWait = self.mayWait(part, of: application)
        // Taken on again and again, and refused by every site each time.
        if let member = application.saga[part: part], member.hasFallenBack, let wait = member.wait, !mayWait {
            return .resizeRefused(part: part, to: count, reason: wait.reason)
        }
        do throws(OperationError) {
            _ = try await self.resize(
                workload, to: count, because: "\(application.saga.name) was applied with \(count) replicas")
            return .resized(part: part, to: count, at: self.now())
        } catch {
            if error.isPassing { return nil }
            // A conflict is with what is being done about the workload now.
            if error.code == .refused || error.code == .conflict, mayWait {
                let generation = application.saga[part: part]?.generation ?? 1
                return .postponed(
                    part: part, generation: generation, reason: error.sentence, at: self.now())
            }
            return .resizeRefused(part: part, to: count, reason: error.sentence)
        }
    }

    /// Nil if it is to be tried again.
    private func place(
        _ part: String, _ generation: Int, of application: StoredApplication
    ) async -> ApplicationSaga.Event? {
        guard let specification = application.saga.workload(of: part, generation: generation) else {
            return nil
        }
        let ticket = application.saga[part: part]?.ticket ?? 0
        do throws(OperationError) {
            let sites: [Plan.Assignment]?
            switch try await self.jointSites(for: part, of: application) {
            case .free: sites = nil
            case .chosen(let assignments): sites = assignments
            case .impossible(let reference, let plans):
                return self.refusal(of: reference, plans, inTurnOf: part, generation, of: application)
            }
            let admission = try await self.admit(
                specification, owner: application.owner,
                idempotencyKey: "application/\(application.id)/\(ticket)", at: sites)
            switch admission {
            case .taken: return .placed(part: part, generation: generation)
            case .nowhere(let plan):
                guard let reference = specification.part else { return nil }
                return self.refusal(of: reference, [plan], inTurnOf: part, generation, of: application)
            }
        } catch {
            if error.isPassing { return nil }
            return .refused(part: part, generation: generation, reason: error.sentence)
        }
    }

    /// What it means that a part has no site, by the last of `plans`, in its own turn or in that of one which is to get
    /// its sites together with it: what may pass is waited for.
    private func refusal(
        of reference: PartReference, _ plans: [Plan], inTurnOf part: String, _ generation: Int,
        of application: StoredApplication
    ) -> ApplicationSaga.Event? {
        guard let failed = plans.last else { return nil }
        let error = Self.refusal(failed)
        guard plans.contains(where: \.mayChange), self.mayWait(part, of: application) else {
            return .refused(
                part: reference.part, generation: reference.generation, reason: error.sentence)
        }
        let whose = reference.part == part ? "" : "none is left for \(reference.part): "
        return .postponed(
            part: part, generation: generation, reason: whose + error.message, at: self.now())
    }

    /// Whether a part that cannot be placed now has waited for less than the limit.
    func mayWait(_ part: String, of application: StoredApplication) -> Bool {
        guard application.saga[part: part]?.wait != nil else { return true }
        let uptime = self.uptime()
        let waited = self.state.withLock {
            $0.applications.waited(for: part, of: application.id, at: uptime)
        }
        return waited < self.configuration.applicationPatience
    }

    private enum JointChoice {
        /// No part that is still to be placed depends on where this one is.
        case free
        case chosen([Plan.Assignment])
        /// Some part has no site that fits the others.
        case impossible(PartReference, [Plan])
    }

    /// Sites for a part, chosen together with those that are still to be placed and are bound to it or to each other.
    private func jointSites(
        for part: String, of application: StoredApplication
    ) async throws(OperationError) -> JointChoice {
        let saga = application.saga
        let view = await self.sites.view()
        let now = self.now()
        let uptime = self.uptime()
        var generator = SecureRandom()
        let (snapshot, group) = self.state.withLock { state in
            state.learn(view, now: now)
            // What waits for room and is served before this part counts as taken.
            let rooms = state.setRoomAside(
                before: saga[part: part]?.part.workload.priority, view, now: now, uptime: uptime,
                using: &generator)
            defer { state.withLedger { ledger in rooms.forEach { ledger.ended($0) } } }
            let group = PartGroup(around: part, of: application, in: state)
            return (state.snapshot(now: now), group)
        }
        guard let index = group.index(of: part), !group.isFree(part) else { return .free }
        let plans: [Plan]
        do throws(SpecificationError) {
            plans = try group.plan(with: Planner(rules: self.configuration.rules), over: snapshot)
        } catch {
            throw Self.absurd(error)
        }
        if let failed = plans.last, !failed.isComplete, let reference = group.workloads[plans.count - 1].part
        {
            return .impossible(reference, plans)
        }
        return .chosen(plans[index].assignments)
    }
}

extension OperationError {
    /// Whether the same may well be possible in a moment.
    fileprivate var isPassing: Bool {
        switch self.code {
        case .unavailable, .timeout, .internalError, .cancelled: true
        case .badRequest, .unauthenticated, .forbidden, .notFound, .conflict, .keyReused, .refused,
            .tooLarge, .tooMany, .notOffered, .unconfirmed:
            false
        }
    }

    /// What went wrong and what to do, in one text.
    fileprivate var sentence: String {
        self.next.map { "\(self.message) (\($0))" } ?? self.message
    }
}
