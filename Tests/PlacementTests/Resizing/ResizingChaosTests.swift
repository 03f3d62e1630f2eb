import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Resizing under faults")
struct ResizingChaosTests {
    /// Places that a workload of these tests has, so that indices are used again.
    private static let limit = 5

    private static func workload(_ seed: UInt64) -> WorkloadID {
        var generator = SeededGenerator(seed: seed)
        return WorkloadID(randomUsing: &generator)
    }

    @Test(
        "Resized again and again with messages lost, doubled and late and the coordinator killed at any step, no index runs twice and nothing leaks",
        arguments: 0 as UInt64..<200)
    func chaos(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 1_000)
        var world = SagaWorld(
            seed: seed, workload: Self.workload(seed), replicas: 1 + Int(seed % 3), rooms: [2, 2, 2, 3],
            isGang: seed.isMultiple(of: 4))
        world.start()
        for _ in 0..<6 {
            for _ in 0..<Int.random(in: 0...60, using: &generator) { world.step() }
            let kill = [nil, SagaWorld.Mishap.killedBeforeStoring, .killedAfterStoring]
                .randomElement(using: &generator)
            world.resize(
                to: Int.random(in: 1...Self.limit, using: &generator), limit: Self.limit, kill: kill ?? nil)
        }
        if seed.isMultiple(of: 7) { world.askRemoval() }
        world.settle(within: 4_000)
        #expect(world.violations == [])
        #expect(world.leaks() == [])
        #expect(world.warnings == 0)
        #expect(world.saga.isSettled)
        #expect(world.saga.replicas.map(\.index) == Array(0..<world.saga.replicas.count))
        #expect(world.saga.replicas.count <= Self.limit)
        if seed.isMultiple(of: 7) { #expect(world.saga.state == .removed) }
    }

    @Test(
        "Each request of a growth and of a shrinking in turn meets a mishap: the number asked for is reached",
        arguments: 0..<20, SagaWorld.Mishap.allCases)
    func eachStep(request: Int, mishap: SagaWorld.Mishap) {
        for isGang in [false, true] {
            var world = SagaWorld(
                seed: 5, workload: Self.workload(5), replicas: 2, rooms: [2, 2, 2], isGang: isGang)
            world.calm()
            world.start()
            world.settle(within: 4_000)
            let start = world.requests
            world.mishap = (start + request, mishap)
            for count in [4, 1, 3] {
                world.resize(to: count, limit: Self.limit)
                world.settle(within: 4_000)
                #expect(world.saga.wantedCount == count)
                #expect(world.saga.state == .placed)
                #expect(world.saga.replicaStates.count { $0.machine != nil } == count)
            }
            #expect(world.violations == [])
            #expect(world.leaks() == [])
            #expect(world.warnings == 0)
        }
    }

    @Test(
        "Killed before a resizing is stored it never was; killed after, it is carried out",
        arguments: [SagaWorld.Mishap.killedBeforeStoring, .killedAfterStoring], [1, 4])
    func killed(kill: SagaWorld.Mishap, count: Int) {
        var world = SagaWorld(seed: 6, workload: Self.workload(6), replicas: 2, rooms: [2, 2, 2])
        world.calm()
        world.start()
        world.settle(within: 4_000)
        world.resize(to: count, limit: Self.limit, kill: kill)
        world.settle(within: 4_000)
        #expect(
            world.saga.replicaStates.count { $0.machine != nil } == (kill == .killedAfterStoring ? count : 2))
        #expect(world.leaks() == [])
    }

    @Test("A gang that cannot grow as a whole stays as it was")
    func gangStays() {
        var world = SagaWorld(
            seed: 4, workload: Self.workload(4), replicas: 2, rooms: [1, 1, 1], isGang: true)
        world.calm()
        world.start()
        world.settle(within: 4_000)
        let before = world.saga.replicaStates
        let saga = world.saga
        world.resize(to: 4, limit: Self.limit)
        world.settle(within: 4_000)
        #expect(world.saga.state == .placed)
        #expect(world.saga.wantedCount == 2)
        #expect(world.saga.replicaStates == before)
        #expect(world.leaks() == [])
        #expect(world.saga.replicas.count > saga.replicas.count, "their epochs are remembered")
        world.resize(to: 3, limit: Self.limit)
        world.settle(within: 4_000)
        #expect(world.saga.replicaStates.count { $0.machine != nil } == 3)
        #expect(world.saga.replicaStates.map(\.epoch) == [1, 1, 2])
    }
}
