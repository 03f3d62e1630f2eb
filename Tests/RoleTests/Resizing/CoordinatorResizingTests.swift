import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Coordinator resizes and moves", .timeLimit(.minutes(2)))
struct CoordinatorResizingTests {
    private static let alice = "alice@paris.test"

    private static func scale(
        _ replicas: Int64, by caller: GrantBook.Caller = CoordinatorBench.alice
    ) -> Invocation {
        Invocation(
            operation: "workload.scale",
            arguments: ["workload": .string("web"), "replicas": .integer(replicas)], caller: caller)
    }

    private static func move(
        _ replica: Int64, to site: String? = nil, by caller: GrantBook.Caller = CoordinatorBench.alice
    ) -> Invocation {
        var arguments: [String: Value] = ["workload": .string("web"), "replica": .integer(replica)]
        if let site { arguments["to"] = .string(site) }
        return Invocation(operation: "workload.move", arguments: arguments, caller: caller)
    }

    @Test("A workload grows and shrinks; every answer says how many there are now, also after a restart")
    func scales() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 1, key: "k"))
            // The oldest is the last to go, and which of two that are placed at once is older nobody knows.
            _ = try await bench.keep(coordinator, replicas: 1)
            let grown = try await table.perform(Self.scale(4)).workload()
            #expect(grown.specification.replicas == 4)
            #expect(grown.state == .placed)
            #expect(bench.sites.machines.map(\.specification.name).sorted() == (0..<4).map { "web-\($0)" })
            _ = try await bench.keep(coordinator, replicas: 4)
            _ = try await table.perform(Self.scale(1))
            let shrunk = try await bench.keep(coordinator, replicas: 1)
            #expect(shrunk.replicas.map(\.index) == [0])
        }
        try await bench.run { coordinator, table in
            let stored = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(stored.specification.replicas == 1)
            #expect(stored.replicas.map(\.index) == [0])
            _ = try await table.perform(Self.scale(3))
            let grown = try await bench.keep(coordinator, replicas: 3)
            #expect(grown.replicas.map(\.epoch) == [1, 2, 2], "an index used again never has its old epoch")
            let kinds = grown.events?.map(\.kind) ?? []
            #expect(kinds.count { $0 == .added } == 2 && kinds.count { $0 == .dropped } == 1)
            #expect(
                grown.events?.contains { $0.text.contains("from 1 to 3") && $0.text.contains(Self.alice) }
                    == true)
            // The key stands for what was asked for in the beginning.
            let again = try await table.perform(CoordinatorBench.place(replicas: 1, key: "k")).workload()
            #expect(again.id == grown.id && again.specification.replicas == 3)
        }
        #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 9)
    }

    @Test("Asking for the number there is changes nothing and says nothing")
    func same() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await bench.keep(coordinator, replicas: 2)
            let after = try await table.perform(Self.scale(2)).workload()
            #expect(after == before)
        }
    }

    @Test(
        "Killed at any request of a growth or a shrinking, it is carried out, once",
        arguments: 0...4, [FakeSites.Behaviour.dead, .mute])
    func killed(fuse: Int, trap: FakeSites.Behaviour) async throws {
        for count in [5, 1] {
            let bench = try CoordinatorBench()
            try await bench.run { coordinator, table in
                _ = try await table.perform(CoordinatorBench.place(replicas: 3))
                let workload = try await bench.keep(coordinator, replicas: 3)
                bench.sites.arm(fuse: fuse, trap: trap)
                _ = try await coordinator.resize(workload.id, to: count, because: "of a test")
                _ = try await bench.settle(coordinator) { () throws -> Bool? in
                    if bench.sites.isTrapped { return true }
                    return try bench.kept(coordinator, replicas: count) == nil ? nil : true
                }
            }
            // Two are held and made, or deleted and asked for again until they are gone.
            #expect(bench.sites.isTrapped == (fuse < 4))
            bench.sites.update { $0.fuse = nil }
            try await bench.run { coordinator, _ in
                let workload = try await bench.keep(coordinator, replicas: count)
                #expect(workload.specification.replicas == count)
            }
            #expect(bench.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 12 - count)
        }
    }

    @Test("Where there is no room for all that are asked for nothing changes, and the answer says why")
    func noRoom() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await bench.keep(coordinator, replicas: 2)
            let error = await #expect(throws: OperationError.self) { try await table.perform(Self.scale(13)) }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("of 11 replicas") == true)
            #expect(try coordinator.workload("web", for: Self.alice, scope: .own) == before)
        }
    }

    @Test("Numbers out of range, replicas that are not there and workloads of others are refused")
    func refused() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let workload = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            func refusal(_ body: () async throws -> Void) async -> OperationError.Code? {
                let error = await #expect(throws: OperationError.self) { try await body() }
                return error?.code
            }
            for count in [0, 1_001, -1] {
                let code = await refusal {
                    _ = try await coordinator.resize(workload.id, to: count, because: "of a test")
                }
                #expect(code == .badRequest)
            }
            let absent = await refusal {
                _ = try await coordinator.resize(workload.id, to: 1, dropping: [2], because: "of a test")
            }
            #expect(absent == .badRequest)
            let foreign = [Self.scale(1, by: CoordinatorBench.bob), Self.move(0, by: CoordinatorBench.bob)]
            for invocation in foreign {
                let code = await refusal { _ = try await table.perform(invocation) }
                #expect(code == .notFound)
            }
            let unmovable = await refusal { _ = try await table.perform(Self.move(7)) }
            #expect(unmovable == .conflict)
            await coordinator.remove(workload.id)
            let removed = await refusal {
                _ = try await coordinator.resize(workload.id, to: 3, because: "of a test")
            }
            #expect(removed == .conflict || removed == .notFound)
        }
    }

    @Test("Those named are dropped, and new ones go where they are wanted and stay wanted there")
    func droppingAndNear() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let workload = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            _ = try await bench.keep(coordinator, replicas: 2)
            _ = try await coordinator.resize(workload.id, to: 1, dropping: [0], because: "of a test")
            let left = try await bench.keep(coordinator, replicas: 1)
            #expect(left.replicas.map(\.index) == [1])
            let france = Audience(shares: [.init(place: .country("FR"), weight: 1)])
            _ = try await coordinator.resize(workload.id, to: 2, near: france, because: "of a test")
            let both = try await bench.keep(coordinator, replicas: 2)
            #expect(both.replicas.map(\.site) == [SiteID("paris.test"), SiteID("tokyo.test")])
            // It leaves for the site that is next best for France.
            bench.sites.empty("paris.test")
            while bench.sites.count(at: "paris.test") > 0 {
                try Task.checkCancellation()
                await bench.turn(coordinator)
            }
            let moved = try await bench.keep(coordinator, replicas: 2)
            #expect(moved.replicas.map(\.site) == [SiteID("virginia.test"), SiteID("tokyo.test")])
        }
    }

    @Test("A replica moves to the site wanted, and never fewer run than before", arguments: 0...3)
    func moves(fuse: Int) async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            _ = try await bench.keep(coordinator, replicas: 2)
            bench.sites.watchRunning()
            bench.sites.arm(fuse: fuse, trap: .mute)
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            try await coordinator.move(
                workload.id, replica: 0, to: SiteID("virginia.test"), because: "of a test")
            while !bench.sites.isTrapped, bench.sites.count(at: "tokyo.test") == 2 {
                try Task.checkCancellation()
                await bench.turn(coordinator)
            }
        }
        #expect(bench.sites.isTrapped == (fuse < 3), "it is held, made, and the old one deleted")
        bench.sites.update { $0.fuse = nil }
        try await bench.run { coordinator, table in
            let workload = try await bench.keep(coordinator, replicas: 2)
            #expect(workload.replicas.map(\.site) == [SiteID("virginia.test"), SiteID("tokyo.test")])
            #expect(workload.replicas.map(\.epoch) == [2, 1])
            #expect(workload.events?.contains { $0.kind == .moving && $0.text.contains("of a test") } == true)
            let after = try await table.perform(Self.move(0, to: "virginia.test")).workload()
            #expect(after.replicas == workload.replicas, "it is there already")
        }
        #expect(bench.sites.fewestRunning >= 2)
    }

    @Test("A replica is moved to a named site although that alone could not take all of them")
    func movesOneOfMany() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place(
                    replicas: 2,
                    more: ["per-site": .integer(1), "avoid": .array([.string("virginia.test")])]))
            let before = try await bench.keep(coordinator, replicas: 2)
            #expect(Set(before.replicas.map(\.site)) == [SiteID("tokyo.test"), SiteID("paris.test")])
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(Self.move(0, to: "virginia.test"))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("is to be avoided") == true)
        }
        let other = try CoordinatorBench()
        try await other.run { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place(replicas: 2, more: ["per-site": .integer(1)]))
            _ = try await other.keep(coordinator, replicas: 2)
            let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
            let replica = try #require(workload.replicas.first { $0.site == SiteID("tokyo.test") })
            _ = try await table.perform(Self.move(Int64(replica.index), to: "virginia.test"))
            let moved = try await other.keep(coordinator, replicas: 2)
            #expect(moved.replicas.contains { $0.site == SiteID("virginia.test") })
        }
    }

    @Test("A move that is refused after all leaves the replica where it runs")
    func moveRefusedLater() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await bench.keep(coordinator, replicas: 2)
            for site in ["paris.test", "virginia.test"] {
                bench.sites.set(.refusing("quota used up"), at: site)
            }
            _ = try await table.perform(Self.move(0, to: "paris.test"))
            let after = try await bench.keep(coordinator, replicas: 2)
            #expect(after.replicas == before.replicas)
            #expect(after.events?.contains { $0.text.contains("after all") } == true)
        }
    }

    @Test("A move to a site that has no room is refused, and the replica stays")
    func moveRefused() async throws {
        let bench = try CoordinatorBench([
            CoordinatorBench.world[1], ("paris.test", Position(latitude: 48.9, longitude: 2.4), 0),
        ])
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2))
            let before = try await bench.keep(coordinator, replicas: 2)
            for site in ["paris.test", nil] {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(Self.move(0, to: site))
                }
                #expect(error?.code == .refused)
            }
            #expect(try coordinator.workload("web", for: Self.alice, scope: .own) == before)
        }
    }
}
