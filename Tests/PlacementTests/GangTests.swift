import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("All replicas or none")
struct GangTests {
    private static func workload(_ seed: UInt64) -> WorkloadID {
        var generator = SeededGenerator(seed: seed)
        return WorkloadID(randomUsing: &generator)
    }

    /// Whole or nothing, and nothing left behind.
    private static func check(_ world: SagaWorld) {
        #expect(world.violations == [])
        #expect(world.leaks() == [])
        #expect(world.warnings == 0)
        #expect(world.saga.isSettled)
        let machines = world.saga.replicaStates.count { $0.machine != nil }
        switch world.saga.state {
        case .placed: #expect(machines == world.saga.replicas.count)
        case .failed, .removed: #expect(machines == 0)
        case .placing, .removing: Issue.record("not settled")
        }
    }

    @Test("Where there is room for all, nothing is committed before all is held, and then all is")
    func whole() {
        var world = SagaWorld(
            seed: 1, workload: Self.workload(1), replicas: 4, rooms: [2, 1, 1, 1], isGang: true)
        world.calm()
        world.start()
        world.settle()
        #expect(world.saga.state == .placed)
        Self.check(world)
    }

    @Test("Where there is room for all but one, nothing is kept, and the chain says why")
    func tooLittleRoom() {
        var world = SagaWorld(
            seed: 2, workload: Self.workload(2), replicas: 4, rooms: [1, 1, 1], isGang: true)
        world.calm()
        world.start()
        world.settle()
        #expect(world.saga.state == .failed)
        #expect(world.saga.reason?.contains("no room") == true)
        #expect(world.saga.reason?.contains("all replicas were asked for or none") == true)
        Self.check(world)
    }

    private static let site = SiteID("tokyo.test")
    private static let elsewhere = SiteID("paris.test")
    private static let now = Instant(millisecondsSinceEpoch: 1_000)

    private static func specification(_ index: Int) -> MachineSpecification {
        MachineSpecification(
            name: "web-\(index)", resources: Samples.resources(),
            image: ImageReference(format: .raw, location: "/images/web"))
    }

    private static func machine(_ index: Int, _ saga: PlacementSaga, of hold: Hold) -> Machine {
        Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: hold.site,
            specification: self.specification(index), state: .running,
            replica: ReplicaReference(
                workload: saga.workload, index: index, epoch: saga.replicas[index].epoch),
            created: self.now, changed: self.now)
    }

    /// Has room for a replica held at `site`.
    private static func hold(_ index: Int, at site: SiteID, in saga: inout PlacementSaga) throws -> Hold {
        _ = saga.handle(.planned(site: site, turn: saga.replicas[index].turn), replica: index)
        let hold = try #require(saga.replicas[index].hold)
        _ = saga.handle(
            .reservation(
                Reservation(
                    id: hold.reservation, holder: SiteID("coordinator.test"),
                    specification: self.specification(index), replica: nil,
                    expires: Instant(millisecondsSinceEpoch: 0))), replica: index)
        return hold
    }

    /// A gang of two that is held, and of which the first has a machine.
    private static func half(seed: UInt64) throws -> PlacementSaga {
        var saga = PlacementSaga(workload: self.workload(seed), replicas: 2, isGang: true)
        _ = saga.resume()
        let hold = try self.hold(0, at: self.site, in: &saga)
        _ = try self.hold(1, at: self.site, in: &saga)
        _ = saga.handle(.committed(hold.reservation, self.machine(0, saga, of: hold)), replica: 0)
        return saga
    }

    private static func review(_ saga: inout PlacementSaga, _ seconds: Int64) -> [PlacementSaga.Directive] {
        Keeper().review(
            &saga, nil,
            under: Circumstances(now: self.now.advanced(by: .seconds(seconds)), placeable: [0, 1])
        ).directives
    }

    @Test("One of a gang that was never whole is not placed anew alone once no site takes it any more")
    func givenUp() throws {
        var saga = try Self.half(seed: 7)
        _ = Self.review(&saga, 0)
        // Its site deletes the first, which finds no other, while the second is being made.
        var machine = try #require(saga.replicas[0].machine)
        machine.state = .deleted
        machine.changed = Self.now.advanced(by: .milliseconds(1))
        _ = saga.handle(.reported(machine), replica: 0)
        #expect(Self.review(&saga, 1).count == 1)
        let other = try #require(saga.replicas[1].hold)
        let given = saga.handle(
            .unplaceable(reason: "no room", turn: saga.replicas[0].turn), replica: 0)
        guard case .release(1, other, _, _)? = given.first else {
            Issue.record("the second is kept: \(given)")
            return
        }
        _ = saga.handle(.unknown(other.reservation, turn: saga.replicas[1].turn), replica: 1)
        #expect(saga.replicas.map(\.phase) == [.exhausted("no room"), .gone])
        #expect(Self.review(&saga, 3_600) == [])
        #expect(saga.state == .failed)
    }

    @Test("One that its site makes otherwise than it was asked for is placed elsewhere, or all is given back")
    func unfit() throws {
        for isRoom in [true, false] {
            var saga = try Self.half(seed: 8)
            let hold = try #require(saga.replicas[1].hold)
            let wrong = Self.machine(1, saga, of: hold).id
            _ = saga.handle(
                .unfit(
                    hold.reservation, machine: wrong, isUnleased: true, reason: "knows no leases"), replica: 1
            )
            #expect(saga.replicas[1].phase == .replacing(hold, wrong, asked: 0))
            let next = saga.handle(.deleted(wrong), replica: 1)
            guard case .plan(1, let turn)? = next.first else {
                Issue.record("not placed anew: \(next)")
                return
            }
            guard isRoom else {
                let given = saga.handle(.unplaceable(reason: "no room", turn: turn), replica: 1)
                let first = try #require(saga.replicas[0].machine?.id)
                guard case .delete(0, _, first, _, _)? = given.first else {
                    Issue.record("the first is kept: \(given)")
                    return
                }
                _ = saga.handle(.deleted(first), replica: 0)
                #expect(saga.state == .failed)
                #expect(Self.review(&saga, 0) == [] && Self.review(&saga, 3_600) == [])
                continue
            }
            let other = try Self.hold(1, at: Self.elsewhere, in: &saga)
            #expect(saga.replicas[1].phase == .committing(other, asked: 0))
            _ = saga.handle(.committed(other.reservation, Self.machine(1, saga, of: other)), replica: 1)
            #expect(saga.state == .placed)
            // Whole once: one that is lost later is looked for by itself, and the other stays.
            _ = Self.review(&saga, 0)
            var deleted = try #require(saga.replicas[1].machine)
            deleted.state = .deleted
            deleted.changed = Self.now.advanced(by: .milliseconds(1))
            _ = saga.handle(.reported(deleted), replica: 1)
            _ = Self.review(&saga, 1)
            #expect(
                saga.handle(.unplaceable(reason: "no room", turn: saga.replicas[1].turn), replica: 1) == [])
            #expect(saga.replicas[1].phase == .exhausted("no room"))
            #expect(Self.review(&saga, 60) == [])
            guard case .plan(1, _)? = Self.review(&saga, 3_600).first else {
                Issue.record("not looked for again: \(saga.replicas[1])")
                return
            }
        }
    }

    @Test(
        "With messages lost, doubled and late and the coordinator killed at any step, it is whole or nothing",
        arguments: 0 as UInt64..<200)
    func chaos(seed: UInt64) {
        var world = SagaWorld(
            seed: seed, workload: Self.workload(seed), replicas: 2 + Int(seed % 3),
            rooms: seed.isMultiple(of: 2) ? [2, 1, 1, 3] : [1, 1, 0, 1], isGang: true)
        world.start()
        for _ in 0..<(50 + Int(seed) * 3) { world.step() }
        if seed.isMultiple(of: 5) { world.askRemoval() }
        for _ in 0..<150 { world.step() }
        world.settle()
        Self.check(world)
        if seed.isMultiple(of: 5) { #expect(world.saga.state == .removed) }
    }

    @Test(
        "Each request in turn is lost, unanswered, refused or doubled, or the coordinator is killed around it",
        arguments: 0..<24, SagaWorld.Mishap.allCases)
    func eachStep(request: Int, mishap: SagaWorld.Mishap) {
        for isGang in [false, true] {
            var world = SagaWorld(
                seed: 3, workload: Self.workload(3), replicas: 3, rooms: [1, 1, 1, 1], isGang: isGang)
            world.calm()
            world.mishap = (request, mishap)
            world.start()
            world.settle()
            #expect(world.saga.state == .placed)
            #expect(world.violations == [])
            #expect(world.leaks() == [])
            world.askRemoval()
            world.settle()
            #expect(world.saga.state == .removed)
            #expect(world.leaks() == [])
        }
    }
}
