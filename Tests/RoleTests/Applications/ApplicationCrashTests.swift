import CloudModel
import Coordinator
import GRDB
import Operations
import Placement
import Storage
import Testing

@Suite("Applications under faults", .timeLimit(.minutes(2)))
struct ApplicationCrashTests {
    /// Lets a new process go on until everything is as it should be.
    private func finish(_ bench: CoordinatorBench) async throws -> Application? {
        try await bench.run { coordinator, _ in try await coordinator.settled("shop", over: bench) }
    }

    @Test(
        "Killed at any request, answered or not, the coordinator goes on: each part once, in order",
        arguments: 0...8, [FakeSites.Behaviour.dead, .mute])
    func killedWhileApplying(fuse: Int, trap: FakeSites.Behaviour) async throws {
        let bench = try CoordinatorBench()
        bench.sites.arm(fuse: fuse, trap: trap)
        try await bench.run { coordinator, table in
            _ = try await table.perform(ApplicationBench.apply())
            _ = try await coordinator.settled("shop", over: bench) { bench.sites.isTrapped }
        }
        #expect(bench.sites.isTrapped == (fuse < 8), "four machines take eight requests")
        let application = try #require(try await self.finish(bench))
        #expect(application.parts.map(\.running) == [1, 1, 2])
        #expect(bench.sites.machines.count == 4)
        #expect(bench.sites.holds == [])
        #expect(Set(bench.sites.machines.map(\.specification.name)).count == 4)
    }

    @Test("Killed at any request while a part is replaced, it ends with the new one alone", arguments: 0...3)
    func killedWhileReplacing(fuse: Int) async throws {
        let bench = try CoordinatorBench()
        let document = ApplicationBench.shop.replacing("[US]", with: "[FR]")
        try await bench.run { coordinator, table in
            _ = try await table.perform(ApplicationBench.apply())
            _ = try await coordinator.settled("shop", over: bench)
            bench.sites.watchRunning()
            bench.sites.arm(fuse: fuse, trap: .mute)
            _ = try await table.perform(ApplicationBench.apply(document))
            _ = try await coordinator.settled("shop", over: bench) { bench.sites.isTrapped }
        }
        #expect(bench.sites.isTrapped == (fuse < 3), "it is held and made, and the old one deleted")
        let application = try #require(try await self.finish(bench))
        #expect(application.parts.map(\.running) == [1, 1, 2])
        #expect(bench.sites.machines.count == 4)
        #expect(bench.sites.machines.count { $0.specification.name.hasPrefix("shop-api-g2") } == 1)
        #expect(bench.sites.fewestRunning == 4)
    }

    @Test("Killed at any request while it is removed, nothing is left", arguments: 0...4)
    func killedWhileRemoving(fuse: Int) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(ApplicationBench.apply())
            _ = try await coordinator.settled("shop", over: bench)
            bench.sites.arm(fuse: fuse, trap: .mute)
            let application = try coordinator.application("shop", for: "alice@paris.test", scope: .own)
            try await coordinator.change(application) { saga, _ in saga.remove() }
            _ = try await coordinator.settled("shop", as: [], over: bench) { bench.sites.isTrapped }
        }
        #expect(bench.sites.isTrapped == (fuse < 4), "each machine is deleted")
        let left = try await bench.run { coordinator, _ in
            try await coordinator.settled("shop", as: [], over: bench)
        }
        #expect(left == nil)
        #expect(bench.sites.machines == [])
        #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 12)
    }

    /// From now on the disk takes nothing about applications, or takes everything again.
    private func set(isFull: Bool, in bench: CoordinatorBench) throws {
        try bench.database.writer.write { connection in
            for change in ["INSERT", "UPDATE"] {
                try connection.execute(
                    sql: isFull
                        ? """
                        CREATE TRIGGER fullApplication\(change) BEFORE \(change) ON application
                        BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END
                        """ : "DROP TRIGGER fullApplication\(change)")
            }
        }
    }

    @Test("A disk that takes nothing keeps the application from being acted upon, and is said")
    func fullDisk() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try self.set(isFull: true, in: bench)
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(ApplicationBench.apply())
            }
            #expect(error?.code == .unavailable)
            await coordinator.advanceDueApplications()
            #expect(bench.sites.read(\.asked) == [])
            try self.set(isFull: false, in: bench)
            _ = try await coordinator.settled("shop", over: bench)
        }
        #expect(bench.sites.machines.count == 4)
    }
}
