import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Placement saga under faults")
struct SagaChaosTests {
    private static func workload(_ seed: UInt64) -> WorkloadID {
        var generator = SeededGenerator(seed: seed)
        return WorkloadID(randomUsing: &generator)
    }

    /// Lets the world run until nothing is under way, with a bound.
    @Test(
        "With messages lost, doubled and late and the coordinator killed at any step, no replica ever runs twice and nothing leaks",
        arguments: 0..<200 as Range<UInt64>)
    func chaos(seed: UInt64) {
        var world = SagaWorld(
            seed: seed, workload: Self.workload(seed), replicas: 1 + Int(seed % 4), rooms: [2, 1, 1, 3])
        world.start()
        for _ in 0..<(50 + Int(seed) * 3) { world.step() }
        if seed.isMultiple(of: 3) { world.askRemoval() }
        for _ in 0..<150 { world.step() }
        world.settle()
        #expect(world.violations == [])
        #expect(world.leaks() == [])
        #expect(world.saga.isSettled)
        #expect(world.warnings == 0)
        if seed.isMultiple(of: 3) { #expect(world.saga.state == .removed) }
    }

    @Test("Without faults every replica is placed, whenever the coordinator is killed", arguments: 0..<60)
    func killedAtEachStep(step: Int) {
        var world = SagaWorld(seed: 7, workload: Self.workload(7), replicas: 3, rooms: [3, 3, 3])
        world.calm()
        world.start()
        for _ in 0..<step { world.step() }
        world.crash()
        world.settle()
        #expect(world.saga.state == .placed)
        #expect(world.violations == [])
        #expect(world.leaks() == [])
    }

    @Test("Removal at any moment leaves nothing, whenever the coordinator is killed", arguments: 0..<60)
    func removedAtEachStep(step: Int) {
        var world = SagaWorld(seed: 8, workload: Self.workload(8), replicas: 3, rooms: [1, 1, 1])
        world.calm()
        world.start()
        for _ in 0..<step { world.step() }
        world.askRemoval()
        world.crash()
        world.settle()
        #expect(world.saga.state == .removed)
        #expect(world.violations == [])
        #expect(world.leaks() == [])
    }

    @Test("Where there is too little room, what fits is placed and the rest fails with its chain")
    func tooLittleRoom() {
        var world = SagaWorld(seed: 9, workload: Self.workload(9), replicas: 4, rooms: [1, 1, 0])
        world.start()
        world.settle()
        #expect(world.saga.state == .failed)
        #expect(world.saga.replicaStates.count { $0.machine != nil } == 2)
        #expect(world.saga.reason?.contains("no room") == true)
        #expect(world.leaks() == [])
    }
}
