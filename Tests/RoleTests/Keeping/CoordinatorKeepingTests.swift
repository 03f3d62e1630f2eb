import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Coordinator keeps what is placed", .timeLimit(.minutes(2)))
struct CoordinatorKeepingTests {
    private static let alice = "alice@paris.test"
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.silencePause = .milliseconds(1)
        $0.keeping.startTimeout = .milliseconds(50)
        $0.keeping.longestPause = .milliseconds(60)
    }

    /// Reviews until every replica runs where the coordinator says, as it knows, and nothing else runs.
    private func keep(
        _ coordinator: Coordinator, _ bench: CoordinatorBench, replicas: Int
    ) async throws -> Workload {
        try await bench.settle(coordinator) {
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            let machines = bench.sites.machines
            let isSettled =
                workload.state == .placed && machines.count == replicas
                && machines.allSatisfy { $0.state == .running }
                && workload.replicas.allSatisfy { $0.state == .running }
                && Set(machines.map(\.id)) == Set(workload.replicas.compactMap(\.machine))
            return isSettled ? workload : nil
        }
    }

    @Test("A machine that dies is started again where it is, and the log says why")
    func restarted() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            _ = try await self.keep(coordinator, bench, replicas: 1)
            let before = bench.sites.machines.map(\.id)
            _ = bench.sites.change(.failed, at: "tokyo.test")
            let workload = try await self.keep(coordinator, bench, replicas: 1)
            #expect(bench.sites.machines.map(\.id) == before)
            #expect(workload.replicas[0].epoch == 1)
            let kinds = workload.events?.map(\.kind) ?? []
            #expect(kinds.prefix(1) == [.placed])
            #expect(kinds.suffix(3) == [.failed, .restarting, .running])
            #expect(workload.events?.map(\.number) == Array(1...kinds.count))
            let listed = coordinator.workloads(for: Self.alice, scope: .own)
            #expect(listed.map(\.events) == [nil])
        }
        // The log is on disk.
        try await bench.run(Self.patient) { coordinator, _ in
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(workload.events?.contains { $0.kind == .restarting } == true)
        }
    }

    @Test(
        "A replica that does not start again goes elsewhere, wherever the coordinator is killed meanwhile",
        arguments: 0..<8, [FakeSites.Behaviour.dead, .mute])
    func replaced(fuse: Int, trap: FakeSites.Behaviour) async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            _ = try await self.keep(coordinator, bench, replicas: 2)
        }
        bench.sites.refuseStarts("its disk is gone", at: "tokyo.test")
        _ = bench.sites.change(.failed, at: "tokyo.test")
        bench.sites.arm(fuse: fuse, trap: trap)
        try await bench.run(Self.patient) { coordinator, _ in
            while !bench.sites.isTrapped {
                try Task.checkCancellation()
                await bench.turn(coordinator)
                let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
                if workload.state == .placed, bench.sites.machines.allSatisfy({ $0.state == .running }) {
                    return
                }
                await Task.yield()
            }
        }
        #expect(fuse > 5 || bench.sites.isTrapped)
        let workload = try await bench.run(Self.patient) { coordinator, _ in
            try await self.keep(coordinator, bench, replicas: 2)
        }
        #expect(workload.replicas.map(\.epoch).sorted() == [1, 2])
        #expect(bench.sites.holds == [])
        #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 10)
    }

    @Test("A site that drains is emptied, and never fewer run than before", arguments: 0...11)
    func drained(fuse: Int) async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 3))
            _ = try await self.keep(coordinator, bench, replicas: 3)
        }
        bench.sites.setPolicy(.draining, isBeingEmptied: true, at: "tokyo.test")
        bench.sites.watchRunning()
        if fuse < 11 { bench.sites.arm(fuse: fuse, trap: .mute) }
        try await bench.run(Self.patient) { coordinator, _ in
            while !bench.sites.isTrapped, bench.sites.count(at: "tokyo.test") > 0 {
                try Task.checkCancellation()
                await bench.turn(coordinator)
                await Task.yield()
            }
        }
        #expect(bench.sites.isTrapped == (fuse < 11))
        try await bench.run(Self.patient) { coordinator, _ in
            while true {
                let workload = try await self.keep(coordinator, bench, replicas: 3)
                guard bench.sites.count(at: "tokyo.test") == 0 else { continue }
                #expect(workload.replicas.map(\.epoch) == [2, 2, 2])
                #expect(workload.events?.contains { $0.kind == .leaving } == true)
                break
            }
        }
        #expect(bench.sites.fewestRunning >= 3)
        #expect(bench.sites.holds == [])
    }

    @Test("Nothing is moved away from a site that only says that it drains, as earlier releases do")
    func drainsOnly() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await self.keep(coordinator, bench, replicas: 2)
            bench.sites.setPolicy(.draining, at: "tokyo.test")
            for _ in 0..<20 { await coordinator.review() }
            let after = try await self.keep(coordinator, bench, replicas: 2)
            #expect(after.replicas.map(\.machine) == before.replicas.map(\.machine))
            #expect(after.events?.contains { $0.kind == .leaving } == false)
        }
    }

    @Test("What its owner stops stays stopped; what its site deletes is placed anew")
    func stoppedAndDeleted() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 1))
            _ = try await self.keep(coordinator, bench, replicas: 1)
            let stopped = try #require(bench.sites.change(.stopped, at: "tokyo.test", halt: .ordered))
            await coordinator.receive(MachineReport(machine: stopped), from: stopped.site)
            for _ in 0..<20 { await coordinator.review() }
            #expect(bench.sites.machines.map(\.state) == [.stopped])
            var deleted = try #require(bench.sites.take(at: "tokyo.test"))
            deleted.state = .deleted
            deleted.changed = deleted.changed.advanced(by: .seconds(1))
            await coordinator.receive(MachineReport(machine: deleted), from: deleted.site)
            let workload = try await self.keep(coordinator, bench, replicas: 1)
            #expect(workload.replicas[0].epoch == 2)
        }
    }
}
