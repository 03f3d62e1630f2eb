import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Whose turn it is where room is scarce", .timeLimit(.minutes(2)))
struct PriorityTests {
    private static let alice = "alice@paris.test"
    private static let tokyo = "tokyo.test"
    private static let paris = "paris.test"
    private static let world: [(String, Position?, Int)] = [
        (Self.tokyo, Position(latitude: 35.7, longitude: 139.7), 120),
        (Self.paris, Position(latitude: 48.9, longitude: 2.4), 0),
    ]
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.longestPause = .milliseconds(60)
        // What the sites said at the start is all they say.
        $0.rules.uselessAfter = .seconds(1_000_000)
    }

    /// Places one replica in tokyo for each name, one after the other.
    private func place(
        _ workloads: [(name: String, priority: Int64)], by table: OperationTable, vcpus: Int64 = 1
    ) async throws {
        for (name, priority) in workloads {
            let more: [String: Value] = ["priority": .integer(priority), "vcpus": .integer(vcpus)]
            let workload = try await table.perform(CoordinatorBench.place(name, more: more)).workload()
            try #require(workload.replicas[0].site == SiteID(Self.tokyo))
        }
    }

    /// Tokyo deletes all it has and takes nothing any more.
    private func loseTokyo(_ coordinator: Coordinator, _ bench: CoordinatorBench) async {
        bench.sites.setPolicy(.closed, at: Self.tokyo)
        while var machine = bench.sites.take(at: Self.tokyo) {
            machine.state = .deleted
            machine.changed = machine.changed.advanced(by: .seconds(1))
            await coordinator.hear(machine)
        }
    }

    /// Paris has room for one machine more, which makes `count` since the beginning.
    private func offer(_ count: Int, _ bench: CoordinatorBench) {
        let amount = Resources(
            vcpus: count, memory: .gibibytes(Int64(count)), disk: .gibibytes(Int64(count)))
        bench.sites.update { state in
            state.sites[SiteID(Self.paris)]?.room += 1
            state.sites[SiteID(Self.paris)]?.description.capacity.total = amount
            state.sites[SiteID(Self.paris)]?.description.capacity.free = amount
            state.sites[SiteID(Self.paris)]?.description.capacity.largestFreeSlot = amount
        }
    }

    /// Lets so much time pass that sites are looked for again, and looks; no more passes before what was asked of
    /// sites is answered.
    private func look(_ coordinator: Coordinator, _ bench: CoordinatorBench) async {
        bench.clock.advance(bySeconds: 16)
        await coordinator.review()
        repeat {
            await Task.yield()
        } while !Task.isCancelled
            && coordinator.workloads(for: Self.alice, scope: .own).contains { $0.state == .placing }
    }

    private func state(_ name: String, _ coordinator: Coordinator) throws -> Workload {
        try coordinator.workload(name, for: Self.alice, scope: .own)
    }

    /// The names of the workloads that have a machine in Paris.
    private func served(_ bench: CoordinatorBench) -> Set<String> {
        Set(
            bench.sites.machines.filter { $0.site == SiteID(Self.paris) }
                .map { String($0.specification.name.dropLast(2)) })
    }

    private static let queue: [(name: String, priority: Int64)] = [
        ("a", 0), ("b", 5), ("c", 0), ("d", 10), ("e", 5), ("f", -3),
    ]
    private static let order = ["d", "b", "e", "a", "c", "f"]

    @Test(
        "Room that comes free one by one goes to the highest priority, then to the oldest",
        arguments: [false, true])
    func inOrder(areRefusedBefore: Bool) async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.place(Self.queue, by: table)
            await self.loseTokyo(coordinator, bench)
            for _ in 0..<3 { await self.look(coordinator, bench) }
            #expect(self.served(bench) == [])
            self.offer(1, bench)
            if areRefusedBefore {
                bench.sites.set(.refusing("not now"), at: Self.paris)
                while try self.state("d", coordinator).state != .failed {
                    try Task.checkCancellation()
                    await self.look(coordinator, bench)
                }
                bench.sites.set(.normal, at: Self.paris)
            }
            for count in 1...Self.order.count {
                if count > 1 { self.offer(count, bench) }
                while self.served(bench).count < count {
                    try Task.checkCancellation()
                    await self.look(coordinator, bench)
                }
                #expect(self.served(bench) == Set(Self.order.prefix(count)))
            }
        }
    }

    @Test("One that waits with two replicas has both before a lower one has any")
    func allReplicas() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.place([("low", 0)], by: table)
            _ = try await table.perform(
                CoordinatorBench.place("high", replicas: 2, more: ["priority": .integer(1)]))
            await self.loseTokyo(coordinator, bench)
            self.offer(1, bench)
            self.offer(2, bench)
            while bench.sites.count(at: Self.paris) < 2 {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(self.served(bench) == ["high"])
        }
    }

    @Test("A new workload takes no room that one waits for which comes first; nothing that runs gives way")
    func newcomers() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.place([("waits", 5)], by: table)
            await self.loseTokyo(coordinator, bench)
            await self.look(coordinator, bench)
            self.offer(1, bench)
            for priority: Int64 in [0, 5] {
                let asked = CoordinatorBench.place("new", more: ["priority": .integer(priority)])
                let error = await #expect(throws: OperationError.self) { try await table.perform(asked) }
                #expect(error?.code == .refused)
            }
            let first = try await table.perform(
                CoordinatorBench.place("first", more: ["priority": .integer(6)])
            ).workload()
            #expect(first.replicas[0].site == SiteID(Self.paris))
            for _ in 0..<5 { await self.look(coordinator, bench) }
            #expect(self.served(bench) == ["first"])

            var asked = CoordinatorBench.place("new")
            asked.arguments["wait"] = nil
            let plan = try await table.perform(
                Invocation(
                    operation: "workload.plan", arguments: asked.arguments, caller: CoordinatorBench.alice))
            let report = try ValueDecoder().decode(PlanReport.self, from: plan.value)
            #expect(report.text.hasSuffix("priority 0: 1 workload that waits for room comes first"))

            self.offer(2, bench)
            while self.served(bench).count < 2 {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(self.served(bench) == ["first", "waits"])
        }
    }

    @Test("A workload grows only into room that nobody waits for who comes before it")
    func growing() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            self.offer(1, bench)
            let only: [String: Value] = ["only": .array([.string(Self.paris)])]
            let low = try await table.perform(CoordinatorBench.place("low", more: only)).workload()
            try await self.place([("waits", 5)], by: table)
            await self.loseTokyo(coordinator, bench)
            await self.look(coordinator, bench)
            self.offer(2, bench)
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.resize(low.id, to: 2, because: "there is room")
            }
            #expect(error?.code == .refused)
            while bench.sites.count(at: Self.paris) < 2 {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(self.served(bench) == ["low", "waits"])
            self.offer(3, bench)
            _ = try await coordinator.resize(low.id, to: 2, because: "there is room")
            while bench.sites.count(at: Self.paris) < 3 {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    @Test("Parts that get their sites together take no room that one waits for who comes before them")
    func boundParts() async throws {
        let bench = try CoordinatorBench(Self.world)
        let document = """
            application: shop
            defaults: {\(ApplicationBench.usual), priority: -50}
            parts:
              db: {replicas: 1}
              web: {within: {db: 120 ms}}
            """
        try await bench.run(Self.patient) { coordinator, table in
            try await self.place([("waits", 50)], by: table)
            await self.loseTokyo(coordinator, bench)
            await self.look(coordinator, bench)
            self.offer(1, bench)
            self.offer(2, bench)
            _ = try await table.perform(ApplicationBench.apply(document))
            for _ in 0..<10 {
                await coordinator.advanceDueApplications()
                await Task.yield()
            }
            #expect(self.served(bench) == [], "there is room for one beside the one that waits")
            for count in [1, 3] {
                if count == 3 { self.offer(3, bench) }
                while self.served(bench).count < count {
                    try Task.checkCancellation()
                    await self.look(coordinator, bench)
                    await coordinator.advanceDueApplications()
                }
                #expect(self.served(bench) == (count == 1 ? ["waits"] : ["waits", "shop-db", "shop-web"]))
            }
        }
    }

    @Test("However many wait in vain before it, a workload has its turn")
    func everybodysTurn() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.place([("small", -100)], by: table)
            try await self.place((0..<25).map { ("large\($0)", 100) }, by: table, vcpus: 3)
            await self.loseTokyo(coordinator, bench)
            for _ in 0..<3 { await self.look(coordinator, bench) }
            self.offer(1, bench)
            while self.served(bench).isEmpty {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(self.served(bench) == ["small"])
        }
    }
}
