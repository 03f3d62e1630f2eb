import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("Coordinator keeps what has nowhere else to go", .timeLimit(.minutes(2)))
struct CoordinatorPatienceTests {
    private static let tokyo = SiteID("tokyo.test")
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.longestPause = .milliseconds(60)
        $0.keeping.startTimeout = .milliseconds(50)
        // What the sites said at the start is all they say.
        $0.rules.uselessAfter = .seconds(1_000_000)
    }

    /// Tokyo and Paris, with room for so many machines each.
    private static func bench(tokyo: Int, paris: Int) throws -> CoordinatorBench {
        try CoordinatorBench([
            (Self.tokyo.address, Position(latitude: 35.7, longitude: 139.7), tokyo),
            ("paris.test", Position(latitude: 48.9, longitude: 2.4), paris),
        ])
    }

    private func workload(_ name: String, _ coordinator: Coordinator) throws -> Workload {
        try coordinator.workload(name, for: CoordinatorBench.alice.address, scope: .own)
    }

    @Test("For starts in vain a machine and its disk are deleted only once another site can take the replica")
    func deletedLast() async throws {
        let bench = try CoordinatorBench()
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place())
            await bench.boot(coordinator)
            let machine = bench.sites.machines.map(\.id)
            for site in ["paris.test", "virginia.test"] { bench.sites.setPolicy(.closed, at: site) }
            bench.sites.refuseStarts("its disk is gone", at: "tokyo.test")
            _ = bench.sites.change(.failed, at: "tokyo.test")
            let events = try await bench.settle(coordinator) { () throws -> [WorkloadEvent]? in
                bench.clock.advance(bySeconds: 16)
                guard bench.sites.startsAsked >= 6 else { return nil }
                return try self.workload("web", coordinator).events
            }
            #expect(bench.sites.machines.map(\.id) == machine)
            #expect(events.contains { $0.text.hasSuffix("no other site can take it") })
            #expect(!events.contains { $0.kind == .replacing })
            bench.sites.setPolicy(.open, at: "paris.test")
            let moved = try await bench.settle(coordinator) { () throws -> Workload? in
                bench.clock.advance(bySeconds: 16)
                let workload = try self.workload("web", coordinator)
                return workload.replicas[0].site == SiteID("paris.test") ? workload : nil
            }
            #expect(moved.replicas[0].epoch == 2)
        }
    }

    @Test("Where no site can take one replica, another one that some site can take leaves all the same")
    func another() async throws {
        let bench = try Self.bench(tokyo: 1, paris: 1)
        try await bench.run(Self.patient) { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            await bench.boot(coordinator)
            let sites = placed.replicas.compactMap(\.site)
            try #require(Set(sites).count == 2)
            // Only the second can go to where the first is; the first can go nowhere.
            bench.sites.setPolicy(.closed, at: sites[1].address)
            bench.sites.update { state in
                let amount = Resources(vcpus: 2, memory: .gibibytes(2), disk: .gibibytes(2))
                state.sites[sites[0]]?.room += 1
                state.sites[sites[0]]?.description.capacity.total = amount
                state.sites[sites[0]]?.description.capacity.free = amount
                state.sites[sites[0]]?.description.capacity.largestFreeSlot = amount
            }
            for site in sites {
                bench.sites.refuseStarts("its disk is gone", at: site.address)
                _ = bench.sites.change(.failed, at: site.address)
            }
            let moved = try await bench.settle(coordinator) { () throws -> Workload? in
                bench.clock.advance(bySeconds: 16)
                let workload = try self.workload("web", coordinator)
                return workload.replicas[1].site == sites[0] ? workload : nil
            }
            #expect(moved.replicas.map(\.epoch) == [1, 2])
            let untrue = moved.events?.filter {
                $0.replica == 1 && $0.text.hasSuffix("no other site can take it")
            }
            #expect(untrue == [])
        }
    }

    @Test("One for which no site is looked for in a review, as others come first, is started again in it")
    func cutShort() async throws {
        let bench = try Self.bench(tokyo: 40, paris: 0)
        try await bench.run(Self.patient) { coordinator, table in
            _ = try await table.perform(
                CoordinatorBench.place("last", replicas: 2, more: ["priority": .integer(-1)]))
            // One more than a review looks for.
            for number in 0...20 { _ = try await table.perform(CoordinatorBench.place("first\(number)")) }
            await bench.boot(coordinator)
            bench.sites.setPolicy(.closed, at: Self.tokyo.address)
            for var machine in bench.sites.machines where machine.specification.name != "last-1" {
                bench.sites.update { $0.sites[Self.tokyo]?.machines[machine.id] = nil }
                machine.state = .deleted
                machine.changed = machine.changed.advanced(by: .seconds(1))
                try await coordinator.receive(MachineReport(machine: machine), from: machine.site)
            }
            for starts in 1...2 {
                let failed = try #require(bench.sites.change(.failed, at: Self.tokyo.address))
                try await coordinator.receive(MachineReport(machine: failed), from: failed.site)
                if starts == 2 { await coordinator.review() }
                while try bench.sites.startsAsked < starts
                    || self.workload("last", coordinator).replicas.last?.state != .running
                {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            let events = try self.workload("last", coordinator).events ?? []
            #expect(!events.contains { $0.kind == .waiting }, "nobody has looked yet")
            let waiting = try await bench.settle(coordinator) { () throws -> WorkloadEvent? in
                bench.clock.advance(bySeconds: 16)
                return try self.workload("last", coordinator).events?.first { $0.kind == .waiting }
            }
            #expect(waiting.text.hasSuffix("no site can take it now"))
        }
    }
}
