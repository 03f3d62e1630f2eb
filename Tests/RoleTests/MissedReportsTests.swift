import CloudModel
import Coordinator
import Federation
import Logging
import Operations
import Placement
import Storage
import Testing

@Suite("Reports that a coordinator may have missed", .timeLimit(.minutes(2)))
struct MissedReportsTests {
    private static let tokyo = "tokyo.test"

    /// A coordinator that has placed one workload, and is down while its machine fails.
    private func bench() async throws -> (bench: CoordinatorBench, failed: Machine) {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place())
            let store = PlacementStore(bench.database)
            while try await store.load().map(\.saga.state) != [.placed] {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        bench.sites.refuseStarts("its disk is gone", at: Self.tokyo)
        return (bench, try #require(bench.sites.change(.failed, at: Self.tokyo)))
    }

    /// How often a site was asked what it has.
    private static func asked(_ bench: CoordinatorBench) -> Int {
        bench.sites.read { state in state.asked.count { $0.kind == .machines } }
    }

    @Test("What is reported before the stored workloads have been read is refused, so that its site keeps it")
    func early() async throws {
        let (bench, failed) = try await self.bench()
        let coordinator = Coordinator(
            configuration: .init(address: SiteID("coordinator.test")), store: PlacementStore(bench.database),
            sites: bench.sites, now: { bench.clock.now() }, logger: Logger(label: "test"))
        let error = await #expect(throws: OperationError.self) {
            try await coordinator.receive(MachineReport(machine: failed), from: failed.site)
        }
        #expect(error?.code == .unavailable)
    }

    @Test(
        "A site that does not tell at the start what it has is asked again until it does",
        arguments: [FakeSites.Behaviour.silent, .unreachable, .refusing("too many requests")])
    func askedAgain(behaviour: FakeSites.Behaviour) async throws {
        let (bench, _) = try await self.bench()
        bench.sites.arm(fuse: 0, among: .machines, trap: behaviour)
        let state = try await bench.run { coordinator, _ in
            try await coordinator.awaitState(.failed, of: "web", owner: "alice@paris.test")
        }
        #expect(state == .failed)
        #expect(bench.sites.isTrapped)
    }

    @Test(
        "It is asked after pauses that grow to a minute, and no more once it has left the alliance",
        arguments: [false, true])
    func pauses(hasLeft: Bool) async throws {
        let (bench, _) = try await self.bench()
        bench.sites.set(.silent, at: Self.tokyo)
        bench.sites.update { $0.isSilent = hasLeft }
        // On the bench shorter pauses are over at once, and one of a minute lasts: 2, 4, 8, 16, 32 and 60 seconds.
        let most = hasLeft ? 1 : 6
        try await bench.run { _, _ in
            while Self.asked(bench) < most {
                try Task.checkCancellation()
                await Task.yield()
            }
            for _ in 0..<1_000 { await Task.yield() }
            #expect(Self.asked(bench) == most)
        }
    }
}
