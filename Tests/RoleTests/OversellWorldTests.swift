import CloudModel
import Placement
import Testing

@Suite("Never oversold, in virtual time")
struct OversellWorldTests {
    private static let slots = 16

    @Test(
        "64 callers of 4 coordinators want 16 places while messages are lost, doubled, delayed and late and processes are killed: never more than there is, and nothing is left over",
        arguments: 0 as UInt64..<24)
    func race(seed: UInt64) throws {
        var world = try OversellWorld(seed: seed, callers: 64, coordinators: 4, slots: Self.slots)
        world.start()
        for _ in 0..<600 { try world.step() }
        // Once in some hundred runs nobody has been killed by then.
        for _ in 0..<6_000 where !world.missing.isEmpty { try world.step() }
        #expect(world.missing == [])
        world.calm()
        try Self.settle(&world)
        #expect(world.violations == [])
        let placed = world.sagas.filter { $0.state == .placed }
        #expect(placed.count <= Self.slots)
        #expect(world.promised == placed.count)
        #expect(world.machines == placed.count)

        world.removeAll()
        try Self.settle(&world)
        #expect(world.violations == [])
        #expect(world.sagas.allSatisfy { $0.state == .removed })
        #expect(world.promised == 0)
        #expect(world.machines == 0)
    }

    @Test("Where nothing goes wrong every place is taken")
    func quiet() throws {
        var world = try OversellWorld(seed: 1, callers: 64, coordinators: 4, slots: Self.slots)
        world.calm()
        world.start()
        try Self.settle(&world)
        #expect(world.violations == [])
        #expect(world.sagas.count { $0.state == .placed } == Self.slots)
        #expect(world.sagas.count { $0.state == .failed } == 64 - Self.slots)
    }

    private static func settle(_ world: inout OversellWorld) throws {
        var steps = 0
        while steps < 3_000, !world.isSettled {
            try world.step()
            steps += 1
        }
        // Longer than any hold lasts.
        for _ in 0..<80 { try world.step() }
    }
}
