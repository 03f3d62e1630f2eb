import CloudModel
import Cryptography
import Logging
import Operations
import Placement
import Storage
import Synchronization

/// Adding, moving and removing replicas as users are answered.
extension Coordinator {
    /// Looks at the users, if that is due.
    func followUsersIfDue() async {
        let uptime = self.uptime()
        guard self.state.withLock({ $0.following.isDue(at: uptime) }) else { return }
        await self.followUsers()
    }

    /// Looks once at how the users of each workload that follows them are answered, and does what that calls for.
    package func followUsers() async {
        let now = self.now()
        let followed = self.state.withLock { state in
            state.following.forget(before: now)
            return state.followed
        }
        guard !followed.isEmpty else { return }
        var searches = 0
        let view = await self.sites.view()
        let round = FollowingRound(view, now: now, Planner(rules: self.configuration.rules))
        self.state.withLock { $0.learn(view, now: now) }
        let follower = Follower(rules: self.configuration.following)
        for id in followed {
            guard let followed = self.state.withLock({ $0.followed(id, at: now) }),
                let decision = self.decide(about: followed, round, follower, &searches)
            else { continue }
            await self.carryOut(decision, about: followed.placement, follower)
        }
    }

    /// What is done for the users of a workload now; nil if a site would have to be looked for, and that was done for
    /// as many others as one round has room for.
    private func decide(
        about followed: FollowedWorkload, _ round: FollowingRound, _ follower: Follower,
        _ searches: inout Int
    ) -> Follower.Decision? {
        let (placement, id) = (followed.placement, followed.placement.id)
        var memory = followed.memory
        defer { self.state.withLock { $0.remember(memory, of: id) } }
        let view = round.view(of: followed)
        let wish = follower.review(&memory, followed.wishes, view)
        let place: Audience.Place?
        switch wish {
        case .nothing, .less:
            return follower.decide(
                wish, &memory, followed.wishes, view, candidate: nil, refusal: "")
        case .more: place = nil
        case .near(let response): place = response.place
        }
        guard searches < FollowingDesk.searchesPerRound else { return nil }
        searches += 1
        var generator = SecureRandom()
        let (site, refusal) = self.state.withLock { state in
            state.site(for: place, of: placement, now: round.now, round.planner, using: &generator)
        }
        return follower.decide(
            wish, &memory, followed.wishes, view,
            candidate: site.map { round.candidate($0, for: place, of: placement) }, refusal: refusal)
    }

    private func carryOut(
        _ decision: Follower.Decision, about placement: StoredPlacement, _ follower: Follower
    ) async {
        let (id, count) = (placement.id, placement.saga.wantedCount)
        do throws(OperationError) {
            switch decision {
            case .stay: return
            case .remark(let text): return await self.remark(text, about: id)
            case .grow(let more, let place, let reason):
                _ = try await self.resize(
                    id, from: count, to: count + more, near: place.map { Audience(near: $0) }, because: reason
                )
            case .move(let replica, let site, let place, let reason):
                try await self.move(
                    id, replica: replica, to: site, for: .users(Audience(near: place)), because: reason)
            case .drop(let replica, let reason):
                _ = try await self.resize(
                    id, from: count, to: count - 1, dropping: [replica], because: reason)
            }
        } catch {
            let now = self.now()
            let failure = self.state.withLock { state -> Follower.Decision in
                var memory = state.following.memory(of: id)
                let failure = follower.failed(decision, because: error.message, &memory, at: now)
                state.remember(memory, of: id)
                return failure
            }
            if case .remark(let text) = failure { await self.remark(text, about: id) }
            return
        }
        self.state.withLock { state in
            // The moment that its log tells, so that it counts once.
            guard let now = state.placements[id]?.lastChange else { return }
            var memory = state.following.memory(of: id)
            memory.carriedOut(decision, at: now, follower.rules)
            state.remember(memory, of: id)
        }
    }

    /// Says in the log of a workload why nothing is done.
    private func remark(_ text: String, about id: WorkloadID) async {
        let change = self.state.withLock { state in
            state.change(
                id, now: self.now(), explained: [KeepingNote(.waiting, replica: nil, site: nil, text)]
            ) { _ in [] }
        }
        if let change { await self.commit(change) }
    }

    // MARK: Reports

    func performReport(_ invocation: Invocation) throws(OperationError) -> OperationResult {
        let report = try ResponseReport(invocation)
        let workload = try self.workload(
            try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope)
        guard workload.state != .removing, workload.state != .removed else {
            throw OperationError(
                .conflict, "\(workload.specification.name) is being removed",
                next: "report about a workload that is there")
        }
        let now = self.now()
        let isTaken = self.state.withLock {
            $0.following.record(report, about: workload.id, of: workload.owner, at: now)
        }
        guard isTaken else {
            throw OperationError(
                .tooMany,
                "as many places are known as can be: \(ResponseBook.placeLimit) of a workload, "
                    + "\(FollowingDesk.placesPerOwner) of an owner, \(FollowingDesk.placeLimit) of all",
                next: "report by country, or wait five minutes until others are forgotten")
        }
        return try OperationResult(
            site: self.configuration.address,
            encoding: ResponseStanding(
                workload: workload.specification.name, responses: self.responses(of: workload) ?? []))
    }

    /// How the users of a workload fare; nil if nothing is known and nothing wanted.
    func responses(of workload: Workload) -> [ResponseFigure]? {
        let now = self.now()
        let wishes = workload.specification.following
        let percentile = wishes?.percentile ?? ResponseStanding.usualPercentile
        let target = wishes?.target(at: now) ?? workload.specification.audience.target
        let known = self.state.withLock {
            $0.following.responses(of: workload.id, percentile: percentile, at: now)
        }
        guard let known else { return wishes.map { _ in [] } }
        return known.map { response in
            let isSure = response.count >= self.configuration.following.samplesNeeded
            let verdict: ResponseFigure.Verdict? = target.map { target in
                isSure ? response.milliseconds > target ? .slow : .within : .unsure
            }
            return ResponseFigure(
                place: response.place.text, responses: response.count, percentile: percentile,
                milliseconds: response.milliseconds, target: target, verdict: verdict)
        }
    }
}
