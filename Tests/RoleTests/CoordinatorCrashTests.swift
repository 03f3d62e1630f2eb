import CloudModel
import Coordinator
import Federation
import Operations
import Storage
import Testing

@Suite("Coordinator under faults", .timeLimit(.minutes(2)))
struct CoordinatorCrashTests {
    /// Ends as soon as the workload is neither being placed nor removed.
    private func settle(_ name: String, in coordinator: Coordinator) async throws -> Workload {
        try await coordinator.settled(name, owner: "alice@paris.test")
    }

    @Test(
        "Killed at any request, answered or not, it resumes: placed once, nothing held",
        arguments: 0..<6, [FakeSites.Behaviour.dead, .mute])
    func killedAtEachRequest(fuse: Int, trap: FakeSites.Behaviour) async throws {
        let bench = try CoordinatorBench()
        bench.sites.arm(fuse: fuse, trap: trap)
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 3, wait: "accepted"))
            await bench.sites.untilTrapped()
        }
        let workload = try await bench.run { coordinator, _ in
            try await self.settle("web", in: coordinator)
        }
        #expect(workload.state == .placed)
        #expect(bench.sites.machines.count == 3)
        #expect(Set(bench.sites.machines.map(\.id)) == Set(workload.replicas.compactMap(\.machine)))
        #expect(bench.sites.holds == [])
    }

    @Test("Killed while removing, it goes on until nothing is left", arguments: 0..<3)
    func killedWhileRemoving(fuse: Int) async throws {
        let bench = try CoordinatorBench()
        let id = try await bench.run { coordinator, table in
            let workload = try await table.perform(CoordinatorBench.place(replicas: 3)).workload()
            bench.sites.arm(fuse: fuse, trap: .mute)
            await coordinator.remove(workload.id)
            await bench.sites.untilTrapped()
            return workload.id
        }
        let workload = try await bench.run { coordinator, _ in
            try await self.settle("\(id)", in: coordinator)
        }
        #expect(workload.state == .removed)
        #expect(bench.sites.machines == [])
        #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 12)
    }

    @Test("A site that accepts and dies keeps the replica: nothing is started elsewhere")
    func acceptsAndDies() async throws {
        let bench = try CoordinatorBench()
        // The commitment arrives, its answer does not.
        bench.sites.arm(fuse: 1, trap: .mute)
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place(wait: "accepted"))
            await bench.sites.untilTrapped()
        }
        bench.sites.set(.dead, at: "tokyo.test")
        try await bench.run { coordinator, _ in
            let workload = try coordinator.workload("web", for: "alice@paris.test", scope: .own)
            #expect(workload.state == .placing)
            #expect(workload.replicas[0].site == SiteID("tokyo.test"))
        }
        #expect(bench.sites.machines.map(\.site) == [SiteID("tokyo.test")])
        bench.sites.set(.normal, at: "tokyo.test")
        let workload = try await bench.run { coordinator, _ in
            try await self.settle("web", in: coordinator)
        }
        #expect(workload.state == .placed)
        #expect(bench.sites.machines.count == 1)
    }

    @Test("After a restart the state of machines is asked for, as reports may have been missed")
    func missedReports() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place())
        }
        _ = bench.sites.change(.failed, at: "tokyo.test")
        bench.sites.refuseStarts("its disk is gone", at: "tokyo.test")
        let state = try await bench.run { coordinator, _ in
            try await coordinator.awaitState(.failed, of: "web", owner: "alice@paris.test")
        }
        #expect(state == .failed)
    }

    @Test("Removed workloads are forgotten after their time, keys included")
    func forgetting() async throws {
        let bench = try CoordinatorBench()
        let first = try await bench.run { coordinator, table in
            let workload = try await table.perform(CoordinatorBench.place(key: "k")).workload()
            await coordinator.remove(workload.id)
            _ = try await self.settle("\(workload.id)", in: coordinator)
            return workload.id
        }
        let second = try await bench.run({ $0.remembrance = .zero }) { _, table in
            try await table.perform(CoordinatorBench.place(key: "k")).workload().id
        }
        #expect(first != second)
        #expect(bench.sites.machines.count == 1)
    }
}
