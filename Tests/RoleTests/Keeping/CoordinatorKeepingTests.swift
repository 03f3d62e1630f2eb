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

    private static let tokyo = "tokyo.test"

    /// A request at which the coordinator is killed: how many of its kind come before it.
    struct Fuse: Hashable, CustomTestStringConvertible {
        let kind: SiteRequest.Kind
        let earlier: Int

        var testDescription: String { "\(self.kind) after \(self.earlier)" }

        /// One for each request, of so many of each kind.
        static func each(_ counts: KeyValuePairs<SiteRequest.Kind, Int>) -> [Self] {
            counts.flatMap { kind, count in (0..<count).map { Self(kind: kind, earlier: $0) } }
        }
    }

    /// What is asked for at the least when a replica is replaced.
    ///
    /// How often a start or a deletion is asked for again nobody can say, so requests are counted by kind.
    private static let replacement = Fuse.each([
        .machines: 1, .restart: 3, .delete: 2, .reserve: 1, .commit: 1,
    ])
    /// The same when three replicas leave a site: the machine of each must be known to be gone before the next leaves.
    private static let leaving = Fuse.each([.machines: 1, .reserve: 3, .commit: 3, .delete: 5])
    /// The last time it goes on unharmed.
    private static let leavingOrNone = leaving.map { fuse -> Fuse? in fuse } + [nil]

    /// Reviews until it is kept and none is left in Tokyo.
    private func drain(
        _ coordinator: Coordinator, _ bench: CoordinatorBench, replicas: Int
    ) async throws -> Workload {
        try await bench.settle(coordinator) { () throws -> Workload? in
            guard bench.sites.count(at: Self.tokyo) == 0 else { return nil }
            return try bench.kept(coordinator, replicas: replicas)
        }
    }

    /// Reviews until the fuse is sprung, or until `isOver` without that.
    private func goOn(
        _ coordinator: Coordinator, _ bench: CoordinatorBench, until isOver: () throws -> Bool
    ) async throws {
        _ = try await bench.settle(coordinator) { () throws -> Bool? in
            if bench.sites.isTrapped { return true }
            return try isOver() ? true : nil
        }
    }

    /// What kinds of requests a new process makes until `isDone`.
    private func kinds(
        in bench: CoordinatorBench, until isDone: @Sendable (Coordinator) async throws -> Workload
    ) async throws -> Set<SiteRequest.Kind> {
        let before = bench.sites.read(\.asked.count)
        try await bench.run(Self.patient) { coordinator, _ in _ = try await isDone(coordinator) }
        return Set(bench.sites.read(\.asked).dropFirst(before).map(\.kind))
    }

    /// Two replicas in Tokyo, where one has failed and cannot be started again.
    private func failedForGood() async throws -> CoordinatorBench {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            _ = try await bench.keep(coordinator, replicas: 2)
        }
        #expect(bench.sites.count(at: Self.tokyo) == 2)
        bench.sites.refuseStarts("its disk is gone", at: Self.tokyo)
        _ = bench.sites.change(.failed, at: Self.tokyo)
        return bench
    }

    /// Three replicas in Tokyo, which is to be emptied.
    private func draining() async throws -> CoordinatorBench {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 3))
            _ = try await bench.keep(coordinator, replicas: 3)
        }
        #expect(bench.sites.count(at: Self.tokyo) == 3)
        bench.sites.setPolicy(.draining, isBeingEmptied: true, at: Self.tokyo)
        bench.sites.watchRunning()
        return bench
    }

    @Test("A machine that dies is started again where it is, and the log says why")
    func restarted() async throws {
        let bench = try CoordinatorBench()
        let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
            Self.patient(&$0)
            // Each look moves the clock: while the test waits for a start, it must not count as failed.
            $0.keeping.startTimeout = .seconds(86_400)
        }
        try await bench.run(patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            _ = try await bench.keep(coordinator, replicas: 1)
            let before = bench.sites.machines.map(\.id)
            _ = bench.sites.change(.failed, at: Self.tokyo)
            let workload = try await bench.keep(coordinator, replicas: 1)
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
        try await bench.run(patient) { coordinator, _ in
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(workload.events?.contains { $0.kind == .restarting } == true)
        }
    }

    @Test(
        "A replica that does not start again goes elsewhere, wherever the coordinator is killed meanwhile",
        arguments: Self.replacement, [FakeSites.Behaviour.dead, .mute])
    func replaced(fuse: Fuse, trap: FakeSites.Behaviour) async throws {
        let bench = try await self.failedForGood()
        bench.sites.arm(fuse: fuse.earlier, among: fuse.kind, trap: trap)
        try await bench.run(Self.patient) { coordinator, _ in
            try await self.goOn(coordinator, bench) {
                try bench.kept(coordinator, replicas: 2) != nil
            }
        }
        #expect(bench.sites.isTrapped)
        let workload = try await bench.run(Self.patient) { coordinator, _ in
            try await bench.keep(coordinator, replicas: 2)
        }
        #expect(workload.replicas.map(\.epoch).sorted() == [1, 2])
        #expect(bench.sites.count(at: Self.tokyo) == 1, "one stays, and the other goes elsewhere")
        #expect(bench.sites.holds == [])
        #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 10)
    }

    @Test(
        "A site that drains is emptied, and never fewer run than before, wherever the coordinator is killed",
        arguments: Self.leavingOrNone)
    func drained(fuse: Fuse?) async throws {
        let bench = try await self.draining()
        if let fuse { bench.sites.arm(fuse: fuse.earlier, among: fuse.kind, trap: .mute) }
        try await bench.run(Self.patient) { coordinator, _ in
            try await self.goOn(coordinator, bench) {
                guard bench.sites.count(at: Self.tokyo) == 0 else { return false }
                return try bench.kept(coordinator, replicas: 3) != nil
            }
        }
        #expect(bench.sites.isTrapped == (fuse != nil))
        try await bench.run(Self.patient) { coordinator, _ in
            let workload = try await self.drain(coordinator, bench, replicas: 3)
            #expect(workload.replicas.map(\.epoch) == [2, 2, 2])
            #expect(workload.events?.contains { $0.kind == .leaving } == true)
        }
        #expect(bench.sites.fewestRunning >= 3)
        #expect(bench.sites.holds == [])
    }

    @Test("There is no kind of request at which the coordinator is not killed in these tests")
    func requests() async throws {
        let failed = try await self.failedForGood()
        let replacing = try await self.kinds(in: failed) { coordinator in
            try await failed.keep(coordinator, replicas: 2)
        }
        #expect(replacing == Set(Self.replacement.map(\.kind)))
        let draining = try await self.draining()
        let leaving = try await self.kinds(in: draining) { coordinator in
            try await self.drain(coordinator, draining, replicas: 3)
        }
        #expect(leaving == Set(Self.leaving.map(\.kind)))
    }

    @Test("Nothing is moved away from a site that only says that it drains, as earlier releases do")
    func drainsOnly() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await bench.keep(coordinator, replicas: 2)
            bench.sites.setPolicy(.draining, at: Self.tokyo)
            for _ in 0..<20 { await coordinator.review() }
            let after = try await bench.keep(coordinator, replicas: 2)
            #expect(after.replicas.map(\.machine) == before.replicas.map(\.machine))
            #expect(after.events?.contains { $0.kind == .leaving } == false)
        }
    }

    @Test("What its owner stops stays stopped; what its site deletes is placed anew")
    func stoppedAndDeleted() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 1))
            _ = try await bench.keep(coordinator, replicas: 1)
            let stopped = try #require(bench.sites.change(.stopped, at: Self.tokyo, halt: .ordered))
            try await coordinator.receive(MachineReport(machine: stopped), from: stopped.site)
            for _ in 0..<20 { await coordinator.review() }
            #expect(bench.sites.machines.map(\.state) == [.stopped])
            var deleted = try #require(bench.sites.take(at: Self.tokyo))
            deleted.state = .deleted
            deleted.changed = deleted.changed.advanced(by: .seconds(1))
            try await coordinator.receive(MachineReport(machine: deleted), from: deleted.site)
            let workload = try await bench.keep(coordinator, replicas: 1)
            #expect(workload.replicas[0].epoch == 2)
            // What a review decides is in the log at once, whenever it is carried out.
            #expect(workload.events?.contains { $0.kind == .restarting } == false)
            #expect(bench.sites.startsAsked == 0)
        }
    }
}
