import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import TestSupport
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
    /// Three sites near Lyon, one near Toronto, and one that is near the users alone.
    private static let shores: [(String, Position?, Int)] = [
        ("paris.test", Position(latitude: 48.9, longitude: 2.4), 4),
        ("geneva.test", Position(latitude: 46.2, longitude: 6.1), 4),
        ("zurich.test", Position(latitude: 47.4, longitude: 8.5), 4),
        ("lyon.test", Position(latitude: 45.8, longitude: 4.8), 4),
        ("virginia.test", Position(latitude: 39.0, longitude: -77.5), 4),
        ("toronto.test", Position(latitude: 43.7, longitude: -79.4), 4),
        ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 4),
    ]
    private static let european = ["paris.test", "geneva.test", "zurich.test"]
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

    private static func document(
        db: String = eager, api: String = "only: [lyon.test]", within limit: String = "50 ms"
    ) -> String {
        """
        application: shop
        defaults: {\(Bench.usual)}
        parts:
          db: \(db)
          api: {\(api), within: {db: \(limit)}}
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

    /// Applies a document that binds the database; its workload, where it is, and the only other site near enough.
    private func applyBound(
        _ coordinator: Coordinator, _ table: OperationTable, _ bench: CoordinatorBench
    ) async throws -> (database: Workload, home: SiteID, other: SiteID) {
        try await self.apply(Self.document(), coordinator, table, bench)
        let database = try self.workload("db", coordinator)
        let home = try #require(database.replicas[0].site)
        return (database, home, try #require(Self.near.subtracting([home]).first))
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
            // The other one is not begun before this one runs.
            let document = Self.document(api: "only: [lyon.test], after: [db]")
            try await self.apply(document, coordinator, table, bench)
            #expect(bench.sites.isTrapped)
            let site = try #require(try self.workload("db", coordinator).replicas[0].site)
            #expect(Self.near.contains(site))
        }
    }

    @Test(
        "Where parts still to come could go is worked out again after a second, and not before",
        arguments: [Duration.milliseconds(500), .seconds(1)])
    func openings(age: Duration) async throws {
        let bench = try CoordinatorBench(Self.shores)
        let (sites, clock) = (bench.sites, bench.clock)
        for site in Self.european { sites.set(.refusing("not now"), at: site) }
        sites.setPolicy(.closed, at: "toronto.test")
        // The review at the start looks at the sites too: it must not come between.
        sites.update { $0.meanwhile = { true } }
        try await bench.run(Self.patient) { coordinator, table in
            try await Turns.pass(until: "the first review has looked at the sites") {
                sites.read { $0.meanwhile == nil }
            }
            sites.update { state in
                // After the second refusal; where the other part could go was worked out after the first.
                state.meanwhile = {
                    let kinds = sites.read { $0.asked.map(\.kind) }
                    guard kinds.count(where: { $0 == .reserve }) == 2 else { return false }
                    for site in Self.european { sites.set(.normal, at: site) }
                    sites.setPolicy(.closed, at: "lyon.test")
                    sites.setPolicy(.open, at: "toronto.test")
                    clock.advance(by: age)
                    return true
                }
            }
            // The other part waits until the first one runs, which never happens here.
            let document = Self.document(
                db: "{avoid: [lyon.test, toronto.test], audience: [JP]}",
                api: "only: [lyon.test, toronto.test], after: [db]")
            _ = try await table.perform(Bench.apply(document))
            try await Turns.pass(until: "the first part is placed") {
                coordinator.workloads(for: "root@paris.test", scope: .site).contains { $0.state == .placed }
            }
            let site = try #require(try self.workload("db", coordinator).replicas[0].site)
            let expected = age < .seconds(1) ? Self.european : ["virginia.test"]
            #expect(expected.contains(site.address))
        }
    }

    @Test(
        "What is placed anew stays near a part that is bound to it if it can, and otherwise its log says so",
        arguments: [true, false])
    func failover(isThereRoomNear: Bool) async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            let (_, home, other) = try await self.applyBound(coordinator, table, bench)
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

    /// Goes on until the only replica runs, and is on no way from one site to another; its site.
    private func rests(
        _ part: String, after epoch: Int, _ coordinator: Coordinator, _ bench: CoordinatorBench
    ) async throws -> SiteID? {
        try await bench.settle(coordinator) { () throws -> Workload.Replica? in
            bench.clock.advance(bySeconds: 16)
            let replica = try self.workload(part, coordinator).replicas[0]
            let isAtRest = replica.epoch > epoch && replica.state == .running && replica.change == nil
            return isAtRest ? replica : nil
        }.site
    }

    @Test("Where a replica was before it was moved says nothing of where it may be placed anew")
    func failoverAfterMove() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            let (database, home, other) = try await self.applyBound(coordinator, table, bench)
            bench.sites.setPolicy(.closed, at: other.address)
            try await self.lose(home, coordinator, bench)
            try #require(try await self.rests("db", after: 1, coordinator, bench) == Self.tokyo)
            bench.sites.setPolicy(.open, at: other.address)
            try await coordinator.move(database.id, replica: 0, to: other, because: "somebody wants it")
            try #require(try await self.rests("db", after: 2, coordinator, bench) == other)
            bench.sites.setPolicy(.open, at: home.address)
            try await self.lose(other, coordinator, bench)
            let last = try await self.rests("db", after: 3, coordinator, bench)
            #expect(last == home, "although it was too far in Tokyo")
        }
    }

    @Test(
        "What was moved and is lost goes too far rather than nowhere, also while its old machine is not known to be gone"
    )
    func failoverBesideOldMachine() async throws {
        let bench = try CoordinatorBench(Self.world)
        try await bench.run(Self.patient) { coordinator, table in
            let (database, home, other) = try await self.applyBound(coordinator, table, bench)
            bench.sites.set(.silent, at: home.address)
            try await coordinator.move(database.id, replica: 0, to: other, because: "somebody wants it")
            _ = try await bench.settle(coordinator) { () throws -> Bool? in
                bench.clock.advance(bySeconds: 16)
                let replica = try self.workload("db", coordinator).replicas[0]
                return replica.site == other && replica.state == .running ? true : nil
            }
            bench.sites.setPolicy(.closed, at: home.address)
            try await self.lose(other, coordinator, bench)
            _ = try await bench.settle(coordinator) { () throws -> Bool? in
                bench.clock.advance(bySeconds: 16)
                let replica = try self.workload("db", coordinator).replicas[0]
                return replica.site == Self.tokyo && replica.state == .running ? true : nil
            }
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
            let (database, _, other) = try await self.applyBound(coordinator, table, bench)
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.move(
                    database.id, replica: 0, to: Self.tokyo, because: "somebody wants it")
            }
            #expect(error?.code == .refused)
            #expect(
                error?.message.contains(
                    "to shop-api at lyon.test, at most 50 ms is asked") == true)
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

    /// Lyon and Dijon are within 10 ms of Geneva; of Paris and Reims Dijon alone is.
    private static let burgundy: [(String, Position?, Int)] = [
        ("paris.test", Position(latitude: 48.9, longitude: 2.4), 4),
        ("geneva.test", Position(latitude: 46.2, longitude: 6.1), 4),
        ("reims.test", Position(latitude: 49.25, longitude: 4.03), 4),
        ("lyon.test", Position(latitude: 45.8, longitude: 4.8), 4),
        ("dijon.test", Position(latitude: 47.3, longitude: 5.0), 4),
    ]
    private static let twice = document(
        db: "{only: [paris.test, geneva.test, reims.test], audience: [FR]}",
        api: "only: [lyon.test, dijon.test], replicas: 2, per-site: 1", within: "10 ms")

    @Test("A part that another one is bound to is near each of its replicas as long as it can be")
    func eachReplica() async throws {
        let bench = try CoordinatorBench(Self.burgundy)
        let (geneva, paris, reims) = (SiteID("geneva.test"), SiteID("paris.test"), SiteID("reims.test"))
        try await bench.run(Self.patient) { coordinator, table in
            try await self.apply(Self.twice, coordinator, table, bench)
            let database = try self.workload("db", coordinator)
            try #require(database.replicas[0].site == geneva)
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.move(database.id, replica: 0, to: paris, because: "somebody wants it")
            }
            let text = "to shop-api at lyon.test, at most 10 ms is asked"
            #expect(error?.message.contains(text) == true)
            // With none near both left, one near Dijon is better than none.
            bench.sites.setPolicy(.closed, at: reims.address)
            try await self.lose(geneva, coordinator, bench)
            let anew = try await self.placedAnew("db", coordinator, bench)
            #expect(anew.replicas[0].site == paris)
            let told = (anew.events ?? []).map(\.text).filter { $0.contains(" although ") }
            #expect(told.count == 1 && told.first?.contains("shop-api at lyon.test") == true)
            // What is too far already keeps it from no other site, also while that is looked for.
            bench.sites.setPolicy(.open, at: reims.address)
            try #require(try await self.rests("db", after: 1, coordinator, bench) == paris)
            try await coordinator.move(database.id, replica: 0, to: reims, because: "somebody wants it")
            let last = try await self.rests("db", after: 2, coordinator, bench)
            #expect(last == reims)
        }
    }
}
