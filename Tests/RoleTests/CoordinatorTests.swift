import CloudModel
import Coordinator
import Federation
import Logging
import Operations
import Placement
import Storage
import Testing

@Suite("Coordinator", .timeLimit(.minutes(2)))
struct CoordinatorTests {
    @Test("Two replicas near Tokyo's users are reserved and committed there")
    func places() async throws {
        let bench = try CoordinatorBench()
        let workload = try await bench.run { _, table in
            try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
        }
        #expect(workload.state == .placed)
        #expect(workload.owner == "alice@paris.test")
        #expect(workload.replicas.map(\.site) == [SiteID("tokyo.test"), SiteID("tokyo.test")])
        #expect(Set(workload.replicas.compactMap(\.machine)) == Set(bench.sites.machines.map(\.id)))
        #expect(bench.sites.machines.map(\.specification.name).sorted() == ["web-0", "web-1"])
        #expect(bench.sites.holds == [])
    }

    @Test("A plan says for every site why or why not, and reserves nothing")
    func plans() async throws {
        let bench = try CoordinatorBench()
        let result = try await bench.run { _, table in
            var invocation = CoordinatorBench.place(
                replicas: 2, more: ["avoid": .array([.string("PARIS.test")])])
            invocation.arguments["wait"] = nil
            return try await table.perform(
                Invocation(
                    operation: "workload.plan", arguments: invocation.arguments,
                    caller: CoordinatorBench.alice))
        }
        let report = try ValueDecoder().decode(PlanReport.self, from: result.value)
        #expect(report.assignments.map(\.site) == [SiteID("tokyo.test"), SiteID("tokyo.test")])
        #expect(report.alternatives == [SiteID("virginia.test")])
        #expect(report.text.contains("paris.test: no, is to be avoided"))
        #expect(bench.sites.read { $0.asked.isEmpty })
    }

    @Test("When every site refuses, the result is a clear failure with the chain of reasons")
    func everySiteRefuses() async throws {
        let bench = try CoordinatorBench()
        for site in CoordinatorBench.world { bench.sites.set(.refusing("quota used up"), at: site.0) }
        let result = try await bench.run { _, table in
            try await table.perform(CoordinatorBench.place())
        }
        let workload = try result.workload()
        #expect(workload.state == .failed)
        let reason = try #require(workload.reason)
        for site in CoordinatorBench.world { #expect(reason.contains("\(site.0): quota used up")) }
        #expect(result.message?.contains("web: failed") == true)
        #expect(bench.sites.machines == [])
    }

    @Test("A request that no site can hold is refused with the reasons, and nothing is kept")
    func nobodyHasRoom() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place(more: ["vcpus": .integer(64)]))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("tokyo.test: no, no room: too little vCPU") == true)
            #expect(coordinator.workloads(for: "alice@paris.test", scope: .site) == [])
        }
    }

    @Test("A refusal's true state is believed: the next plan goes elsewhere at once")
    func refusalCorrectsTheView() async throws {
        let bench = try CoordinatorBench([
            ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 2), CoordinatorBench.world[0],
        ])
        // The site fills up behind the coordinator's back; its report still says there is room.
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place("first", replicas: 2))
        }
        let workload = try await bench.run { _, table in
            try await table.perform(CoordinatorBench.place("second")).workload()
        }
        #expect(workload.replicas[0].site == SiteID("paris.test"))
        let refused = bench.sites.read { state in
            state.asked.count { if case .reserve = $0 { true } else { false } }
        }
        #expect(refused == 4)
    }

    @Test("A row that its site signed before it granted room, and that comes after, does not free that room")
    func lateRow() async throws {
        let bench = try CoordinatorBench([("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 2)])
        let tokyo = SiteID("tokyo.test")
        bench.sites.update { $0.sites[tokyo]?.generation = 5 }
        /// A row of so many changes, with room for two machines, comes now.
        @Sendable func hear(_ generation: Int) {
            let now = bench.clock.now()
            bench.sites.update { state in
                state.sites[tokyo]?.description.capacity.generation = generation
                state.heard = now
            }
        }
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place("first", replicas: 2))
            hear(5)
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place("second"))
            }
            #expect(error?.code == .refused)
            let asked = bench.sites.read { state in
                state.asked.count { if case .reserve = $0 { true } else { false } }
            }
            #expect(asked == 2)
            // Now with both of the first, and room for two more.
            bench.sites.update { $0.sites[tokyo]?.room = 2 }
            hear(7)
            let second = try await table.perform(CoordinatorBench.place("second")).workload()
            #expect(second.replicas[0].site == tokyo)
        }
    }

    @Test("A silent site holds up only what waits for it")
    func silentSite() async throws {
        let bench = try CoordinatorBench()
        bench.sites.set(.dead, at: "tokyo.test")
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place("stuck", wait: "accepted"))
            for number in 0..<4 {
                let workload = try await table.perform(
                    CoordinatorBench.place("web\(number)", more: ["avoid": .array([.string("tokyo.test")])])
                ).workload()
                #expect(workload.state == .placed)
            }
            let stuck = try coordinator.workload("stuck", for: "alice@paris.test", scope: .own)
            #expect(stuck.state == .placing)
        }
    }

    @Test("A site that timed out gets no new work for 30 s, and again after that")
    func timedOutSite() async throws {
        let bench = try CoordinatorBench()
        let tokyo = SiteID("tokyo.test")
        bench.sites.set(.dead, at: tokyo.address)
        bench.sites.arm(fuse: 0, trap: .silent)
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place("stuck", wait: "accepted"))
            // What became of it is asked once the time-out is known. No answer to that ends the silence.
            while bench.sites.read({ $0.asked.count }) < 2 {
                try Task.checkCancellation()
                await Task.yield()
            }
            bench.sites.set(.normal, at: tokyo.address)
            func site(_ name: String) async throws -> SiteID? {
                try await table.perform(CoordinatorBench.place(name)).workload().replicas[0].site
            }
            #expect(try await site("now") == SiteID("paris.test"))
            bench.clock.advance(bySeconds: 29)
            #expect(try await site("soon") == SiteID("paris.test"))
            bench.clock.advance(bySeconds: 1)
            #expect(try await site("later") == tokyo)
        }
    }

    @Test("A site that is out of reach is passed over at once")
    func unreachableSite() async throws {
        let bench = try CoordinatorBench()
        bench.sites.set(.unreachable, at: "tokyo.test")
        let workload = try await bench.run { _, table in
            try await table.perform(CoordinatorBench.place()).workload()
        }
        #expect(workload.state == .placed)
        #expect(workload.replicas[0].site == SiteID("paris.test"))
    }

    @Test("The same key twice places once, however close together; with another content it is refused")
    func idempotencyKeys() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            async let first = table.perform(CoordinatorBench.place(key: "k1")).workload()
            async let second = table.perform(CoordinatorBench.place(key: "k1")).workload()
            #expect(try await first.id == (try await second.id))
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place(replicas: 2, key: "k1"))
            }
            #expect(error?.code == .keyReused)
            // Keys are each caller's own.
            _ = try await table.perform(CoordinatorBench.place("other", key: "k1", by: CoordinatorBench.bob))
        }
        #expect(bench.sites.machines.count == 2)
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place(key: "k1"))
        }
        #expect(bench.sites.machines.count == 2)
    }

    @Test(
        "A key of a workload that is removed and no longer remembered places anew, in memory and on disk",
        arguments: [false, true])
    func forgottenKeys(isForgottenMeanwhile: Bool) async throws {
        let bench = try CoordinatorBench()
        let remembrance: @Sendable (inout Coordinator.Configuration) -> Void = {
            $0.remembrance = .milliseconds(1)
        }
        let ids = try await bench.run(remembrance) { _, table in
            let first = try await table.perform(CoordinatorBench.place(key: "k")).workload()
            let removal = Invocation(
                operation: "workload.remove", arguments: ["workload": .string("web")],
                caller: CoordinatorBench.alice)
            #expect(try await table.perform(removal).workload().state == .removed)
            if isForgottenMeanwhile { _ = try await table.perform(CoordinatorBench.place("other")) }
            let second = try await table.perform(CoordinatorBench.place(key: "k")).workload()
            #expect(second.id != first.id && second.state == .placed)
            #expect(try await table.perform(CoordinatorBench.place(key: "k")).workload().id == second.id)
            return [first.id, second.id]
        }
        let stored = try await PlacementStore(bench.database).load().map(\.id)
        #expect(stored.contains(ids[1]) && !stored.contains(ids[0]))
    }

    @Test("A name is taken until its workload is removed; removing deletes every machine")
    func removes() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 3))
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place())
            }
            #expect(error?.code == .conflict)
            let removal = Invocation(
                operation: "workload.remove", arguments: ["workload": .string("web")],
                caller: CoordinatorBench.alice)
            let removed = try await table.perform(removal).workload()
            #expect(removed.state == .removed)
            #expect(bench.sites.machines == [])
            _ = try await table.perform(CoordinatorBench.place())
        }
        #expect(bench.sites.machines.count == 1)
    }

    @Test("Nobody sees or removes the workloads of others")
    func ownership() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            for operation in ["workload.show", "workload.remove"] {
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(
                        Invocation(
                            operation: operation, arguments: ["workload": .string("web")],
                            caller: CoordinatorBench.bob))
                }
                #expect(error?.code == .notFound)
            }
            #expect(coordinator.workloads(for: "bob@paris.test", scope: .own) == [])
            #expect(coordinator.workloads(for: "root@paris.test", scope: .site).count == 1)
            let stranger = GrantBook.Caller(address: "eve@evil.test", domain: "evil.test")
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place("evil", by: stranger))
            }
            #expect(error?.code == .forbidden)
        }
    }

    @Test("Reports change a replica's state, but only those of the site where it is")
    func reports() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            func state() throws -> MachineState? {
                try coordinator.workload("web", for: "alice@paris.test", scope: .own).replicas[0].state
            }
            let machine = try #require(bench.sites.change(.running, at: "tokyo.test"))
            try await coordinator.receive(MachineReport(machine: machine), from: SiteID("paris.test"))
            #expect(try state() == .creating)
            try await coordinator.receive(MachineReport(machine: machine), from: SiteID("tokyo.test"))
            #expect(try state() == .running)
        }
    }

    @Test("Whoever waits for running machines is told of each step on the way")
    func waitsForRunning() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, table in
            let (steps, told) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(100))
            async let placed = table.perform(CoordinatorBench.place(wait: "running")) { progress in
                told.yield(progress.text)
            }.workload()
            for await text in steps where text == "web-0 at tokyo.test: creating" { break }
            let machine = try #require(bench.sites.change(.running, at: "tokyo.test"))
            try await coordinator.receive(MachineReport(machine: machine), from: SiteID("tokyo.test"))
            #expect(try await placed.replicas[0].state == .running)
        }
    }

    @Test("What is asked before the stored workloads have been read is not told that there is none")
    func starting() async throws {
        let bench = try CoordinatorBench()
        let coordinator = Coordinator(
            configuration: .init(address: SiteID("coordinator.test")), store: PlacementStore(bench.database),
            sites: bench.sites, now: { bench.clock.now() }, logger: Logger(label: "test"))
        var table = OperationTable(site: SiteID("coordinator.test")) { () throws(OperationError) in
            CoordinatorBench.grants
        }
        coordinator.register(in: &table)
        let asked: [(String, [String: Value])] = [
            ("workload.list", [:]), ("workload.show", ["workload": .string("web")]),
            ("workload.remove", ["workload": .string("web")]), ("application.list", [:]),
            ("application.show", ["application": .string("shop")]),
            ("workload.events", ["for": 0]), ("workload.events", ["after": 0, "for": 0]),
        ]
        for (operation, arguments) in asked {
            let error = await #expect(throws: OperationError.self, "\(operation)") {
                try await table.perform(
                    Invocation(
                        operation: operation, arguments: arguments, caller: CoordinatorBench.alice))
            }
            #expect(error?.code == .unavailable, "\(operation)")
        }
    }

    @Test("The limit on workloads holds at its edge")
    func workloadLimit() async throws {
        let bench = try CoordinatorBench()
        try await bench.run({ $0.workloadLimit = 2 }) { _, table in
            _ = try await table.perform(CoordinatorBench.place("one"))
            _ = try await table.perform(CoordinatorBench.place("two"))
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place("three"))
            }
            #expect(error?.code == .tooMany)
        }
    }

    @Test("Absurd requests are refused before any site hears of them")
    func absurd() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { coordinator, _ in
            var specification = CoordinatorBench.specification()
            specification.replicas = 1_000_000_000
            specification.objectives.latency = .nan
            let refused = specification
            let error = await #expect(throws: OperationError.self) {
                try await coordinator.place(refused, owner: "alice@paris.test", idempotencyKey: nil)
            }
            #expect(error?.code == .badRequest)
            #expect(error?.message.contains("replicas") == true)
            #expect(error?.message.contains("weight-latency") == true)
        }
        #expect(bench.sites.read { $0.asked.isEmpty })
    }
}
