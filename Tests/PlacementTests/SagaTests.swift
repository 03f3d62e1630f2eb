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

    @Test("Removing deletes the machine; a site that has none of that number is as good")
    func removing() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        _ = saga.handle(.reservation(self.reservation(hold, .committed, machine: machine)), replica: 0)
        #expect(
            saga.remove() == [.delete(replica: 0, hold, machine, turn: self.turn(saga), after: .zero)])
        #expect(saga.remove() == [])
        #expect(saga.state == .removing)
        #expect(saga.handle(.deleted(machine), replica: 0) == [])
        #expect(saga.state == .removed)
    }

    @Test("Removing while a commitment is under way finds the machine that came of it")
    func removingInDoubt() throws {
        var saga = try self.committing()
        let hold = try self.hold(saga)
        #expect(saga.remove() == [.release(replica: 0, hold, turn: self.turn(saga), after: .zero)])
        for _ in 0..<10 { _ = saga.handle(.silent(turn: self.turn(saga), reason: "10 s"), replica: 0) }
        #expect(saga.state == .removing)
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        let directives = saga.handle(
            .reservation(self.reservation(hold, .committed, machine: machine)), replica: 0)
        #expect(directives == [.delete(replica: 0, hold, machine, turn: self.turn(saga), after: .zero)])
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
