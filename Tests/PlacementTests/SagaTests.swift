import CloudModel
import Placement
import Testing

@Suite("Placement saga")
struct SagaTests {
    private static let paris = SiteID("paris.test")
    private static let tokyo = SiteID("tokyo.test")

    private func saga(replicas: Int = 1) throws -> PlacementSaga {
        PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: replicas)
    }

    private func turn(_ saga: PlacementSaga) -> Int { saga.replicas[0].turn }

    private func hold(_ saga: PlacementSaga) throws -> Hold { try #require(saga.replicas[0].hold) }

    private func reservation(
        _ hold: Hold, _ state: Reservation.State, machine: MachineID? = nil
    ) -> Reservation {
        Reservation(
            id: hold.reservation, holder: SiteID("coordinator.test"), specification: Self.machine,
            replica: nil, expires: Instant(millisecondsSinceEpoch: 0), state: state, machine: machine)
    }

    private static let machine = MachineSpecification(
        name: "web-0", resources: Samples.resources(),
        image: ImageReference(format: .raw, location: "/images/web"))

    /// A saga that has asked Tokyo to commit.
    private func committing() throws -> PlacementSaga {
        var saga = try self.saga()
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let directives = saga.handle(.reservation(self.reservation(try self.hold(saga), .held)), replica: 0)
        #expect(
            directives == [.commit(replica: 0, try self.hold(saga), turn: self.turn(saga), after: .zero)])
        return saga
    }

    @Test("Plan, reserve, commit, placed")
    func straight() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        let machine = Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: Self.tokyo,
            specification: Self.machine, state: .creating, created: Instant(millisecondsSinceEpoch: 0),
            changed: Instant(millisecondsSinceEpoch: 0))
        #expect(saga.handle(.committed(hold.reservation, machine), replica: 0) == [])
        #expect(saga.state == .placed)
        #expect(saga.replicaStates[0].machine == machine.id)
        #expect(saga.replicaStates[0].state == .creating)
    }

    @Test("A refusal leads to the next plan, without that site, and under a new number")
    func refusal() throws {
        var saga = try self.saga()
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let first = try self.hold(saga)
        let directives = saga.handle(
            .refused(first.reservation, turn: self.turn(saga), reason: "no room"), replica: 0)
        #expect(directives == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.replicas[0].excluded == [Self.tokyo: "no room"])
        _ = saga.handle(.planned(site: Self.paris, turn: self.turn(saga)), replica: 0)
        #expect(try self.hold(saga).reservation != first.reservation)
    }

    @Test("When every site refuses, the reason is the whole chain")
    func everySiteRefuses() throws {
        var saga = try self.saga()
        _ = saga.resume()
        for site in [Self.tokyo, Self.paris] {
            _ = saga.handle(.planned(site: site, turn: self.turn(saga)), replica: 0)
            let hold = try self.hold(saga)
            _ = saga.handle(
                .refused(hold.reservation, turn: self.turn(saga), reason: "no room"), replica: 0)
        }
        _ = saga.handle(
            .unplaceable(reason: "virginia.test: draining", turn: self.turn(saga)), replica: 0)
        #expect(saga.state == .failed)
        #expect(
            saga.reason
                == "replica 0: tokyo.test: no room; paris.test: no room; virginia.test: draining")
    }

    @Test("A replica is given up after eight sites")
    func attemptLimit() throws {
        var saga = try self.saga()
        _ = saga.resume()
        for number in 1...8 {
            #expect(saga.state == .placing)
            _ = saga.handle(
                .planned(site: SiteID("s\(number).test"), turn: self.turn(saga)), replica: 0)
            let hold = try self.hold(saga)
            _ = saga.handle(.refused(hold.reservation, turn: self.turn(saga), reason: "no"), replica: 0)
        }
        #expect(saga.state == .failed)
        #expect(saga.reason?.contains("8 sites were tried") == true)
    }

    @Test(
        "What every site refused is asked for again under the next epoch and new numbers, the rest left alone"
    )
    func retry() throws {
        var saga = try self.saga(replicas: 2)
        _ = saga.resume()
        #expect(saga.retry() == [], "it is under way")
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let first = try self.hold(saga)
        _ = saga.handle(.refused(first.reservation, turn: self.turn(saga), reason: "no"), replica: 0)
        _ = saga.handle(.unplaceable(reason: "no other site", turn: self.turn(saga)), replica: 0)
        #expect(saga.retry() == [], "the other one is under way")
        _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[1].turn), replica: 1)
        let other = try #require(saga.replicas[1].hold)
        let machine = MachineID(derivedFrom: other.reservation, path: [])
        _ = saga.handle(.reservation(self.reservation(other, .committed, machine: machine)), replica: 1)
        #expect(saga.state == .failed)

        #expect(saga.retry() == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.state == .placing)
        #expect(saga.replicas.map(\.epoch) == [2, 1])
        #expect(saga.replicas[0].excluded == [:])
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        #expect(try self.hold(saga).reservation != first.reservation)
        _ = saga.remove()
        #expect(saga.retry() == [])
    }

    @Test("A gang that was given up is asked for again as a whole, and given up as a whole")
    func retriedGang() throws {
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 2,
            isGang: true)
        var directives = saga.resume()
        for epoch in 1...3 {
            #expect(directives == saga.replicas.map { .plan(replica: $0.index, turn: $0.turn) })
            #expect(saga.replicas.map(\.epoch) == [epoch, epoch])
            _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[1].turn), replica: 1)
            let hold = try #require(saga.replicas[1].hold)
            #expect(saga.handle(.reservation(self.reservation(hold, .held)), replica: 1) == [])
            let release = saga.handle(.unplaceable(reason: "no room", turn: self.turn(saga)), replica: 0)
            #expect(release == [.release(replica: 1, hold, turn: saga.replicas[1].turn, after: .zero)])
            #expect(saga.retry() == [], "the hold may not be over yet")
            _ = saga.handle(.reservation(self.reservation(hold, .released)), replica: 1)
            #expect(saga.state == .failed)
            directives = saga.retry()
        }
    }

    /// Lets a request to reserve at `site` go unsent, and counts the pauses until there is another plan.
    private func leaveUnasked(
        _ saga: inout PlacementSaga, at site: SiteID, _ pauses: inout [Duration],
        _ numbers: inout [ReservationID]
    ) throws {
        _ = saga.handle(.planned(site: site, turn: self.turn(saga)), replica: 0)
        let hold = try self.hold(saga)
        numbers.append(hold.reservation)
        let directives = saga.handle(
            .notAsked(hold.reservation, turn: self.turn(saga), reason: "it is busy"), replica: 0)
        guard case .planLater(0, let turn, let pause)? = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(turn == self.turn(saga) && directives.count == 1)
        pauses.append(pause)
    }

    @Test("A request that was not sent is no refusal: twelve times, at growing distances, it is tried again")
    func notAsked() throws {
        var saga = try self.saga()
        _ = saga.resume()
        var (pauses, numbers): ([Duration], [ReservationID]) = ([], [])
        for _ in 0..<PlacementSaga.postponementLimit {
            let before = saga
            try self.leaveUnasked(&saga, at: Self.tokyo, &pauses, &numbers)
            #expect(saga.replicas[0].excluded == [:] && saga.replicas[0].postponed == [Self.tokyo])
            #expect(saga.state == .placing)
            #expect(saga.reason == "replica 0: tokyo.test could not be asked: it is busy")
            #expect(saga.narrate(since: before).map(\.kind) == (pauses.count == 1 ? [.waiting] : []))
        }
        #expect(pauses.prefix(5) == [.zero, .seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(pauses.last == PlacementSaga.longestPostponement)
        #expect(Set(numbers).count == numbers.count, "each under a number of its own")
        // Once more is once too often: then it counts as a refusal, and the replica is given up if there is no other.
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let last = try self.hold(saga)
        let directives = saga.handle(
            .notAsked(last.reservation, turn: self.turn(saga), reason: "it is busy"), replica: 0)
        #expect(directives == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.replicas[0].excluded == [Self.tokyo: "could not be asked: it is busy"])
        _ = saga.handle(.unplaceable(reason: "no other site", turn: self.turn(saga)), replica: 0)
        #expect(saga.state == .failed)
        // Whoever asks anew has as much patience.
        #expect(saga.retry() == [.plan(replica: 0, turn: self.turn(saga))])
        try self.leaveUnasked(&saga, at: Self.tokyo, &pauses, &numbers)
        #expect(Set(numbers).count == numbers.count)
    }

    @Test("While a site could not be asked, it fails nothing that there is no other")
    func nowhereButUnasked() throws {
        var saga = try self.saga()
        _ = saga.resume()
        var (pauses, numbers): ([Duration], [ReservationID]) = ([], [])
        try self.leaveUnasked(&saga, at: Self.tokyo, &pauses, &numbers)
        let directives = saga.handle(
            .unplaceable(reason: "tokyo.test: does not answer", turn: self.turn(saga)), replica: 0)
        #expect(directives == [.planLater(replica: 0, turn: self.turn(saga), after: .seconds(1))])
        #expect(saga.state == .placing)
        // A process that ends meanwhile looks again when it is back.
        #expect(saga.resume() == [.plan(replica: 0, turn: self.turn(saga))])
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let hold = try self.hold(saga)
        #expect(!numbers.contains(hold.reservation))
        _ = saga.handle(.refused(hold.reservation, turn: self.turn(saga), reason: "no room"), replica: 0)
        #expect(saga.handle(.unplaceable(reason: "no other", turn: self.turn(saga)), replica: 0) == [])
        #expect(saga.reason == "replica 0: tokyo.test: no room; no other")
    }

    @Test(
        "What was asked for before a restart is given back if the site cannot be asked again",
        arguments: [false, true])
    func notAskedAgain(isHeld: Bool) throws {
        // Of a gang, the first waits for the other when the process ends.
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 2,
            isGang: isHeld)
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let hold = try self.hold(saga)
        if isHeld { _ = saga.handle(.reservation(self.reservation(hold, .held)), replica: 0) }
        let repeated = saga.resume()
        let turn = self.turn(saga)
        #expect(repeated.first == .reserve(replica: 0, hold, turn: turn))
        let given = saga.handle(.notAsked(hold.reservation, turn: turn, reason: "it is busy"), replica: 0)
        #expect(
            given == [
                .release(replica: 0, hold, turn: turn, after: .zero),
                .planLater(replica: 0, turn: self.turn(saga), after: .zero),
            ])
        // How that ends changes nothing any more.
        for event in [
            .reservation(self.reservation(hold, .released)), .unknown(hold.reservation, turn: turn),
            .silent(turn: turn, reason: "10 s"),
        ] as [PlacementSaga.Event] {
            #expect(saga.handle(event, replica: 0) == [])
            #expect(saga.replicas[0].phase == .planning)
        }
        // The next request is none that was repeated.
        _ = saga.handle(.planned(site: Self.paris, turn: self.turn(saga)), replica: 0)
        let next = try self.hold(saga)
        let later = saga.handle(
            .notAsked(next.reservation, turn: self.turn(saga), reason: "it is busy"), replica: 0)
        #expect(later == [.planLater(replica: 0, turn: self.turn(saga), after: .seconds(1))])
    }

    @Test("A question that was not put is none of the three after which the next site is tried")
    func questionNotPut() throws {
        var saga = try self.saga()
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let hold = try self.hold(saga)
        _ = saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0)
        for count in 1...PlacementSaga.postponementLimit {
            let directives = saga.handle(
                .notAsked(hold.reservation, turn: self.turn(saga), reason: "it is busy"), replica: 0)
            let pause = PlacementSaga.pause(beforePostponed: count)
            #expect(directives == [.query(replica: 0, hold, turn: self.turn(saga), after: pause)])
            #expect(saga.replicas[0].phase == .doubting(hold, asked: 1))
        }
        _ = saga.handle(.notAsked(hold.reservation, turn: self.turn(saga), reason: "it is busy"), replica: 0)
        #expect(saga.replicas[0].phase == .doubting(hold, asked: 2), "it ends")
    }

    @Test("A gang that was given up when one of its machines was there already is asked for again as a whole")
    func retriedGangWithMachine() throws {
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 2,
            isGang: true)
        _ = saga.resume()
        var holds: [Hold] = []
        for index in 0..<2 {
            _ = saga.handle(.planned(site: Self.paris, turn: saga.replicas[index].turn), replica: index)
            let hold = try #require(saga.replicas[index].hold)
            _ = saga.handle(.reservation(self.reservation(hold, .held)), replica: index)
            holds.append(hold)
        }
        let machine = MachineID(derivedFrom: holds[0].reservation, path: [])
        _ = saga.handle(.reservation(self.reservation(holds[0], .committed, machine: machine)), replica: 0)
        _ = Keeper().review(
            &saga, nil, under: Circumstances(now: Instant(millisecondsSinceEpoch: 0)))
        #expect(saga.replicas[0].keeping != nil)
        _ = saga.handle(
            .refused(holds[1].reservation, turn: saga.replicas[1].turn, reason: "no"), replica: 1)
        _ = saga.handle(.reservation(self.reservation(holds[1], .released)), replica: 1)
        _ = saga.handle(.unplaceable(reason: "no room", turn: saga.replicas[1].turn), replica: 1)
        _ = saga.handle(.deleted(machine), replica: 0)
        #expect(saga.state == .failed)
        #expect(saga.retry() == saga.replicas.map { .plan(replica: $0.index, turn: $0.turn) })
        #expect(saga.replicas.map(\.epoch) == [2, 2])
    }

    @Test("A time-out is not a refusal: the site is asked first, three times before the next is tried")
    func doubt() throws {
        var saga = try self.saga()
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        for _ in 1...3 {
            let directives = saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0)
            guard case .query = try #require(directives.first) else {
                Issue.record("\(directives) is no question")
                return
            }
        }
        #expect(
            saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0)
                == [.plan(replica: 0, turn: self.turn(saga))])
    }

    @Test("After a commitment went unanswered nothing is tried elsewhere, however long it takes")
    func verifying() throws {
        var saga = try self.committing()
        var pauses: [Duration] = []
        for _ in 0..<20 {
            let directives = saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0)
            guard case .query(_, _, _, let pause) = try #require(directives.first) else {
                Issue.record("\(directives) is no question")
                return
            }
            pauses.append(pause)
        }
        #expect(pauses.prefix(4) == [.zero, .seconds(2), .seconds(4), .seconds(8)])
        #expect(pauses.last == PlacementSaga.longestPause)
        #expect(saga.state == .placing)
        #expect(saga.reason == "replica 0: tokyo.test does not answer: 10 s")
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        _ = saga.handle(
            .reservation(self.reservation(try self.hold(saga), .committed, machine: machine)), replica: 0)
        #expect(saga.state == .placed)
    }

    @Test("A refused commitment gives the hold back before another site is tried")
    func withdrawing() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        let directives = saga.handle(
            .refused(hold.reservation, turn: self.turn(saga), reason: "out of order"), replica: 0)
        #expect(directives == [.release(replica: 0, hold, turn: self.turn(saga), after: .zero)])
        _ = saga.handle(.reservation(self.reservation(hold, .released)), replica: 0)
        #expect(saga.replicas[0].chain == ["tokyo.test: out of order"])
        #expect(saga.replicas[0].phase == .planning)
    }

    @Test("A refusal that belongs to an earlier question changes nothing")
    func lateRefusal() throws {
        var saga = try self.committing()
        let early = self.turn(saga)
        _ = saga.handle(.silent(turn: early, reason: "10 s"), replica: 0)
        let before = saga
        let hold = try self.hold(saga)
        #expect(saga.handle(.refused(hold.reservation, turn: early, reason: "no"), replica: 0) == [])
        #expect(saga.handle(.unknown(hold.reservation, turn: early), replica: 0) == [])
        #expect(saga.handle(.silent(turn: early, reason: "no"), replica: 0) == [])
        #expect(saga == before)
    }

    @Test("A report of the machine stands in for a lost answer")
    func reportInsteadOfAnswer() throws {
        var saga = try self.committing()
        let machine = Machine(
            id: MachineID(derivedFrom: saga.workload, path: [1]), site: Self.tokyo,
            specification: Self.machine, state: .running,
            replica: ReplicaReference(workload: saga.workload, index: 0, epoch: 1),
            created: Instant(millisecondsSinceEpoch: 0), changed: Instant(millisecondsSinceEpoch: 2))
        #expect(saga.handle(.reported(machine), replica: 0) == [])
        #expect(saga.state == .placed)

        var older = machine
        older.state = .creating
        older.changed = Instant(millisecondsSinceEpoch: 1)
        _ = saga.handle(.reported(older), replica: 0)
        #expect(saga.replicaStates[0].state == .running)

        let stray = Machine(
            id: MachineID(derivedFrom: saga.workload, path: [2]), site: Self.paris,
            specification: Self.machine, state: .running, replica: machine.replica,
            created: machine.created, changed: machine.changed)
        #expect(saga.handle(.reported(stray), replica: 0) == [.warn(replica: 0, stray)])
    }

    @Test("A hold that is not what was asked for is given back, and another site is tried")
    func unfitHold() throws {
        var saga = try self.saga()
        _ = saga.resume()
        _ = saga.handle(.planned(site: Self.tokyo, turn: self.turn(saga)), replica: 0)
        let (hold, turn) = (try self.hold(saga), self.turn(saga))
        let directives = saga.handle(
            .unfit(hold.reservation, machine: nil, isUnleased: true, reason: "knows no leases"), replica: 0)
        #expect(
            directives == [
                .release(replica: 0, hold, turn: turn, after: .zero),
                .plan(replica: 0, turn: self.turn(saga)),
            ])
        #expect(saga.replicas[0].excluded == [Self.tokyo: "knows no leases"])
        // Whatever becomes of the release concerns nobody any more.
        let before = saga
        #expect(saga.handle(.reservation(self.reservation(hold, .released)), replica: 0) == [])
        #expect(saga.handle(.silent(turn: turn, reason: "10 s"), replica: 0) == [])
        #expect(saga == before)
    }

    @Test("A hold that turns out not to be what was asked for is over before another site is tried")
    func unfitInDoubt() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        _ = saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0)
        let directives = saga.handle(
            .unfit(hold.reservation, machine: nil, isUnleased: true, reason: "knows no leases"), replica: 0)
        #expect(directives == [.release(replica: 0, hold, turn: self.turn(saga), after: .zero)])
        #expect(
            saga.handle(.reservation(self.reservation(hold, .released)), replica: 0)
                == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.replicas[0].excluded == [Self.tokyo: "knows no leases"])
    }

    @Test("A machine that is not what was asked for is deleted before another is placed")
    func unfitMachine() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        let directives = saga.handle(
            .unfit(hold.reservation, machine: machine, isUnleased: true, reason: "knows no leases"),
            replica: 0)
        #expect(directives == [.delete(replica: 0, hold, machine, turn: self.turn(saga), after: .zero)])
        // It has no lease that could run out: only its deletion makes room for another.
        let review = Keeper().review(
            &saga, KeepingWishes(leaseSeconds: 60),
            under: Circumstances(
                now: Instant(millisecondsSinceEpoch: 0), placeable: [0], lapsed: [0]))
        #expect(review.directives == [])
        #expect(
            saga.handle(.deleted(machine), replica: 0) == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.replicas[0].epoch == 2)
        #expect(saga.replicas[0].excluded[Self.tokyo] != nil)
    }

    @Test("A machine that lacks something else than its lease is over once that has run out")
    func unfitLeased() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        let unfit = PlacementSaga.Event.unfit(
            hold.reservation, machine: machine, isUnleased: false, reason: "does not heed hosts")
        let directives = saga.handle(unfit, replica: 0)
        #expect(directives == [.delete(replica: 0, hold, machine, turn: self.turn(saga), after: .zero)])
        let review = Keeper().review(
            &saga, KeepingWishes(leaseSeconds: 60),
            under: Circumstances(
                now: Instant(millisecondsSinceEpoch: 0), placeable: [0], lapsed: [0]))
        #expect(review.directives == [.plan(replica: 0, turn: self.turn(saga))])
        #expect(saga.replicas[0].epoch == 2)
    }

    @Test("Pauses grow from nothing to a minute and no further")
    func pauses() {
        #expect(PlacementSaga.pause(beforeQuestion: 0) == .zero)
        #expect(PlacementSaga.pause(beforeQuestion: 2) == .seconds(2))
        #expect(PlacementSaga.pause(beforeQuestion: 6) == .seconds(32))
        #expect(PlacementSaga.pause(beforeQuestion: 7) == .seconds(60))
        #expect(PlacementSaga.pause(beforeQuestion: .max) == .seconds(60))
    }
}
