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

    private static func settle(_ world: inout SagaWorld) {
        world.calm()
        var steps = 0
        while steps < 3_000, !world.isQuiet || !world.saga.isSettled {
            world.step()
            steps += 1
        }
        // Longer than any hold lasts.
        for _ in 0..<100 { world.step() }
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
        Self.settle(&world)
        #expect(world.saga.state == .placed)
        Self.check(world)
    }

    @Test("Where there is room for all but one, nothing is kept, and the chain says why")
    func tooLittleRoom() {
        var world = SagaWorld(
            seed: 2, workload: Self.workload(2), replicas: 4, rooms: [1, 1, 1], isGang: true)
        world.calm()
        world.start()
        Self.settle(&world)
        #expect(world.saga.state == .failed)
        #expect(world.saga.reason?.contains("no room") == true)
        #expect(world.saga.reason?.contains("all replicas were asked for or none") == true)
        Self.check(world)
    }

    @Test("Once a gang is given up, one of it that was placed before is not placed anew by itself")
    func givenUp() throws {
        var saga = PlacementSaga(workload: Self.workload(7), replicas: 2, isGang: true)
        _ = saga.resume()
        let site = SiteID("tokyo.test")
        for index in 0..<2 {
            _ = saga.handle(.planned(site: site, turn: saga.replicas[index].turn), replica: index)
            let hold = try #require(saga.replicas[index].hold)
            let resources = Samples.resources()
            _ = saga.handle(
                .reservation(
                    Reservation(
                        id: hold.reservation, holder: SiteID("coordinator.test"),
                        specification: MachineSpecification(
                            name: "web-\(index)", resources: resources,
                            image: ImageReference(format: .raw, location: "/images/web")),
                        replica: nil, expires: Instant(millisecondsSinceEpoch: 0))), replica: index)
        }
        let hold = try #require(saga.replicas[0].hold)
        let now = Instant(millisecondsSinceEpoch: 1_000)
        var machine = Machine(
            id: MachineID(derivedFrom: hold.reservation, path: []), site: site,
            specification: MachineSpecification(
                name: "web-0", resources: Samples.resources(),
                image: ImageReference(format: .raw, location: "/images/web")),
            state: .running, replica: ReplicaReference(workload: saga.workload, index: 0, epoch: 1),
            created: now, changed: now)
        _ = saga.handle(.committed(hold.reservation, machine), replica: 0)
        func review(_ seconds: Int64) -> [PlacementSaga.Directive] {
            Keeper().review(
                &saga, nil,
                under: Circumstances(now: now.advanced(by: .seconds(seconds)), placeable: [0, 1])
            ).directives
        }
        _ = review(0)
        // Its site deletes the first; it finds no other, and neither does the second.
        machine.state = .deleted
        machine.changed = now.advanced(by: .milliseconds(1))
        _ = saga.handle(.reported(machine), replica: 0)
        #expect(review(1).count == 1)
        _ = saga.handle(.unplaceable(reason: "no room", turn: saga.replicas[0].turn), replica: 0)
        #expect(saga.replicas[0].phase == .exhausted("no room"))
        let other = try #require(saga.replicas[1].hold)
        let turn = saga.replicas[1].turn
        _ = saga.handle(.refused(other.reservation, turn: turn, reason: "no room"), replica: 1)
        _ = saga.handle(.unknown(other.reservation, turn: saga.replicas[1].turn), replica: 1)
        _ = saga.handle(.unplaceable(reason: "no room", turn: saga.replicas[1].turn), replica: 1)
        #expect(saga.replicas.map(\.phase) == [.gone, .exhausted("no room")])
        #expect(review(3_600) == [])
        #expect(saga.state == .failed)
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
        Self.settle(&world)
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
            Self.settle(&world)
            #expect(world.saga.state == .placed)
            #expect(world.violations == [])
            #expect(world.leaks() == [])
            world.askRemoval()
            Self.settle(&world)
            #expect(world.saga.state == .removed)
            #expect(world.leaks() == [])
        }
    }
}
