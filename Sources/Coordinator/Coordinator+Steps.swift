import CloudModel
import Cryptography
import Federation
import Logging
import Placement
import Storage
import Synchronization

/// Carrying out what a saga asks for: each step ends in one event.
extension Coordinator {
    func take(_ step: CoordinatorState.Step) async {
        let workload = step.workload
        switch step.directive {
        case .plan(let replica, let turn):
            await self.plan(workload, replica: replica, turn: turn)
        case .planLater(let replica, let turn, let delay):
            await self.plan(workload, replica: replica, turn: turn, after: delay)
        case .reserve(let replica, let hold, let turn):
            guard let request = self.reservation(workload, replica: replica, hold: hold) else { return }
            await self.run(
                Errand(
                    request: .reserve(request), hold: hold, workload: workload, replica: replica, turn: turn))
        case .query(let replica, let hold, let turn, let delay):
            await self.run(
                Errand(
                    request: .query(ReservationQuery(id: hold.reservation)), hold: hold, workload: workload,
                    replica: replica, turn: turn, delay: delay))
        case .commit(let replica, let hold, let turn, let delay):
            await self.run(
                Errand(
                    request: .commit(CommitRequest(id: hold.reservation)), hold: hold, workload: workload,
                    replica: replica, turn: turn, delay: delay))
        case .release(let replica, let hold, let turn, let delay):
            await self.run(
                Errand(
                    request: .release(ReleaseRequest(id: hold.reservation)), hold: hold, workload: workload,
                    replica: replica, turn: turn, delay: delay))
        case .delete(let replica, let hold, let machine, let turn, let delay):
            let owner = self.state.withLock { $0.placements[workload]?.owner }
            await self.run(
                Errand(
                    request: .delete(machine, behalf: owner ?? ""), hold: hold, workload: workload,
                    replica: replica, turn: turn, delay: delay))
        case .start(let replica, let hold, let machine):
            guard let reference = self.reference(workload, replica: replica) else { return }
            await self.run(
                Errand(
                    request: .restart(RestartRequest(machine: machine, replica: reference)), hold: hold,
                    workload: workload, replica: replica, turn: Errand.noTurn))
        case .retire(let replica, let hold, let machine):
            let owner = self.state.withLock { $0.placements[workload]?.owner }
            await self.run(
                Errand(
                    request: .delete(machine, behalf: owner ?? ""), hold: hold, workload: workload,
                    replica: replica, turn: Errand.noTurn))
        case .warn(let replica, let machine):
            self.logger.warning(
                "machine claims to be a replica that is elsewhere",
                metadata: [
                    "workload": "\(workload)", "replica": "\(replica)", "site": "\(machine.site)",
                    "machine": "\(machine.id)",
                ])
        }
    }

    /// Finds another site for one replica; the choice is counted before the lock is given up, so that two replicas
    /// planned at once do not take the same room.
    private func plan(
        _ workload: WorkloadID, replica: Int, turn: Int, after delay: Duration = .zero
    ) async {
        do {
            if delay > .zero { try await self.pause(delay) }
        } catch {
            // The process is shutting down: what is on disk says how to go on.
            return
        }
        let view = await self.sites.view()
        let (now, uptime) = (self.now(), self.uptime())
        let planner = Planner(rules: self.configuration.rules)
        var generator = SecureRandom()
        let change = self.state.withLock { state -> CoordinatorState.Change? in
            guard let placement = state.placements[workload],
                placement.saga.replicas.indices.contains(replica),
                placement.saga.replicas[replica].phase == .planning,
                placement.saga.replicas[replica].turn == turn
            else { return nil }
            state.learn(view, now: now)
            // The room that was found for a move is what it is looking for.
            state.withLedger { $0.ended(placement.saga.nextReservation(of: replica)) }
            let rooms =
                placement.saga.replicas[replica].isRetried
                ? state.setRoomAside(
                    beforeMoreOf: placement, view, now: now, uptime: uptime, using: &generator) : []
            defer { state.withLedger { ledger in rooms.forEach { ledger.ended($0) } } }
            let event = state.search(
                for: replica, of: placement, turn: turn, now: now, planner, using: &generator)
            let change = state.change(workload, now: now) { saga in
                saga.handle(event, replica: replica)
            }
            if let change {
                state.count(change.directives, of: placement.specification.resources, now: now)
            }
            return change
        }
        if let change { await self.commit(change) }
    }

    /// The request for a hold, which counts from now on.
    private func reservation(_ workload: WorkloadID, replica index: Int, hold: Hold) -> ReserveRequest? {
        self.state.withLock { state in
            guard let placement = state.placements[workload] else { return nil }
            let specification = placement.specification
            let now = self.now()
            state.withLedger {
                $0.asked(hold.reservation, for: specification.resources, at: hold.site, now: now)
            }
            let reference = ReplicaReference(
                workload: workload, index: index, epoch: placement.saga.replicas[index].epoch)
            return ReserveRequest(
                id: hold.reservation,
                specification: MachineSpecification(
                    name: "\(specification.name)-\(index)", resources: specification.resources,
                    image: specification.image, leaseSeconds: specification.keeping?.leaseSeconds,
                    hosts: specification.hosts),
                replica: reference, holdFor: self.configuration.holdFor)
        }
    }

    /// Sends one request, after a pause, and turns the answer, or its absence, into an event.
    private func run(_ errand: Errand) async {
        do {
            if errand.delay > .zero { try await self.pause(errand.delay) }
        } catch {
            // The process is shutting down: what is on disk says how to go on.
            return
        }
        let answer = await self.sites.ask(
            errand.request, of: errand.hold.site, timeout: self.configuration.requestTimeout)
        let event: PlacementSaga.Event
        var generation: Int?
        let replica = self.replica(of: errand)
        switch answer {
        case .success(let answer):
            generation = answer.generation
            event =
                Self.unfit(answer, to: errand.request, hold: errand.hold, wanted: replica.wishes)
                ?? Self.event(of: answer, to: errand.request, hold: errand.hold, turn: errand.turn)
        case .failure(let failure):
            if Task.isCancelled { return }
            event = Self.event(
                of: failure, to: errand.request, hold: errand.hold, turn: errand.turn,
                hasFailed: replica.hasFailed)
        }
        self.learn(from: answer, about: errand)
        self.count(event, of: errand, generation: generation)
        await self.apply(event, to: errand.workload, replica: errand.replica)
    }

    private static func event(
        of answer: SiteAnswer, to request: SiteRequest, hold: Hold, turn: Int
    ) -> PlacementSaga.Event {
        switch (answer, request) {
        case (.reservation(let reservation, _), _) where reservation.id == hold.reservation:
            return .reservation(reservation)
        case (.machine(let machine), .restart(let restart))
        where machine.site == hold.site && machine.id == restart.machine:
            return .reported(machine)
        case (.machine(let machine), .commit) where machine.site == hold.site:
            return .committed(hold.reservation, machine)
        case (.deleted, .delete(let machine, _)):
            return .doomed(machine)
        case (_, .restart(let restart)):
            return .startUnanswered(restart.machine, reason: "its answer is about something else")
        case (.reservation, _), (.machine, _), (.machines, _), (.deleted, _):
            return .silent(turn: turn, reason: "its answer is about something else")
        }
    }

    /// What a site of an earlier release does not know of, and would leave out.
    private struct Wishes: Equatable {
        var leaseSeconds: Int?
        var hosts: HostWish?
    }

    /// What of a replica decides about the meaning of an answer: what it must have, and whether its machine is known to
    /// have failed.
    private func replica(of errand: Errand) -> (wishes: Wishes, hasFailed: Bool) {
        self.state.withLock { state -> (wishes: Wishes, hasFailed: Bool) in
            guard let placement = state.placements[errand.workload],
                placement.saga.replicas.indices.contains(errand.replica)
            else { return (Wishes(), false) }
            let machine = placement.saga.replicas[errand.replica].machine
            let specification = placement.specification
            return (
                Wishes(leaseSeconds: specification.keeping?.leaseSeconds, hosts: specification.hosts),
                machine?.state == .failed
            )
        }
    }

    /// Says so if what the site holds or has made lacks what was asked for.
    ///
    /// A site of a release that knows no leases leaves the attribute out of its answer. It would never stop the machine,
    /// which would go on running beside its successor. One that knows no wishes about hosts would put all on one.
    private static func unfit(
        _ answer: SiteAnswer, to request: SiteRequest, hold: Hold, wanted: Wishes
    ) -> PlacementSaga.Event? {
        let specification: MachineSpecification
        let made: MachineID?
        switch (answer, request) {
        case (.reservation(let reservation, _), _) where reservation.id == hold.reservation:
            switch reservation.state {
            case .held: made = nil
            case .committed:
                guard let machine = reservation.machine else { return nil }
                made = machine
            case .released, .expired: return nil
            }
            specification = reservation.specification
        case (.machine(let machine), .commit) where machine.site == hold.site:
            made = machine.id
            specification = machine.specification
        case (.reservation, _), (.machine, _), (.machines, _), (.deleted, _): return nil
        }
        let given = Wishes(leaseSeconds: specification.leaseSeconds, hosts: specification.hosts)
        guard given != wanted else { return nil }
        let reason =
            if given.leaseSeconds == wanted.leaseSeconds {
                given.hosts == nil
                    ? "does not heed which replicas share a host"
                    : "answers with another wish about hosts than was asked for"
            } else {
                given.leaseSeconds == nil
                    ? "knows no leases" : "answers with another lease than was asked for"
            }
        return .unfit(
            hold.reservation, machine: made, isUnleased: given.leaseSeconds != wanted.leaseSeconds,
            reason: reason)
    }

    private static func event(
        of failure: SiteFailure, to request: SiteRequest, hold: Hold, turn: Int, hasFailed: Bool
    ) -> PlacementSaga.Event {
        switch (failure, request) {
        case (.refused(let text, _, let reason), .restart(let restart)):
            // A conflict is with the state of the machine: with one that failed, such as one that was never made, it
            // lasts. Anything else is for the site to settle, or for its next report to explain.
            return hasFailed && reason == .conflict
                ? .startRefused(restart.machine, reason: text)
                : .startDeclined(restart.machine, reason: text)
        case (.absent, .restart(let restart)):
            return .startRefused(restart.machine, reason: "has no such machine")
        case (.unreachable(let reason), .restart(let restart)), (.silent(let reason), .restart(let restart)),
            (.notAsked(let reason), .restart(let restart)):
            return .startUnanswered(restart.machine, reason: reason)
        case (.refused(let reason, _, _), _):
            return .refused(hold.reservation, turn: turn, reason: reason)
        case (.notAsked(let reason), .reserve), (.notAsked(let reason), .query):
            return .notAsked(hold.reservation, turn: turn, reason: reason)
        case (.unreachable(let reason), .reserve):
            return .refused(hold.reservation, turn: turn, reason: "out of reach: \(reason)")
        case (.absent, .reserve):
            return .refused(hold.reservation, turn: turn, reason: "offers no reservations")
        case (.absent, .delete(let machine, _)):
            return .deleted(machine)
        case (.absent, .query), (.absent, .commit), (.absent, .release), (.absent, .machines):
            return .unknown(hold.reservation, turn: turn)
        case (.unreachable(let reason), _), (.notAsked(let reason), _), (.silent(let reason), _):
            return .silent(turn: turn, reason: reason)
        }
    }

    /// A refusal brings the site's true state, by which the next plan goes; a silent site gets nothing new for a while.
    ///
    /// Only a refused hold says that others choose the same sites, and widens the choice.
    private func learn(from answer: Result<SiteAnswer, SiteFailure>, about errand: Errand) {
        let now = self.now()
        let site = errand.hold.site
        self.state.withLock { state in
            switch answer {
            case .success, .failure(.absent): state.silence.answered(site)
            case .failure(.refused(_, let capacity, _)):
                state.silence.answered(site)
                if case .reserve = errand.request { state.choice.refused() }
                if let capacity { state.withLedger { $0.corrected(site, to: capacity, now: now) } }
            case .failure(.silent): state.silence.silent(site, now: now)
            case .failure(.unreachable), .failure(.notAsked): break
            }
        }
    }

    /// Keeps the count of what was granted and no report shows yet; `generation` says how many changes the site had
    /// counted when it answered, if it tells.
    private func count(_ event: PlacementSaga.Event, of errand: Errand, generation: Int?) {
        let hold = errand.hold
        let isGranted: Bool
        switch event {
        case .reservation(let reservation):
            switch reservation.state {
            case .held, .committed: isGranted = true
            case .released, .expired: isGranted = false
            }
        case .committed: isGranted = true
        case .notAsked:
            // The site may hold what it could not be asked about.
            guard case .reserve = errand.request else { return }
            isGranted = false
        case .refused, .unfit, .unknown, .deleted, .doomed: isGranted = false
        case .planned, .unplaceable, .silent, .reported, .startRefused, .startDeclined, .startUnanswered:
            return
        }
        let now = self.now()
        self.state.withLock { state in
            state.withLedger { ledger in
                if isGranted {
                    ledger.granted(hold.reservation, now: now, generation: generation)
                } else {
                    ledger.ended(hold.reservation)
                }
            }
        }
    }
}
