import Coordinator
import NIOHTTP1
import Testing

@testable import TradewindClient

@Suite("Applications in the client library", .timeLimit(.minutes(2)))
struct ApplicationClientTests {
    private static let document = """
        application: shop
        defaults: {\(ApplicationBench.usual)}
        parts:
          db: {only: [paris.test]}
          web: {only: [tokyo.test], after: [db]}
        """

    @Test("Each part is waited for by itself, wherever it runs, and so is the whole")
    func parts() async throws {
        let bench = try ClientBench()
        try await bench.run { coordinator, server in
            let client = ClientBench.client(server)
            let plan = try await client.plan(document: Self.document)
            #expect(plan.changes.map(\.part) == ["db", "web"])
            #expect(plan.changes.allSatisfy { $0.kind == .add } && !plan.destroys)
            #expect(plan.plans["db"]?.assignments.map(\.site) == ["paris.test"])
            #expect(plan.text.hasPrefix("shop: 2 to add"))
            #expect(try await client.listApplications() == [])

            let shop = try await client.apply(document: Self.document)
            let early = await #expect(throws: TradewindError.self) {
                try await shop.waitUntilRunning(part: "db", within: .milliseconds(100))
            }
            #expect(early?.code == .timeout)
            // Nothing of `web` comes up yet.
            let db = try await bench.booting(coordinator, "shop-db") {
                try await shop.waitUntilRunning(part: "db")
            }
            #expect(db.sites == ["paris.test"] && db.running == 1 && db.workload != nil)
            let unfinished = try await shop.status()
            #expect(unfinished.state == .applying)
            #expect(unfinished.parts.first { $0.name == "web" }?.state != .running)
            let late = await #expect(throws: TradewindError.self) {
                try await shop.waitUntilRunning(within: .milliseconds(100))
            }
            #expect(late?.code == .timeout)

            let status = try await bench.booting(coordinator) { try await shop.waitUntilRunning() }
            #expect(status.parts.map(\.sites) == [["paris.test"], ["tokyo.test"]])
            #expect(try await client.application("shop").id == shop.id)
            #expect(try await client.listApplications().map(\.name) == ["shop"])
            #expect(try await shop.remove().state == .removed)
        }
        #expect(bench.bench.sites.machines == [])
    }

    @Test("The example of the documentation plans, applies, waits for a part and for all, and removes")
    func example() async throws {
        let bench = try ClientBench()
        let document = Self.document
        try await bench.run { coordinator, server in
            let tradewind = ClientBench.client(server)
            let printed = try await bench.booting(coordinator) {
                var printed: [String] = []
                func print(_ items: Any...) { printed += items.map { "\($0)" } }

                let plan = try await tradewind.plan(document: document)
                print(plan.text)

                let shop = try await tradewind.apply(document: document)
                let db = try await shop.waitUntilRunning(part: "db")
                print(db.sites)

                try await shop.waitUntilRunning(within: .seconds(300))
                try await shop.remove()
                return printed
            }
            #expect(printed.last == "[\"paris.test\"]")
        }
        #expect(bench.bench.sites.machines == [])
    }

    @Test("What fails is told with the reason, and a part that there is not is named")
    func failure() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let client = ClientBench.client(server)
            let impossible = Self.document.replacing("[tokyo.test]", with: "[nowhere.test]")
            let shop = try await client.apply(document: impossible.replacing(", after: [db]", with: ""))
            for wait in [
                { _ = try await shop.waitUntilRunning() },
                { _ = try await shop.waitUntilRunning(part: "web") },
            ] as [@Sendable () async throws -> Void] {
                let error = await #expect(throws: TradewindError.self) { try await wait() }
                #expect(error?.code == .failed)
                #expect(error?.message.contains("shop is failed: web: ") == true)
            }
            let error = await #expect(throws: TradewindError.self) {
                try await shop.waitUntilRunning(part: "cache")
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test("A part that comes up is waited for, though another one has failed")
    func failureOfAnother() async throws {
        let bench = try ClientBench()
        let document = Self.document.replacing("[tokyo.test], after: [db]", with: "[nowhere.test]")
        try await bench.run { coordinator, server in
            let client = ClientBench.client(server)
            let shop = try await client.apply(document: document)
            while try await shop.status().state != .failed {
                try Task.checkCancellation()
                await Task.yield()
            }
            let db = try await bench.booting(coordinator, "shop-db") {
                try await shop.waitUntilRunning(part: "db")
            }
            #expect(db.state == .running && db.running == 1)
            #expect(try await shop.status().state == .failed)
        }
    }

    @Test("Who waits for a part is told that the application was cancelled; what runs stays")
    func cancelled() async throws {
        let bench = try ClientBench()
        try await bench.run { coordinator, server in
            let client = ClientBench.client(server)
            let shop = try await client.apply(document: Self.document)
            _ = try await bench.booting(coordinator, "shop-db") {
                try await shop.waitUntilRunning(part: "db")
            }
            async let web = shop.waitUntilRunning(part: "web")
            #expect(try await shop.cancel().state == .cancelled)
            do {
                _ = try await web
                Issue.record("it runs")
            } catch {
                #expect((error as? TradewindError)?.code == .cancelled)
            }
            #expect(try await shop.waitUntilRunning(part: "db").state == .running)
        }
    }

    @Test("What would delete disks must be agreed to; a key stands for one document")
    func agreement() async throws {
        let bench = try ClientBench()
        try await bench.run { coordinator, server in
            let client = ClientBench.client(server)
            let shop = try await client.apply(document: Self.document, key: "a-1")
            #expect(try await client.apply(document: Self.document, key: "a-1").id == shop.id)
            let reused = await #expect(throws: TradewindError.self) {
                try await client.apply(document: Self.document + "\n", key: "a-1")
            }
            #expect(reused?.code == .keyReused)
            _ = try await bench.booting(coordinator) { try await shop.waitUntilRunning() }
            let less =
                "application: shop\ndefaults: {\(ApplicationBench.usual)}\nparts: {db: {only: [paris.test]}}"
            #expect(try await client.plan(document: less).destroys)
            let error = await #expect(throws: TradewindError.self) { try await client.apply(document: less) }
            #expect(error?.next?.contains("destroy=yes") == true)
            let changed = try await client.apply(document: less, destroying: true)
            #expect(changed.id == shop.id)
            #expect(try await changed.waitUntilRunning().parts.map(\.name) == ["db"])
        }
    }

    private struct Shown: Decodable {
        struct Figure: Hashable, Decodable {
            let place: String
            let responses: Int
        }

        let responses: [Figure]
    }

    @Test("Response times are reported by place")
    func report() async throws {
        let bench = try ClientBench()
        try await bench.run { _, server in
            let client = ClientBench.client(server)
            let web = try await client.place(ClientBench.request())
            try await client.report(
                web.id, place: .country("FR"),
                times: [ResponseTime(.microseconds(120_500)), ResponseTime(.milliseconds(50), count: 9)])
            let shown: Shown = try await client.transport.perform(.GET, ["workloads", web.id])
            #expect(shown.responses == [Shown.Figure(place: "FR", responses: 10)])
            let error = await #expect(throws: TradewindError.self) {
                try await client.report(
                    web.id, place: Place(rawValue: "Utopia"), times: [ResponseTime(.zero)])
            }
            #expect(error?.code == .badRequest)
        }
    }
}
