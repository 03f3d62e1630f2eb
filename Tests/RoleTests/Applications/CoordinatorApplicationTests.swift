import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import TestSupport
import Testing

@Suite("Coordinator brings applications to what their documents say", .timeLimit(.minutes(2)))
struct CoordinatorApplicationTests {
    private typealias Bench = ApplicationBench

    /// Applies a document and lets it come to `states`.
    @discardableResult
    private func apply(
        _ document: String = ApplicationBench.shop, _ coordinator: Coordinator, _ table: OperationTable,
        _ bench: CoordinatorBench, as states: Set<Application.State> = [.running]
    ) async throws -> Application {
        _ = try await table.perform(Bench.apply(document))
        return try #require(await coordinator.settled("shop", as: states, over: bench))
    }

    @Test("Parts are placed one after the other, each where its wishes and the bounds say")
    func applied() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let application = try await self.apply(Bench.shop, coordinator, table, bench)
            #expect(
                Bench.sites(application) == [
                    "db": ["paris.test"], "api": ["virginia.test"], "web": ["tokyo.test"],
                ])
            #expect(application.parts.map(\.running) == [1, 1, 2])
            let reserved = bench.sites.read { state in
                state.asked.compactMap {
                    if case .reserve(let request) = $0 { request.specification.name } else { nil }
                }
            }
            #expect(Array(reserved.prefix(2)) == ["shop-db-0", "shop-api-0"])
            #expect(Set(reserved.suffix(2)) == ["shop-web-0", "shop-web-1"])
            let shown = try await table.perform(Bench.invocation("show", ["application": "shop"]))
                .application()
            #expect(shown.events?.first?.part == "db")
            #expect(shown.events?.contains { $0.part == "web" && $0.text.contains("tokyo.test") } == true)
        }
    }

    @Test("A plan says what would change, with the plan of each part, and changes nothing")
    func planned() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let asked = Bench.invocation("plan", ["document": .string(Bench.shop)])
            let first = try await table.perform(asked)
            let text = try #require(first.value.value(at: "text")?.string)
            #expect(text.hasPrefix("shop: 3 to add\n+ db: add: paris.test\n    paris.test: 1 replica"))
            #expect(text.contains("+ api: add: virginia.test"))
            #expect(text.contains("+ web: add: tokyo.test (2)"))
            #expect(coordinator.applications(for: "root@paris.test", scope: .site) == [])
            #expect(bench.sites.read(\.asked) == [])

            try await self.apply(Bench.shop, coordinator, table, bench)
            let again = try await table.perform(asked).value.value(at: "text")?.string
            #expect(again == "shop: 3 unchanged\n= db: unchanged\n= api: unchanged\n= web: unchanged")
            let changed = Bench.shop.replacing("replicas: 2", with: "replicas: 3").replacing(
                "[US]", with: "[FR]")
            let plan = try await table.perform(Bench.invocation("plan", ["document": .string(changed)]))
            let lines = plan.value.value(at: "text")?.string ?? ""
            #expect(lines.contains("~ web: scale, replicas 2 → 3; the others are left alone: tokyo.test"))
            #expect(lines.contains("± api: replace (audience); the new one is placed beside the old one"))
            let less = Bench.document("db: {only: [paris.test]}")
            let removal = try await table.perform(Bench.invocation("plan", ["document": .string(less)]))
            #expect(
                removal.value.value(at: "text")?.string?.hasSuffix("- web: remove\n- api: remove") == true)
        }
    }

    @Test("Whoever waits hears how it goes, and is answered when each part runs")
    func waiting() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let progress = ProgressLog()
            async let answer = table.perform(Bench.apply(wait: "running")) { await progress.add($0.text) }
            try await Turns.pass(until: "the caller hears something") { await !progress.lines.isEmpty }
            _ = try await coordinator.settled("shop", over: bench)
            let result = try await answer
            #expect(try result.application().state == .running)
            #expect(result.message?.hasPrefix("shop: running; db running at paris.test") == true)
            #expect(
                await progress.lines.contains {
                    $0.hasPrefix("shop: web waits for api") || $0.hasPrefix("shop: db")
                })
        }
    }

    @Test(
        "What cannot be placed fails with the reason and what to do; nothing of it is begun where bounds decide"
    )
    func failed() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document(
            "db: {only: [paris.test]}", "api: {only: [tokyo.test], within: {db: 50 ms}}")
        try await bench.run { coordinator, table in
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(Bench.apply(document, wait: "placed"))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("api: paris.test: no, is not among the sites asked for") == true)
            #expect(
                error?.message.contains("to the nearest replica of shop-db, at most 50 ms is asked") == true)
            #expect(error?.next?.contains("apply it again") == true)
            #expect(bench.sites.machines == [])
            // Mended, the same application goes on.
            let mended = document.replacing("only: [tokyo.test], ", with: "")
            let application = try await self.apply(mended, coordinator, table, bench)
            #expect(Bench.sites(application) == ["db": ["paris.test"], "api": ["paris.test"]])
        }
    }

    @Test(
        "What no site takes for now is waited for, as after a start when nobody has been heard yet; not for ever"
    )
    func waitsForSites() async throws {
        let bench = try CoordinatorBench()
        let all = ["paris.test", "tokyo.test", "virginia.test"]
        @Sendable func set(_ policy: AdmissionPolicy) {
            for site in all { bench.sites.setPolicy(policy, at: site) }
        }
        @Sendable func waiting(_ name: String, _ coordinator: Coordinator) async throws {
            _ = try await coordinator.settled(name, over: bench) {
                coordinator.applications(for: "root@paris.test", scope: .site)
                    .contains { $0.name == name && $0.parts.first?.text == "waits for a site" }
            }
        }
        try await bench.run { coordinator, table in
            set(.closed)
            _ = try await table.perform(Bench.apply())
            try await waiting("shop", coordinator)
            let shown = try await table.perform(Bench.invocation("show", ["application": "shop"]))
                .application()
            #expect(shown.state == .applying)
            #expect(shown.parts.map(\.text) == ["waits for a site", "waits for db", "waits for api"])
            #expect(shown.parts.map(\.state) == [.waiting, .waiting, .waiting])
            #expect(shown.reason?.contains("takes no new work (closed)") == true)
            set(.open)
            // It is not looked for all the time.
            let asked = bench.sites.read(\.asked.count)
            await coordinator.advanceDueApplications()
            #expect(bench.sites.read(\.asked.count) == asked)
            bench.clock.advance(bySeconds: 16)
            _ = try await coordinator.settled("shop", over: bench)
            #expect(bench.sites.machines.count == 4)

            set(.closed)
            let other = Bench.shop.replacing("application: shop", with: "application: other")
            _ = try await table.perform(Bench.apply(other))
            try await waiting("other", coordinator)
            bench.clock.advance(bySeconds: 601)
            bench.uptime.advance(by: .seconds(601))
            let failed = try await coordinator.settled("other", as: [.failed], over: bench)
            #expect(failed?.reason?.contains("db: paris.test: no, takes no new work (closed)") == true)
        }
    }

    @Test("Parts that are replaced at once get their sites together; one alone stays near those bound to it")
    func replacedTogether() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document(
            "db: {only: [paris.test]}", "web: {only: [paris.test], within: {db: 50 ms}}")
        try await bench.run { coordinator, table in
            try await self.apply(document, coordinator, table, bench)
            // By itself the new database would be in Tokyo.
            let alone = document.replacing("db: {only: [paris.test]}", with: "db: {audience: [JP]}")
            let one = try await self.apply(alone, coordinator, table, bench)
            #expect(Bench.sites(one) == ["db": ["paris.test"], "web": ["paris.test"]])
            let both = alone.replacing("image: /images/web", with: "image: /images/web-2")
            let two = try await self.apply(both, coordinator, table, bench)
            #expect(Bench.sites(two) == ["db": ["paris.test"], "web": ["paris.test"]])
            #expect(bench.sites.machines.allSatisfy { $0.specification.image.location == "/images/web-2" })
        }
    }

    @Test("A part moves so that one that is bound to it has a site")
    func together() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document(
            "db: {audience: [JP]}", "web: {only: [paris.test], within: {db: 50 ms}}")
        try await bench.run { coordinator, table in
            let application = try await self.apply(document, coordinator, table, bench)
            #expect(Bench.sites(application) == ["db": ["paris.test"], "web": ["paris.test"]])
        }
    }

    @Test("More replicas come beside those there are; a changed part is replaced without a gap")
    func changed() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.apply(Bench.shop, coordinator, table, bench)
            let before = Set(bench.sites.machines.map(\.id))
            try await self.apply(
                Bench.shop.replacing("replicas: 2", with: "replicas: 3"), coordinator, table, bench)
            let scaled = Set(bench.sites.machines.map(\.id))
            #expect(scaled.count == 5)
            #expect(before.isSubset(of: scaled))

            bench.sites.watchRunning()
            let other = Bench.shop.replacing("replicas: 2", with: "replicas: 3").replacing(
                "[US]", with: "[FR]")
            let application = try await self.apply(other, coordinator, table, bench)
            #expect(Bench.sites(application)["api"] == ["paris.test"])
            #expect(bench.sites.machines.count == 5)
            #expect(bench.sites.fewestRunning == 5)
            #expect(bench.sites.machines.contains { $0.specification.name == "shop-api-g2-0" })
        }
    }

    @Test("No machine is deleted by applying a document unless whoever applies it agrees")
    func agreement() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.apply(Bench.shop, coordinator, table, bench)
            let before = Set(bench.sites.machines.map(\.id))
            let documents = [
                ("web (scale)", Bench.shop.replacing("replicas: 2", with: "replicas: 1")),
                ("api (replace)", Bench.shop.replacing("[US]", with: "[FR]")),
                ("web (remove), api (remove)", Bench.document("db: {only: [paris.test]}")),
            ]
            for (losses, document) in documents {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(Bench.apply(document, destroy: false))
                }
                #expect(error?.code == .unconfirmed)
                #expect(error?.message.hasSuffix(": \(losses)") == true, "\(error?.message ?? "")")
            }
            _ = try await table.perform(Bench.apply(destroy: false))
            let more = Bench.shop.replacing("replicas: 2", with: "replicas: 3")
            _ = try await table.perform(Bench.apply(more, destroy: false))
            _ = try await coordinator.settled("shop", over: bench)
            #expect(before.isSubset(of: Set(bench.sites.machines.map(\.id))))
            #expect(bench.sites.machines.count == 5)
        }
    }

    @Test("A part whose number was lowered by hand below its minimum is scaled by its document, not replaced")
    func minimum() async throws {
        let bench = try CoordinatorBench()
        let document = Bench.document("web: {replicas: 3, minimum: 2}")
        try await bench.run { coordinator, table in
            let shop = try await self.apply(document, coordinator, table, bench)
            let web = try #require(shop.parts.first?.workload)
            _ = try await coordinator.resize(web, to: 1, because: "somebody wants one")
            _ = try await coordinator.settled("shop", over: bench) { bench.sites.machines.count == 1 }
            let less = document.replacing("minimum: 2", with: "minimum: 1")
            let other = await #expect(throws: OperationError.self) {
                try await table.perform(Bench.apply(less, destroy: false))
            }
            #expect(other?.message.hasSuffix(": web (replace)") == true, "that is another wish")
            _ = try await table.perform(Bench.apply(document, destroy: false))
            let again = try await coordinator.settled("shop", over: bench) {
                bench.sites.machines.count == 3
            }
            #expect(again?.parts.map(\.workload) == [web])
        }
    }

    @Test("Removing takes the parts away in reverse order, and the application with the last")
    func removed() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.apply(Bench.shop, coordinator, table, bench)
            let removal = Bench.invocation("remove", ["application": "shop"])
            async let answer = table.perform(removal)
            #expect(try await coordinator.settled("shop", as: [], over: bench) == nil)
            #expect(try await answer.application().state == .removed)
            #expect(bench.sites.machines == [])
            let deleted = bench.sites.read { state in
                state.asked.compactMap { request -> MachineID? in
                    if case .delete(let machine, _) = request { machine } else { nil }
                }
            }
            #expect(deleted.count == 4)
            // The same name again is another application, from the beginning.
            let application = try await self.apply(Bench.shop, coordinator, table, bench)
            #expect(application.parts.map(\.running) == [1, 1, 2])
        }
        #expect(bench.sites.machines.allSatisfy { !$0.specification.name.contains("-g") })
    }

    @Test("Cancelling gives up what does not run yet and keeps what runs")
    func cancelled() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            // Virginia is silent: api never gets anywhere.
            bench.sites.set(.dead, at: "virginia.test")
            let document = Bench.shop.replacing("audience: [US]", with: "only: [virginia.test]")
            _ = try await table.perform(Bench.apply(document))
            _ = try await coordinator.settled("shop", over: bench) {
                let texts = coordinator.applications(for: "root@paris.test", scope: .site).first?.parts.map(
                    \.text)
                return texts == ["running", "being placed", "waits for api"]
            }
            let progress = ProgressLog()
            async let waiting = table.perform(Bench.apply(document, wait: "running")) { line in
                await progress.add(line.text)
            }
            try await Turns.pass(until: "the caller hears something") { await !progress.lines.isEmpty }
            let cancelled = try await table.perform(Bench.invocation("cancel", ["application": "shop"]))
            #expect(try cancelled.application().state == .cancelled)
            do {
                _ = try await waiting
                Issue.record("whoever waited was told that it runs")
            } catch {
                #expect((error as? OperationError)?.code == .cancelled)
            }
            #expect(bench.sites.machines.map(\.specification.name) == ["shop-db-0"])
        }
    }

    @Test("Applications are their owners'; nobody else sees, changes or takes the name of one")
    func ownership() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            try await self.apply(Bench.shop, coordinator, table, bench)
            for verb in ["show", "cancel", "remove"] {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(
                        Bench.invocation(verb, ["application": "shop"], by: CoordinatorBench.bob))
                }
                #expect(error?.code == .notFound)
            }
            let taken = await #expect(throws: OperationError.self) {
                try await table.perform(Bench.apply(by: CoordinatorBench.bob))
            }
            #expect(taken?.code == .conflict)
            let list = try await table.perform(Bench.invocation("list", [:], by: CoordinatorBench.bob))
            #expect(list.value == .array([]))
            let root = GrantBook.Caller(address: "root@paris.test", domain: "paris.test")
            let shown = try await table.perform(Bench.invocation("show", ["application": "shop"], by: root))
            #expect(try shown.application().owner == "alice@paris.test")
        }
    }

    @Test(
        "No more applications are kept than the coordinator may keep; one that is there can still be changed")
    func limit() async throws {
        let bench = try CoordinatorBench()
        try await bench.run({ $0.applicationLimit = 1 }) { coordinator, table in
            try await self.apply(Bench.shop, coordinator, table, bench)
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(
                    Bench.apply(Bench.shop.replacing("application: shop", with: "application: other")))
            }
            #expect(error?.code == .tooMany)
            try await self.apply(Bench.shop, coordinator, table, bench)
        }
    }

    @Test("A document that could never be placed is refused before anything is kept")
    func absurd() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let document = Bench.shop.replacing(
                "replicas: 2", with: "replicas: 2, per-site: 1, only: [paris.test]")
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(Bench.apply(document))
            }
            #expect(error?.code == .badRequest)
            #expect(error?.message.hasPrefix("parts.web cannot be placed anywhere: per-site") == true)
            #expect(coordinator.applications(for: "root@paris.test", scope: .site) == [])
        }
    }
}
