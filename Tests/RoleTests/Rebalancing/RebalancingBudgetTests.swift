import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Who may move how much for balance", .timeLimit(.minutes(2)))
struct RebalancingBudgetTests {
    private static let rules = RebalancingRules()
    private static let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")

    /// Workloads near Tokyo that were placed while Paris alone was open; then Tokyo opens.
    private func place(
        _ names: [String], _ bench: CoordinatorBench, _ table: OperationTable, _ coordinator: Coordinator
    ) async throws {
        for policy in [AdmissionPolicy.closed, .open] {
            for site in ["tokyo.test", "virginia.test"] { bench.sites.setPolicy(policy, at: site) }
            guard policy == .closed else { break }
            for name in names { _ = try await table.perform(CoordinatorBench.place(name)) }
        }
        await bench.boot(coordinator)
    }

    private func accept(
        _ arguments: [String: Value], _ table: OperationTable
    ) async throws -> RebalancingReport {
        let result = try await table.perform(
            Invocation(operation: "workload.rebalance", arguments: arguments, caller: Self.root))
        return try ValueDecoder().decode(RebalancingReport.self, from: result.value)
    }

    @Test("Two who accept moves at the same time do not exceed the budget together")
    func race() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 1, coolDown: .zero)
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            try await self.place(["web", "db"], bench, table, coordinator)
            let report = try await coordinator.proposals(.init(rules: Self.rules))
            #expect(report.lines.count == 2)
            bench.sites.update { $0.gathering = (wanted: 2, there: 0) }
            async let one = coordinator.carryOut(
                report, ["web-0:tokyo.test"], because: "somebody accepted it")
            async let other = coordinator.carryOut(
                report, ["db-0:tokyo.test"], because: "somebody else accepted it")
            let outcomes = (await one.lines + other.lines).map(\.outcome)
            #expect(outcomes.count { $0 == .underWay } == 1)
            #expect(outcomes.count { $0 == .refused } == 1)
        }
    }

    @Test("Moves that somebody asks for by hand take nothing from the budget, but are left where they are")
    func byHand() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 2)
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            try await self.place(["web", "db"], bench, table, coordinator)
            let web = try coordinator.workload("web", for: Self.root.address, scope: .site)
            try await coordinator.move(
                web.id, replica: 0, to: SiteID("virginia.test"), because: "it is wanted there")
            let report = try await coordinator.proposals(.init(rules: Self.rules))
            #expect(report.budget == 2)
            #expect(report.lines.map(\.proposal.name) == ["db-0:tokyo.test"])
        }
    }

    @Test("A move that comes to nothing counts once")
    func countedOnce() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 3, coolDown: .zero)
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            try await self.place(["web"], bench, table, coordinator)
            let report = try await coordinator.proposals(.init(rules: Self.rules))
            bench.sites.setPolicy(.closed, at: "virginia.test")
            bench.sites.set(.refusing("not for you"), at: "tokyo.test")
            _ = await coordinator.carryOut(report, ["web-0:tokyo.test"], because: "somebody accepted it")
            let events = try await bench.settle(coordinator) { () -> [WorkloadEvent]? in
                let workload = try coordinator.workload("web", for: Self.root.address, scope: .site)
                return workload.replicas[0].change == nil ? workload.events : nil
            }
            #expect(events.contains { $0.text.contains("after all") })
            #expect(try await coordinator.proposals(.init(rules: Self.rules)).budget == 2)
        }
    }

    @Test("Nothing is moved, with its disk, before somebody agrees that this is deleted")
    func unconfirmed() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.place(["web"], bench, table, coordinator)
            let accepting: [String: Value] = ["accept": .array(["web-0:tokyo.test"])]
            for arguments in [accepting, ["apply": .bool(true)]] {
                let error = await #expect(throws: OperationError.self) {
                    try await self.accept(arguments, table)
                }
                #expect(error?.code == .unconfirmed)
                #expect(error?.message.hasSuffix("web-0:tokyo.test") == true)
                #expect(try await self.accept([:], table).lines.map(\.outcome) == [.proposed])
            }
            let agreed = accepting.merging(["destroy": .bool(true)]) { $1 }
            #expect(try await self.accept(agreed, table).lines.map(\.outcome) == [.underWay])
            let none = ["apply": .bool(true)] as [String: Value]
            #expect(try await self.accept(none, table).lines.isEmpty, "nothing is deleted, and nothing asked")
        }
    }

    @Test("Each caller has one look at a time, and the others, the coordinator itself too, have their turns")
    func turns() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 1, coolDown: .zero)
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            try await self.place(["web"], bench, table, coordinator)
            bench.sites.update { $0.gathering = (wanted: 2, there: 0) }
            async let first = coordinator.proposals(.init(caller: "alice", rules: Self.rules))
            while bench.sites.read({ $0.gathering?.there == 0 }) {
                try Task.checkCancellation()
                await Task.yield()
            }
            let again = await #expect(throws: OperationError.self) {
                try await coordinator.proposals(.init(caller: "alice", rules: Self.rules))
            }
            #expect(again?.code == .tooMany)
            async let moved: Void = coordinator.rebalanceOnce()
            async let second = coordinator.proposals(.init(caller: "bob", rules: Self.rules))
            for _ in 0..<100 { await Task.yield() }
            #expect(bench.sites.read { $0.gathering?.there } == 1, "one looks, the others wait")
            bench.sites.update { $0.gathering = nil }
            let report = try await first
            #expect(report.lines.count == 1)
            await moved
            _ = try await second
            let workload = try coordinator.workload("web", for: Self.root.address, scope: .site)
            #expect(workload.events?.contains { $0.text.contains("moved for balance") } == true)
        }
    }
}
