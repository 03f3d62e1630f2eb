import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Bounds between parts, wherever their replicas are placed again", .timeLimit(.minutes(2)))
struct PartBoundTests {
    private typealias Bench = ApplicationBench

    /// Paris, Geneva and Lyon are within 50 ms of each other.
    private static let world: [(String, Position?, Int)] = [
        ("paris.test", Position(latitude: 48.9, longitude: 2.4), 4),
        ("geneva.test", Position(latitude: 46.2, longitude: 6.1), 4),
        ("lyon.test", Position(latitude: 45.8, longitude: 4.8), 4),
        ("seoul.test", Position(latitude: 37.6, longitude: 127.0), 4),
        ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 4),
    ]
    private static let near: Set<SiteID> = [SiteID("paris.test"), SiteID("geneva.test")]
    private static let tokyo = SiteID("tokyo.test")
    /// By itself it would be in Tokyo.
    private static let eager = "{avoid: [lyon.test], audience: [JP]}"
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.longestPause = .milliseconds(60)
        // What the sites said at the start is all they say.
        $0.rules.uselessAfter = .seconds(1_000_000)
    }

    private static func document(db: String = eager, api: String = "only: [lyon.test]") -> String {
        """
        application: shop
        defaults: {\(Bench.usual)}
        parts:
          db: \(db)
          api: {\(api), within: {db: 50 ms}}
        """
    }

    private func apply(
        _ document: String, _ coordinator: Coordinator, _ table: OperationTable, _ bench: CoordinatorBench
    ) async throws {
        _ = try await table.perform(Bench.apply(document))
        let shop = try await coordinator.settled("shop", as: [.running, .failed], over: bench)
        try #require(shop?.state == .running, "\(shop?.reason ?? "")")
    }

    private func workload(_ part: String, _ coordinator: Coordinator) throws -> Workload {
        try coordinator.workload("shop-\(part)", for: "root@paris.test", scope: .site)
    }

    /// A site deletes the only machine that it has, and takes nothing any more.
    private func lose(_ site: SiteID, _ coordinator: Coordinator, _ bench: CoordinatorBench) async throws {
        bench.sites.setPolicy(.closed, at: site.address)
        var machine = try #require(bench.sites.take(at: site.address))
        machine.state = .deleted
        machine.changed = machine.changed.advanced(by: .seconds(1))
        try await coordinator.receive(MachineReport(machine: machine), from: site)
    }

    /// Goes on until the part has been placed anew.
    private func placedAnew(
        _ part: String, _ coordinator: Coordinator, _ bench: CoordinatorBench
    ) async throws -> Workload {
        try await bench.settle(coordinator) { () throws -> Workload? in
            bench.clock.advance(bySeconds: 16)
            let workload = try self.workload(part, coordinator)
            return workload.state == .placed && workload.replicas[0].epoch == 2 ? workload : nil
        }
    }

    @Test("A new part that the first site refuses is as near as was asked for at the next one")
    func refusedReplacement() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.apply(
                Self.document(db: "{only: [paris.test]}"), coordinator, table, bench)
            bench.sites.arm(fuse: 0, trap: .refusing("not now"))
            try await self.apply(Self.document(), coordinator, table, bench)
            #expect(bench.sites.isTrapped)
            let shop = coordinator.applications(for: "root@paris.test", scope: .site).first
            #expect(shop?.parts.first?.sites.count == 1)
            let sites = Set(shop?.parts.first?.sites ?? [])
            #expect(sites.isSubset(of: Self.near))
        }
    }

    @Test("A part that the first site refuses leaves a site to one that is bound to it and not placed yet")
    func refusedBeforeTheOther() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            bench.sites.arm(fuse: 0, trap: .refusing("not now"))
            try await self.apply(Self.document(), coordinator, table, bench)
            #expect(bench.sites.isTrapped)
            let site = try #require(try self.workload("db", coordinator).replicas[0].site)
            #expect(Self.near.contains(site))
        }
    }

    @Test(
        "What is placed anew stays near a part that is bound to it if it can, and otherwise its log says so",
        arguments: [true, false])
    func failover(isThereRoomNear: Bool) async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.apply(Self.document(), coordinator, table, bench)
            let home = try #require(try self.workload("db", coordinator).replicas[0].site)
            let other = try #require(Self.near.subtracting([home]).first)
            if !isThereRoomNear { bench.sites.setPolicy(.closed, at: other.address) }
            try await self.lose(home, coordinator, bench)
            let database = try await self.placedAnew("db", coordinator, bench)
            #expect(database.replicas[0].site == (isThereRoomNear ? other : Self.tokyo))
            let shown = try await table.perform(Bench.invocation("show", ["application": "shop"]))
                .application()
            let told = (shown.events ?? []).filter { $0.text.contains(" although ") }
            guard !isThereRoomNear else {
                #expect(told == [])
                return
            }
            let text = try #require(told.first).text
            #expect(told.map(\.part) == ["db"])
            #expect(
                text.hasPrefix("is at tokyo.test although a round trip to shop-api at lyon.test takes 1"))
            #expect(
                text.hasSuffix(" ms and at most 50 ms was asked for: no site near enough could take it"))
        }
    }

    @Test("What is bound itself waits for a site within its bound, whatever other sites have room")
    func boundPartWaits() async throws {
        let bench = try CoordinatorBench(Self.world)
        let lyon = SiteID("lyon.test")
        try await bench.run(Self.patient) { coordinator, table in
            let document = Self.document(
                db: "{only: [paris.test]}", api: "only: [lyon.test, tokyo.test]")
            try await self.apply(document, coordinator, table, bench)
            try #require(try self.workload("api", coordinator).replicas[0].site == lyon)
            try await self.lose(lyon, coordinator, bench)
            _ = try await bench.settle(coordinator) { () throws -> Bool? in
                bench.clock.advance(bySeconds: 16)
                let events = try self.workload("api", coordinator).events ?? []
                return events.contains { $0.text.hasSuffix("no site can take it now") } ? true : nil
            }
            for _ in 0..<5 {
                bench.clock.advance(bySeconds: 16)
                await bench.turn(coordinator)
            }
            #expect(try self.workload("api", coordinator).replicas[0].epoch == 1)
            #expect(bench.sites.count(at: "tokyo.test") == 0)
            bench.sites.setPolicy(.open, at: lyon.address)
            let back = try await self.placedAnew("api", coordinator, bench)
            #expect(back.replicas[0].site == lyon)
        }
    }

    @Test("Nothing is moved to where it is too far from a part that is bound to it")
    func moves() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            try await self.apply(Self.document(), coordinator, table, bench)
            let database = try self.workload("db", coordinator)
            let home = try #require(database.replicas[0].site)
            let other = try #require(Self.near.subtracting([home]).first)
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.move(
                    database.id, replica: 0, to: Self.tokyo, because: "somebody wants it")
            }
            #expect(error?.code == .refused)
            #expect(
                error?.message.contains("to the nearest replica of shop-api, at most 50 ms is asked") == true)
            try await coordinator.move(database.id, replica: 0, to: other, because: "somebody wants it")
            let moved = try await self.placedAnew("db", coordinator, bench)
            #expect(moved.replicas[0].site == other)
        }
    }

    @Test("One of several replicas may be anywhere as long as another one is near enough")
    func anotherReplica() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            let document = Self.document(
                db: "{only: [paris.test, seoul.test, tokyo.test], replicas: 2, per-site: 1}")
            try await self.apply(document, coordinator, table, bench)
            let database = try self.workload("db", coordinator)
            let sites = database.replicas.compactMap(\.site)
            let near = try #require(sites.firstIndex(of: SiteID("paris.test")))
            let free: Set<SiteID> = [SiteID("seoul.test"), Self.tokyo]
            let target = try #require(free.subtracting(sites).first)
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.move(
                    database.id, replica: near, to: target, because: "somebody wants it")
            }
            #expect(error?.code == .refused)
            try await coordinator.move(
                database.id, replica: 1 - near, to: target, because: "somebody wants it")
            let moved = try await bench.settle(coordinator) { () throws -> Workload? in
                let workload = try self.workload("db", coordinator)
                return workload.replicas[1 - near].site == target ? workload : nil
            }
            #expect(moved.replicas[near].site == SiteID("paris.test"))
        }
    }
}
