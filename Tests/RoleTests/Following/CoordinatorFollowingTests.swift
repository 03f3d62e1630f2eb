import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Storage
import Testing

@Suite("Coordinator follows the users", .timeLimit(.minutes(2)))
struct CoordinatorFollowingTests {
    private static let alice = "alice@paris.test"

    private static func report(
        _ place: String, _ times: String, by caller: GrantBook.Caller = CoordinatorBench.alice
    ) -> Invocation {
        Invocation(
            operation: "workload.report",
            arguments: [
                "workload": .string("web"), "place": .string(place),
                "milliseconds": .array(times.split(separator: ",").map { .string(String($0)) }),
            ], caller: caller)
    }

    private static func following(_ more: [String: Value] = [:]) -> [String: Value] {
        [
            "follow-target": .double(100), "follow-maximum": .integer(3), "follow-pause": .integer(300),
        ].merging(more) { $1 }
    }

    /// Lets machines come up and reports them.
    private func settle(_ coordinator: Coordinator, _ bench: CoordinatorBench) async throws -> Workload {
        try await bench.settle(coordinator) {
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            let isSettled =
                workload.state == .placed && bench.sites.holds.isEmpty
                && workload.replicas.allSatisfy { $0.state == .running && $0.change == nil }
                && Set(bench.sites.machines.map(\.id)) == Set(workload.replicas.compactMap(\.machine))
            return isSettled ? workload : nil
        }
    }

    /// Lets `minutes` pass, in each of which users report and are looked at four times.
    private func pass(
        _ minutes: Int, _ bench: CoordinatorBench, _ coordinator: Coordinator, _ table: OperationTable,
        reports: [(place: String, times: String)]
    ) async throws {
        for _ in 0..<4 * minutes {
            bench.clock.advance(by: .seconds(15))
            bench.sites.update { $0.heard = bench.clock.now() }
            for report in reports {
                _ = try await table.perform(Self.report(report.place, report.times))
            }
            await coordinator.followUsers()
        }
    }

    @Test("Users in France get a replica near them, and the log says why, with the figures")
    func grows() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: Self.following()))
            _ = try await self.settle(coordinator, bench)
            try await self.pass(2, bench, coordinator, table, reports: [("FR", "260:20")])
            #expect(try coordinator.workload("web", for: Self.alice, scope: .own).replicas.count == 1)
            try await self.pass(2, bench, coordinator, table, reports: [("FR", "260:20")])
            let grown = try await self.settle(coordinator, bench)
            #expect(grown.replicas.map(\.site) == [SiteID("tokyo.test"), SiteID("paris.test")])
            let event = try #require(grown.events?.first { $0.kind == .added })
            #expect(event.text.contains("95 %") && event.text.contains("FR"))
            #expect(event.text.contains("100 are wanted") && event.text.contains("paris.test"))
            // What was reported before says nothing any more.
            try await self.pass(4, bench, coordinator, table, reports: [("FR", "30:20")])
            #expect(try await self.settle(coordinator, bench).replicas.count == 2)
        }
    }

    @Test("At the maximum nothing is added, and that is told once")
    func maximum() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place(more: Self.following(["follow-maximum": .integer(1)])))
            _ = try await self.settle(coordinator, bench)
            try await self.pass(10, bench, coordinator, table, reports: [("FR", "260:20")])
            let workload = try await self.settle(coordinator, bench)
            #expect(workload.replicas.count == 1)
            let told = workload.events?.filter { $0.kind == .waiting } ?? []
            #expect(told.count == 1)
            #expect(told.first?.text.contains("the most allowed") == true)
            // It is on disk.
            let stored = try await PlacementStore(bench.database).load()
            #expect(stored.first?.events.contains { $0.kind == .waiting } == true)
        }
    }

    @Test("What nobody needs is removed, and never below the minimum")
    func shrinks() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place(replicas: 3, more: Self.following(["follow-minimum": .integer(2)])))
            _ = try await self.settle(coordinator, bench)
            try await self.pass(22, bench, coordinator, table, reports: [("JP", "20:20")])
            let shrunk = try await self.settle(coordinator, bench)
            #expect(shrunk.replicas.count == 2)
            #expect(shrunk.specification.replicas == 2)
            #expect(shrunk.events?.contains { $0.kind == .dropped && $0.text.contains("not needed") } == true)
            try await self.pass(22, bench, coordinator, table, reports: [("JP", "20:20")])
            #expect(try await self.settle(coordinator, bench).replicas.count == 2)
        }
    }

    @Test("While a site is out of reach, what it said last counts for nothing: no replica is removed")
    func outOfReach() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place(replicas: 2, more: Self.following(["per-site": .integer(1)])))
            let before = try await self.settle(coordinator, bench)
            #expect(before.replicas.contains { $0.site == SiteID("tokyo.test") })
            bench.sites.update { $0.sites[SiteID("tokyo.test")]?.reachability = .unreachable }
            // Whoever answers so fast, it is not Tokyo: the replica elsewhere is the only one left.
            try await self.pass(40, bench, coordinator, table, reports: [("JP", "20:20")])
            let after = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(after.replicas == before.replicas)
            bench.sites.update { $0.sites[SiteID("tokyo.test")]?.reachability = .reachable }
            try await self.pass(22, bench, coordinator, table, reports: [("JP", "20:20")])
            let shrunk = try await self.settle(coordinator, bench)
            #expect(shrunk.replicas.map(\.site) == [SiteID("tokyo.test")])
        }
    }

    @Test("In one round a site is looked for for so many workloads; the others have their turn in the next")
    func turns() async throws {
        let bench = try CoordinatorBench([("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 40)])
        try await bench.run { coordinator, table in
            let names = (0...20).map { "web\($0)" }
            for name in names {
                let more = Self.following(["follow-minimum": .integer(2)])
                _ = try await table.perform(CoordinatorBench.place(name, more: more))
            }
            await bench.boot(coordinator)
            bench.sites.setPolicy(.closed, at: "tokyo.test")
            for told in 20...21 {
                await coordinator.followUsers()
                let waiting = try names.filter { name in
                    let workload = try coordinator.workload(name, for: Self.alice, scope: .own)
                    return workload.events?.contains { $0.kind == .waiting } == true
                }
                #expect(waiting.count == told)
            }
        }
    }

    @Test("A restart gives nobody a new budget, and nothing is done before users are heard again")
    func restart() async throws {
        let bench = try CoordinatorBench()
        let more = Self.following(["follow-changes": .integer(1)])
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: more))
            _ = try await self.settle(coordinator, bench)
            try await self.pass(4, bench, coordinator, table, reports: [("FR", "260:20")])
            #expect(try await self.settle(coordinator, bench).replicas.count == 2)
        }
        try await bench.run { coordinator, table in
            await coordinator.followUsers()
            #expect(try coordinator.workload("web", for: Self.alice, scope: .own).replicas.count == 2)
            try await self.pass(15, bench, coordinator, table, reports: [("US", "260:20")])
            let workload = try await self.settle(coordinator, bench)
            #expect(workload.replicas.count == 2)
            #expect(workload.events?.contains { $0.text.contains("1 changes were made") } == true)
        }
    }

    @Test("A clock that is set back keeps nobody from being followed")
    func clockSetBack() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: Self.following()))
            _ = try await self.settle(coordinator, bench)
            try await self.pass(4, bench, coordinator, table, reports: [("FR", "260:20")])
            #expect(try await self.settle(coordinator, bench).replicas.count == 2)
            // What was changed and reported until now is of the future.
            bench.clock.advance(by: .seconds(-7_200))
            try await self.pass(4, bench, coordinator, table, reports: [("US", "260:20")])
            #expect(try await self.settle(coordinator, bench).replicas.count == 3)
        }
    }

    @Test("Each place is shown against what is wanted")
    func shown() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: Self.following()))
            _ = try await table.perform(Self.report("FR", "260:40"))
            _ = try await table.perform(Self.report("JP", "20:40,500:1"))
            _ = try await table.perform(Self.report("tokyo.TEST", "20"))
            let show = Invocation(
                operation: "workload.show", arguments: ["workload": .string("web")],
                caller: CoordinatorBench.alice)
            let figures = try #require(try await table.perform(show).workload().responses)
            #expect(figures.map(\.place) == ["FR", "JP", "tokyo.test"])
            #expect(figures.map(\.verdict) == [.slow, .within, .unsure])
            #expect(figures.map(\.responses) == [40, 41, 1])
            #expect(figures.allSatisfy { $0.target == 100 && $0.percentile == 95 })
            let listed = coordinator.workloads(for: Self.alice, scope: .own)
            #expect(listed.map(\.responses) == [nil])
        }
    }

    @Test("Only those who may report do, and only what is a report")
    func permission() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place())
            func code(_ invocation: Invocation) async -> OperationError.Code? {
                let error = await #expect(throws: OperationError.self) { try await table.perform(invocation) }
                return error?.code
            }
            #expect(await code(Self.report("FR", "20", by: CoordinatorBench.bob)) == .notFound)
            let stranger = GrantBook.Caller(address: "eve@evil.test", domain: "evil.test")
            #expect(await code(Self.report("FR", "20", by: stranger)) == .forbidden)
            let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
            _ = try await table.perform(Self.report("FR", "20", by: root))
            for (place, times) in [
                ("nowhere", "20"), ("ZZ", "20"), ("FR", "fast"), ("FR", "20:x"), ("FR", "-1"), ("FR", "nan"),
                ("FR", "20:0"), ("FR", "1:2:3"), ("workload/db", "20"),
            ] {
                #expect(await code(Self.report(place, times)) == .badRequest, "\(place) \(times)")
            }
        }
    }

    @Test("A workload has so many places and not one more")
    func places() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place())
            for number in 0..<ResponseBook.placeLimit {
                _ = try await table.perform(Self.report("s\(number).test", "20"))
            }
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(Self.report("one.more.test", "20"))
            }
            #expect(error?.code == .tooMany)
            _ = try await table.perform(Self.report("s0.test", "20"))
        }
    }

    @Test(
        "Wishes that make no sense are refused before anything is placed",
        arguments: [
            ["follow-target": Value.double(0.5)], ["follow-minimum": .integer(4)],
            ["follow-changes": .integer(21)],
            ["follow-percentile": .integer(100)], ["follow-pause": .integer(1)],
            ["peak": .string("8 to 20")], ["off-peak-minimum": .integer(1)],
        ])
    func badWishes(more: [String: Value]) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            for arguments in [Self.following(more), ["follow-maximum": .integer(3)]] {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(CoordinatorBench.place(more: arguments))
                }
                #expect(error?.code == .badRequest)
            }
        }
        #expect(bench.sites.read { $0.asked.isEmpty })
    }
}
