import CloudModel
import Federation
import Logging
import Placement
import Storage
import Synchronization

/// Carrying out what a saga asks for: each step ends in one event.
extension Coordinator {
    func take(_ step: CoordinatorState.Step) async {
        switch step.directive {
        case .plan(let replica, let turn):
            await self.plan(step.workload, replica: replica, turn: turn)
        case .reserve(let replica, let hold, let turn):
            await self.reserve(step.workload, replica: replica, hold: hold, turn: turn)
        case .query(let replica, let hold, let turn, let after):
            let request = SiteRequest.query(ReservationQuery(id: hold.reservation))
            await self.ask(request, of: hold, for: step.workload, replica: replica, turn: turn, after: after)
        case .commit(let replica, let hold, let turn, let after):
            let request = SiteRequest.commit(CommitRequest(id: hold.reservation))
            await self.ask(request, of: hold, for: step.workload, replica: replica, turn: turn, after: after)
        case .release(let replica, let hold, let turn, let after):
            let request = SiteRequest.release(ReleaseRequest(id: hold.reservation))
            await self.ask(request, of: hold, for: step.workload, replica: replica, turn: turn, after: after)
        case .delete(let replica, let hold, let machine, let turn, let after):
            let owner = self.state.withLock { $0.placements[step.workload]?.owner }
            let request = SiteRequest.delete(machine, behalf: owner ?? "")
            await self.ask(request, of: hold, for: step.workload, replica: replica, turn: turn, after: after)
        case .warn(let replica, let machine):
            self.logger.warning(
                "machine claims to be a replica that is elsewhere",
                metadata: [
                    "workload": "\(step.workload)", "replica": "\(replica)", "site": "\(machine.site)",
                    "machine": "\(machine.id)",
                ])
        }
    }

    /// Finds another site for one replica; the choice is counted before the lock is given up, so that two replicas
    /// planned at once do not take the same room.
    private func plan(_ workload: WorkloadID, replica: Int, turn: Int) async {
        let view = await self.sites.view()
        let now = self.now()
        let planner = Planner(rules: self.configuration.rules)
        let change = self.state.withLock { state -> CoordinatorState.Change? in
            guard let placement = state.placements[workload],
                placement.saga.replicas.indices.contains(replica)
            else { return nil }
            let request = PlanRequest(
                specification: placement.specification, replicas: [replica], placed: placement.saga.sites,
                excluded: placement.saga.replicas[replica].excluded)
            let event = Self.event(
                of: request, planner, over: state.snapshot(of: view, now: now), turn: turn)
            let change = state.change(workload, replica: replica, now: now) { saga in
                saga.handle(event, replica: replica)
            }
            if let change {
                state.count(change.directives, of: placement.specification.resources, now: now)
            }
            return change
        }
        if let change { await self.commit(change) }
    }

    private static func event(
        of request: PlanRequest, _ planner: Planner, over snapshot: PlacementSnapshot, turn: Int
    ) -> PlacementSaga.Event {
        do throws(SpecificationError) {
            let plan = try planner.plan(request, over: snapshot)
            if let site = plan.assignments.first?.site { return .planned(site: site, turn: turn) }
            let reasons = plan.verdicts.filter { request.excluded[$0.site] == nil }.map(\.line)
            let text = reasons.isEmpty ? "no other site is known" : reasons.joined(separator: "; ")
            return .unplaceable(reason: text, turn: turn)
        } catch {
            return .unplaceable(reason: error.description, turn: turn)
        }
    }

    private func reserve(_ workload: WorkloadID, replica index: Int, hold: Hold, turn: Int) async {
        let prepared = self.state.withLock { state -> ReserveRequest? in
            guard let placement = state.placements[workload] else { return nil }
            let specification = placement.specification
            state.ledger.asked(
                hold.reservation, for: specification.resources, at: hold.site, now: self.now())
            let reference = ReplicaReference(
                workload: workload, index: index, epoch: placement.saga.replicas[index].epoch)
            return ReserveRequest(
                id: hold.reservation,
                specification: MachineSpecification(
                    name: "\(specification.name)-\(index)", resources: specification.resources,
                    image: specification.image),
                replica: reference, holdFor: self.configuration.holdFor)
        }
        guard let prepared else { return }
        await self.ask(
            .reserve(prepared), of: hold, for: workload, replica: index, turn: turn, after: .zero)
    }

    /// Sends one request, after a pause, and turns the answer, or its absence, into an event.
    private func ask(
        _ request: SiteRequest, of hold: Hold, for workload: WorkloadID, replica: Int, turn: Int,
        after delay: Duration
    ) async {
        let event: PlacementSaga.Event
        do {
            if delay > .zero { try await self.pause(delay) }
        } catch {
            // The process is shutting down: what is on disk says how to go on.
            return
        }
        let answer = await self.sites.ask(
            request, of: hold.site, timeout: self.configuration.requestTimeout)
        switch answer {
        case .success(let answer):
            event = Self.event(of: answer, to: request, hold: hold, turn: turn)
        case .failure(let failure):
            if Task.isCancelled { return }
            event = Self.event(of: failure, to: request, hold: hold, turn: turn)
            self.learn(from: failure, about: hold)
        }
        self.count(event, hold: hold)
        await self.apply(event, to: workload, replica: replica)
    }

    private static func event(
        of answer: SiteAnswer, to request: SiteRequest, hold: Hold, turn: Int
    ) -> PlacementSaga.Event {
        switch (answer, request) {
        case (.reservation(let reservation), _) where reservation.id == hold.reservation:
            return .reservation(reservation)
        case (.machine(let machine), _) where machine.site == hold.site:
            return .committed(hold.reservation, machine)
        case (.deleted, .delete(let machine, _)):
            return .deleted(machine)
        case (.reservation, _), (.machine, _), (.machines, _), (.deleted, _):
            return .silent(turn: turn, reason: "its answer is about something else")
        }
    }

    private static func event(
        of failure: SiteFailure, to request: SiteRequest, hold: Hold, turn: Int
    ) -> PlacementSaga.Event {
        switch (failure, request) {
        case (.refused(let reason, _), _):
            return .refused(hold.reservation, turn: turn, reason: reason)
        case (.unreachable(let reason), .reserve):
            return .refused(hold.reservation, turn: turn, reason: "out of reach: \(reason)")
        case (.absent, .reserve):
            return .refused(hold.reservation, turn: turn, reason: "offers no reservations")
        case (.absent, .delete(let machine, _)):
            return .deleted(machine)
        case (.absent, .query), (.absent, .commit), (.absent, .release), (.absent, .machines):
            return .unknown(hold.reservation, turn: turn)
        case (.unreachable(let reason), _), (.silent(let reason), _):
            return .silent(turn: turn, reason: reason)
        }
    }

    /// A refusal brings the site's true state: the next plan goes by it.
    private func learn(from failure: SiteFailure, about hold: Hold) {
        guard case .refused(_, let capacity?) = failure else { return }
        self.state.withLock { $0.ledger.corrected(hold.site, to: capacity, now: self.now()) }
    }

    /// Keeps the count of what was granted and no report shows yet.
    private func count(_ event: PlacementSaga.Event, hold: Hold) {
        self.state.withLock { state in
            switch event {
            case .reservation(let reservation):
                switch reservation.state {
                case .held, .committed: state.ledger.granted(hold.reservation, now: self.now())
                case .released, .expired: state.ledger.ended(hold.reservation)
                }
            case .committed: state.ledger.granted(hold.reservation, now: self.now())
            case .refused, .unknown, .deleted: state.ledger.ended(hold.reservation)
            case .planned, .unplaceable, .silent, .reported: break
            }
        }
    }

    /// Asks a site for the state of our machines there: reports may have been missed while this process was down.
    func refresh(_ site: SiteID) async {
        var last: MachineID?
        var isComplete = false
        while !isComplete {
            let answer = await self.sites.ask(
                .machines(MachineQuery(workload: nil, after: last)), of: site,
                timeout: self.configuration.requestTimeout)
            guard case .success(.machines(let list)) = answer else {
                self.logger.info(
                    "machines not refreshed", metadata: ["site": "\(site)", "answer": "\(answer)"])
                return
            }
            for machine in list.machines {
                await self.receive(MachineReport(machine: machine), from: site)
            }
            guard let next = list.machines.last?.id, last.map({ next > $0 }) ?? true else { return }
            last = next
            isComplete = list.isComplete
        }
    }
}
