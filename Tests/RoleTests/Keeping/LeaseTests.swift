import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Leases and fencing, in virtual time")
struct LeaseTests {
    /// Lets the world run for that long, in milliseconds.
    private func run(_ world: inout LeaseWorld, for duration: Int64) {
        let end = world.clock + duration
        while world.clock < end { world.advance() }
    }

    /// Runs until every replica runs once, for ten minutes at most.
    private func settle(_ world: inout LeaseWorld) {
        world.isRough = false
        let end = world.clock + 1_800_000
        while world.clock < end, !world.isWell { world.advance() }
    }

    @Test("In calm weather nothing is ever stopped or moved", arguments: 0 as UInt64..<3)
    func calm(seed: UInt64) {
        var world = LeaseWorld(seed: seed, replicas: 3, sites: 3)
        world.isRough = false
        self.run(&world, for: 600_000)
        #expect(world.isWell)
        #expect(world.stops == 0)
        #expect(world.saga.replicas.map(\.epoch) == [1, 1, 1])
        #expect(world.violations == [])
    }

    @Test(
        "A site that is cut off stops its replicas, and they run elsewhere only after that", arguments: 0..<12
    )
    func cut(second: Int) throws {
        var world = LeaseWorld(seed: 5, replicas: 2, sites: 3)
        world.isRough = false
        self.run(&world, for: 10_000 + Int64(second) * 500)
        let site = try #require(world.saga.replicas[0].hold?.site)
        let index = try #require((0..<3).first { SiteID("s\($0).test") == site })
        let epochs = world.saga.replicas.map { $0.hold?.site == site ? 2 : 1 }
        world.cut(index, true)
        self.run(&world, for: 120_000)
        #expect(world.violations == [])
        #expect(world.isWell)
        #expect(world.stops == epochs.count { $0 == 2 })
        #expect(world.saga.replicas.map(\.epoch) == epochs)
        world.cut(index, false)
        self.run(&world, for: 120_000)
        #expect(world.violations == [])
        #expect(world.isWell)
        #expect(world.saga.replicas.map(\.epoch) == epochs, "what runs elsewhere stays there")
    }

    @Test("A short cut stops nothing", arguments: 0 as UInt64..<10)
    func shortCut(seed: UInt64) {
        var world = LeaseWorld(seed: seed, replicas: 3, sites: 2)
        world.isRough = false
        self.run(&world, for: 30_000)
        for index in 0..<2 { world.cut(index, true) }
        // Less than a lease less its lead and a renewal's interval.
        self.run(&world, for: 9_000)
        for index in 0..<2 { world.cut(index, false) }
        self.run(&world, for: 60_000)
        #expect(world.stops == 0)
        #expect(world.isWell)
    }

    @Test("Without any other site the replica waits for its own to come back, and starts there again")
    func onlySite() {
        var world = LeaseWorld(seed: 3, replicas: 1, sites: 1)
        world.isRough = false
        self.run(&world, for: 30_000)
        world.cut(0, true)
        self.run(&world, for: 300_000)
        #expect(world.stops == 1)
        #expect(world.saga.replicas[0].epoch == 1)
        world.cut(0, false)
        self.settle(&world)
        #expect(world.isWell)
        #expect(world.saga.replicas[0].epoch == 1)
        #expect(world.violations == [])
    }

    @Test(
        "Cuts, restarts and reboots of either side, wrong clocks and late messages: no replica ever runs twice",
        arguments: 0 as UInt64..<40)
    func chaos(seed: UInt64) {
        var world = LeaseWorld(seed: seed, replicas: 1 + Int(seed % 3), sites: 3)
        // Once placed it is kept; what never was placed is given up, as its owner is told.
        self.settle(&world)
        world.isRough = true
        var generator = SeededGenerator(seed: seed &+ 1_000)
        for _ in 0..<40 {
            let site = Int.random(in: 0..<3, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: world.cut(site, true)
            case 2: world.cut(site, false)
            // What starts it again does so within the margin: that is what the lease of a killed agent rests on.
            case 3: world.killAgent(site, for: Int64.random(in: 1...12, using: &generator) * 250)
            case 4: world.reboot(site, for: Int64.random(in: 4...400, using: &generator) * 250)
            case 5: world.killMachine(at: site)
            case 6: world.killCoordinator(for: Int64.random(in: 1...300, using: &generator) * 250)
            case _: break
            }
            self.run(&world, for: Int64.random(in: 1...160, using: &generator) * 250)
        }
        #expect(world.violations == [])
        for site in 0..<3 { world.cut(site, false) }
        self.settle(&world)
        #expect(world.violations == [])
        #expect(world.isWell, "\(world.saga.replicas.map(\.phase))")
    }
}
