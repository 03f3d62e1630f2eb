import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Coordinator moves work to better sites", .timeLimit(.minutes(2)))
struct CoordinatorRebalancingTests {
    private static let alice = "alice@paris.test"

    /// Two workloads near Tokyo while Paris alone is open; then Tokyo opens.
    private func prepare(
        _ bench: CoordinatorBench, _ table: OperationTable, _ coordinator: Coordinator
    ) async throws {
        bench.openOnlyParis(true)
        _ = try await table.perform(CoordinatorBench.place("web"))
        _ = try await table.perform(CoordinatorBench.place("db", by: CoordinatorBench.bob))
        bench.openOnlyParis(false)
        await bench.boot(coordinator)
    }

    private func rebalance(
        _ table: OperationTable, _ arguments: [String: Value] = [:],
        by caller: GrantBook.Caller = CoordinatorBench.alice
    ) async throws -> RebalancingReport {
        let result = try await table.perform(
            Invocation(
                operation: "workload.rebalance",
                arguments: arguments.merging(["destroy": .bool(true)]) { $1 }, caller: caller))
        return try ValueDecoder().decode(RebalancingReport.self, from: result.value)
    }

    /// Waits until the workload runs at one site alone, letting machines boot and the coordinator look after them.
    private func settle(
        _ name: String, at site: String, _ bench: CoordinatorBench, _ coordinator: Coordinator
    ) async throws {
        var known = Dictionary(uniqueKeysWithValues: bench.sites.machines.map { ($0.id, $0) })
        _ = try await bench.settle(coordinator) { () -> Workload? in
            let machines = bench.sites.machines
            for machine in machines { known[machine.id] = machine }
            // A site tells of each machine that is gone.
            for var machine in known.values where !machines.contains(where: { $0.id == machine.id }) {
                machine.state = .deleted
                try await coordinator.receive(MachineReport(machine: machine), from: machine.site)
            }
            let workload = try coordinator.workload(name, for: "root@paris.test", scope: .site)
            let sites = bench.sites.machines.filter { $0.specification.name == "\(name)-0" }.map(\.site)
            let isSettled =
                workload.state == .placed && sites == [SiteID(site)]
                && workload.replicas.allSatisfy { $0.state == .running && $0.change == nil }
            return isSettled ? workload : nil
        }
    }

    @Test("Proposals show the gain and change nothing; owners see their own")
    func proposes() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.prepare(bench, table, coordinator)
            let report = try await self.rebalance(table)
            #expect(report.lines.map(\.proposal.name) == ["web-0:tokyo.test"])
            #expect(report.lines.map(\.outcome) == [.proposed])
            let gain = try #require(report.lines.first?.proposal.gain)
            #expect((gain.milliseconds ?? 0) > 100 && gain.points > 100)
            #expect(report.isComplete && report.looked == 1 && report.budget == 3)
            let all = try await self.rebalance(
                table, by: GrantBook.Caller(address: "root@paris.test", domain: "paris.test"))
            #expect(Set(all.lines.map(\.proposal.workloadName)) == ["web", "db"])
            #expect(all.budget == 6)
            let none = try await self.rebalance(table, ["minimum-gain": .double(1_000_000)])
            #expect(none.lines.isEmpty)
            #expect(bench.sites.machines.allSatisfy { $0.site == SiteID("paris.test") })
            await #expect(throws: OperationError.self) {
                try await self.rebalance(table, ["workload": "db"])
            }
        }
    }

    @Test("A replica that waits until a site can take it keeps no other one from a better site")
    func besideOneThatWaits() async throws {
        let bench = try CoordinatorBench()
        bench.openOnlyParis(true)
        try await bench.run({ $0.rebalancing.coolDown = .zero }) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            await bench.boot(coordinator)
            await coordinator.review()
            var deleted = try #require(bench.sites.take(at: "paris.test"))
            let lost = try #require(deleted.replica?.index)
            deleted.state = .deleted
            deleted.changed = deleted.changed.advanced(by: .seconds(1))
            bench.sites.set(.refusing("quota used up"), at: "paris.test")
            try await coordinator.receive(MachineReport(machine: deleted), from: deleted.site)
            _ = try await bench.settle(coordinator) { () throws -> Workload? in
                let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
                return workload.state == .failed ? workload : nil
            }
            bench.sites.set(.normal, at: "paris.test")
            bench.openOnlyParis(false)
            let report = try await self.rebalance(table)
            #expect(report.lines.map(\.proposal.name) == ["web-\(1 - lost):tokyo.test"])
        }
    }

    @Test("What is accepted is moved, and the log says why and for whom; then it is left where it is")
    func accepts() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.prepare(bench, table, coordinator)
            let stale = await #expect(throws: OperationError.self) {
                try await self.rebalance(table, ["accept": .array(["web-0:rome.test"])])
            }
            #expect(stale?.code == .conflict)
            let report = try await self.rebalance(table, ["accept": .array(["web-0:tokyo.test"])])
            #expect(report.lines.map(\.outcome) == [.underWay])
            try await self.settle("web", at: "tokyo.test", bench, coordinator)
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            let event = try #require(workload.events?.first { $0.kind == .moving })
            #expect(event.text.contains("ms less"))
            #expect(event.text.contains("alice@paris.test accepted it"))
        }
    }

    @Test(
        "A workload that was moved is left where it is for a while, however the load has changed since",
        arguments: [(Duration.zero, 1), (.seconds(3_600), 0)])
    func coolDown(time: Duration, proposals: Int) async throws {
        let bench = try CoordinatorBench()
        bench.openOnlyParis(true)
        try await bench.run({ $0.rebalancing.coolDown = time }) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(more: ["weight-latency": .double(0)]))
            bench.openOnlyParis(false)
            await bench.boot(coordinator)
            bench.setLoad(1, at: "paris.test")
            bench.setLoad(0.9, at: "virginia.test")
            let report = try await self.rebalance(table, ["apply": .bool(true)])
            #expect(report.lines.map(\.outcome) == [.underWay])
            try await self.settle("web", at: "tokyo.test", bench, coordinator)
            bench.setLoad(0, at: "paris.test")
            bench.setLoad(1, at: "tokyo.test")
            #expect(try await self.rebalance(table).lines.count == proposals)
        }
    }

    @Test(
        "No more moves in an hour than the budget, and a restart does not forget those that were made"
    )
    func budget() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 1, coolDown: .zero)
        let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            try await self.prepare(bench, table, coordinator)
            let report = try await self.rebalance(table, ["apply": .bool(true)], by: root)
            #expect(report.lines.count == 2)
            #expect(report.lines.map(\.outcome) == [.underWay, .refused])
            #expect(report.lines.map(\.reason) == [nil, "not now: the 1 of this hour are used up"])
            let first = try #require(report.lines.first?.proposal.workloadName)
            try await self.settle(first, at: "tokyo.test", bench, coordinator)
        }
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            await bench.boot(coordinator)
            let report = try await self.rebalance(table, ["apply": .bool(true)], by: root)
            #expect(report.budget == 0)
            #expect(report.lines.map(\.outcome) == [.refused])
            bench.clock.advance(bySeconds: 3_601)
            #expect(try await self.rebalance(table, by: root).budget == 1)
        }
    }

    @Test("A drain counts as a move: whoever was moved out is not moved back as soon as the site opens")
    func drained() async throws {
        for (time, count) in [(Duration.zero, 1), (.seconds(3_600), 0)] {
            let bench = try CoordinatorBench()
            try await bench.run({ $0.rebalancing.coolDown = time }) { coordinator, table in
                _ = try await table.perform(CoordinatorBench.place())
                await bench.boot(coordinator)
                bench.sites.empty("tokyo.test")
                bench.sites.setPolicy(.closed, at: "virginia.test")
                try await self.settle("web", at: "paris.test", bench, coordinator)
                bench.sites.setPolicy(.open, at: "tokyo.test")
                let report = try await self.rebalance(table)
                #expect(report.lines.count == count)
                #expect(report.budget == 2)
            }
        }
    }

    @Test(
        "What is named is looked at, however many others there are; a look of one's own moves nobody's turn on"
    )
    func named() async throws {
        let bench = try CoordinatorBench()
        try await bench.run({ $0.rebalancing.rules.comparisons = 1 }) { coordinator, table in
            try await self.prepare(bench, table, coordinator)
            let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
            let first = try await self.rebalance(table, by: root)
            #expect(first.looked == 1 && !first.isComplete)
            #expect(first.message.contains("name one of the others"))
            #expect(try await self.rebalance(table, by: root) == first)
            for name in ["web-0:tokyo.test", "db-0:tokyo.test"] {
                let report = try await self.rebalance(table, ["accept": .array([.string(name)])], by: root)
                #expect(report.lines.map(\.outcome) == [.underWay])
            }
        }
    }

    @Test("Callers who move only their own leave half of the budget, and gain no less than is usual")
    func share() async throws {
        let bench = try CoordinatorBench()
        let policy = RebalancingPolicy(movesPerHour: 2, coolDown: .zero)
        try await bench.run({ $0.rebalancing = policy }) { coordinator, table in
            bench.openOnlyParis(true)
            for name in ["web", "db"] { _ = try await table.perform(CoordinatorBench.place(name)) }
            bench.openOnlyParis(false)
            await bench.boot(coordinator)
            let report = try await self.rebalance(
                table, ["apply": .bool(true), "minimum-gain": .double(0)])
            #expect(report.budget == 1)
            #expect(report.lines.map(\.outcome) == [.underWay, .refused])
        }
        let own = try CoordinatorBench()
        try await own.run({ $0.rebalancing.rules.minimumGain = 100_000 }) { coordinator, table in
            try await self.prepare(own, table, coordinator)
            #expect(try await self.rebalance(table, ["minimum-gain": .double(0)]).lines.isEmpty)
            let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
            #expect(
                try await self.rebalance(table, ["minimum-gain": .double(0)], by: root).lines.count == 2)
        }
    }

    @Test("By itself it moves nothing unless that is configured; then what is worth it, within the budget")
    func policy() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            #expect(!RebalancingPolicy().isAutomatic)
            try await self.prepare(bench, table, coordinator)
            await coordinator.rebalanceOnce()
            try await self.settle("web", at: "tokyo.test", bench, coordinator)
            try await self.settle("db", at: "tokyo.test", bench, coordinator)
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            let event = try #require(workload.events?.first { $0.kind == .moving })
            #expect(event.text.contains("moved for balance"))
            await coordinator.rebalanceOnce()
            await bench.boot(coordinator)
            #expect(bench.sites.machines.allSatisfy { $0.site == SiteID("tokyo.test") })
        }
    }

    @Test("A hot site gets nothing new, and the plan says with what it is busy")
    func hot() async throws {
        let bench = try CoordinatorBench()
        bench.setHeat(Heat(figure: .cpu, share: 0.96, seconds: 130), at: "tokyo.test")
        try await bench.run { coordinator, table in
            let plan = try await coordinator.plan(CoordinatorBench.specification(), for: Self.alice)
            let tokyo = try #require(plan.verdicts.first { $0.site == SiteID("tokyo.test") })
            #expect(tokyo.objections.map(\.kind) == [.hot])
            #expect(tokyo.line == "tokyo.test: no, is hot: CPU 96 % for 2 min")
            let placed = try await table.perform(CoordinatorBench.place()).workload()
            #expect(placed.replicas.first?.site != SiteID("tokyo.test"))
            bench.setHeat(nil, at: "tokyo.test")
            let next = try await table.perform(CoordinatorBench.place("db")).workload()
            #expect(next.replicas.first?.site == SiteID("tokyo.test"))
        }
    }
}

extension CoordinatorBench {
    fileprivate func openOnlyParis(_ isOnly: Bool) {
        for site in ["tokyo.test", "virginia.test"] {
            self.sites.setPolicy(isOnly ? .closed : .open, at: site)
        }
    }

    fileprivate func setLoad(_ load: Double, at site: String) {
        self.sites.update { $0.sites[SiteID(site)]?.description.capacity.load = load }
    }

    fileprivate func setHeat(_ heat: Heat?, at site: String) {
        self.sites.update { $0.sites[SiteID(site)]?.description.capacity.heat = heat }
    }
}
