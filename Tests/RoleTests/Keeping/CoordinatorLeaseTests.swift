import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Coordinator, leases and sites that are emptied", .timeLimit(.minutes(2)))
struct CoordinatorLeaseTests {
    private static let alice = "alice@paris.test"
    private static let tokyo = "tokyo.test"
    private static let paris = "paris.test"
    private static let leased: [String: Value] = ["lease": .integer(60), "minimum": .integer(0)]
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.silencePause = .milliseconds(1)
        $0.keeping.startTimeout = .milliseconds(50)
        $0.keeping.longestPause = .milliseconds(60)
    }

    /// Room for all near the users, and for one far away.
    private static let narrow: [(String, Position?, Int)] = [
        (Self.tokyo, Position(latitude: 35.7, longitude: 139.7), 4),
        (Self.paris, Position(latitude: 48.9, longitude: 2.4), 1),
    ]

    /// Once round: machines come up, sites in reach renew their leases and report, the coordinator reviews.
    private func round(_ coordinator: Coordinator, _ bench: CoordinatorBench) async {
        bench.sites.boot()
        bench.sites.renewLeases(with: coordinator)
        for machine in bench.sites.machinesInReach {
            await coordinator.hear(machine)
        }
        await coordinator.review()
        await Task.yield()
    }

    /// Goes round until `isReached`.
    private func go(
        _ coordinator: Coordinator, _ bench: CoordinatorBench, until isReached: () throws -> Bool
    ) async throws {
        while try !isReached() {
            try Task.checkCancellation()
            await self.round(coordinator, bench)
        }
    }

    /// Goes round for long enough that whatever would happen has happened.
    private func goOn(_ coordinator: Coordinator, _ bench: CoordinatorBench) async {
        for _ in 0..<50 { await self.round(coordinator, bench) }
    }

    private func workload(_ name: String, of coordinator: Coordinator) throws -> Workload {
        try coordinator.workload(name, for: Self.alice, scope: .own)
    }

    private func running(_ bench: CoordinatorBench) -> Int {
        bench.sites.machines.count { $0.state == .running }
    }

    /// Three workloads of one replica with a lease, all running in Tokyo.
    private func placeThree(
        _ coordinator: Coordinator, _ table: OperationTable, _ bench: CoordinatorBench
    ) async throws {
        for name in ["a", "b", "c"] {
            _ = try await table.perform(CoordinatorBench.place(name, more: Self.leased))
        }
        try await self.go(coordinator, bench) {
            try ["a", "b", "c"].allSatisfy {
                try self.workload($0, of: coordinator).replicas[0].state == .running
            }
        }
        #expect(bench.sites.count(at: Self.tokyo) == 3)
    }

    @Test(
        "A site that leaves out the lease gets no replica that has one, and keeps nothing",
        .timeLimit(.minutes(1)), arguments: FakeSites.LeaseFault.allCases)
    func ignorantSite(fault: FakeSites.LeaseFault) async throws {
        let bench = try CoordinatorBench()
        bench.sites.set(fault, at: Self.tokyo)
        try await bench.run { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place(more: Self.leased)).workload()
            #expect(placed.state == .placed)
            let workload = try self.workload("web", of: coordinator)
            let site = try #require(workload.replicas[0].site)
            #expect(site != SiteID(Self.tokyo))
            #expect(bench.sites.machines.map(\.site) == [site])
            #expect(bench.sites.machines.map(\.specification.leaseSeconds) == [60])
            #expect(bench.sites.count(at: Self.tokyo) == 0)
            while !bench.sites.holds.isEmpty {
                try Task.checkCancellation()
                await Task.yield()
            }
            if fault == .onReservation {
                #expect(workload.events?.contains { $0.text.contains("knows no leases") } == true)
            }
            // Whoever asks for no lease may go there.
            let other = try await table.perform(CoordinatorBench.place("plain")).workload()
            #expect(other.replicas[0].site == SiteID(Self.tokyo))
        }
    }

    @Test(
        "A site is emptied although its first replica is one that was stopped on order",
        .timeLimit(.minutes(1)))
    func stoppedFirst() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            try await self.go(coordinator, bench) {
                try self.workload("web", of: coordinator).replicas.allSatisfy { $0.state == .running }
            }
            #expect(bench.sites.count(at: Self.tokyo) == 2)
            let stopped = try #require(try self.workload("web", of: coordinator).replicas[0].machine)
            bench.sites.halt(stopped, at: Self.tokyo)
            bench.sites.empty(Self.tokyo)
            try await self.go(coordinator, bench) { bench.sites.count(at: Self.tokyo) == 1 }
            #expect(bench.sites.machines.count == 2)
            #expect(bench.sites.machines.contains { $0.id == stopped && $0.state == .stopped })
            #expect(try self.workload("web", of: coordinator).replicas.map(\.epoch) == [1, 2])
        }
    }

    @Test(
        "One free place elsewhere ends one leased machine at a drained site and not all",
        .timeLimit(.minutes(1)))
    func oneFreePlace() async throws {
        let bench = try CoordinatorBench(Self.narrow)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.placeThree(coordinator, table, bench)
            bench.sites.empty(Self.tokyo)
            try await self.go(coordinator, bench) {
                bench.sites.count(at: Self.paris) == 1 && self.running(bench) == 3
            }
            await self.goOn(coordinator, bench)
            #expect(bench.sites.read { $0.sites.values.map(\.deletions).reduce(0, +) } == 1)
            #expect(bench.sites.count(at: Self.tokyo) == 2)
            #expect(self.running(bench) == 3)
        }
    }

    @Test(
        "A lost site's replicas are placed anew once their leases have run out, as far as there is room",
        .timeLimit(.minutes(1)))
    func lostSite() async throws {
        let bench = try CoordinatorBench(Self.narrow)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.placeThree(coordinator, table, bench)
            bench.sites.set(.unreachable, at: Self.tokyo)
            bench.sites.fence(Self.tokyo)
            // A minute, a tenth of it, and five seconds.
            bench.uptime.advance(by: .seconds(71))
            await self.goOn(coordinator, bench)
            #expect(bench.sites.count(at: Self.paris) == 0)
            // What a review decides is in the log at once, whenever it is carried out.
            let early = try ["a", "b", "c"].flatMap { try self.workload($0, of: coordinator).events ?? [] }
            #expect(!early.contains { $0.kind == .lost })
            bench.uptime.advance(by: .milliseconds(1))
            try await self.go(coordinator, bench) { bench.sites.count(at: Self.paris) == 1 }
            await self.goOn(coordinator, bench)
            let epochs = try ["a", "b", "c"].map {
                try self.workload($0, of: coordinator).replicas[0].epoch
            }
            #expect(epochs.sorted() == [1, 1, 2], "the two that have nowhere to go wait for their site")
            bench.sites.set(.normal, at: Self.tokyo)
            try await self.go(coordinator, bench) {
                self.running(bench) == 3 && bench.sites.machines.count == 3
            }
            #expect(bench.sites.count(at: Self.tokyo) == 2)
        }
    }

    @Test(
        "A machine that its site would not start, for a reason of its own, is not given up",
        .timeLimit(.minutes(1)))
    func declinedStarts() async throws {
        let bench = try CoordinatorBench()
        let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
            Self.patient(&$0)
            // Each look moves the clock: a start that is about to be declined must not count as failed.
            $0.keeping.startTimeout = .seconds(86_400)
        }
        try await bench.run(patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            try await self.go(coordinator, bench) { self.running(bench) == 1 }
            await self.round(coordinator, bench)
            let machines = bench.sites.machines.map(\.id)
            bench.sites.refuseStarts("its owner grants it no more", .notGranted, at: Self.tokyo)
            _ = bench.sites.change(.failed, at: Self.tokyo)
            try await self.go(coordinator, bench) {
                bench.sites.startsAsked >= 6 || bench.sites.machines.map(\.id) != machines
            }
            #expect(bench.sites.machines.map(\.id) == machines)
            bench.sites.allowStarts(at: Self.tokyo)
            try await self.go(coordinator, bench) { self.running(bench) == 1 }
            #expect(try self.workload("web", of: coordinator).replicas[0].epoch == 1)
        }
    }
}
