import CloudModel
import Coordinator
import Federation
import Operations
import Placement
import Testing

@Suite("What room counts as taken for those that wait for it", .timeLimit(.minutes(2)))
struct RoomSetAsideTests {
    private static let apart: [String: Value] = ["per-site": .integer(1)]
    private static let patient: @Sendable (inout Coordinator.Configuration) -> Void = {
        $0.keeping.firstPause = .milliseconds(1)
        $0.keeping.longestPause = .milliseconds(60)
        // What the sites said at the start is all they say.
        $0.rules.uselessAfter = .seconds(1_000_000)
    }

    /// These sites delete the only machine that they have, and take nothing any more; then it is looked for others in
    /// vain.
    private func lose(_ sites: [String], _ coordinator: Coordinator, _ bench: CoordinatorBench) async throws {
        for site in sites {
            bench.sites.setPolicy(.closed, at: site)
            var machine = try #require(bench.sites.take(at: site))
            machine.state = .deleted
            machine.changed = machine.changed.advanced(by: .seconds(1))
            try await coordinator.receive(MachineReport(machine: machine), from: machine.site)
        }
        for _ in 0..<3 { await self.look(coordinator, bench) }
    }

    /// Lets so much time pass that sites are looked for again, and looks.
    private func look(_ coordinator: Coordinator, _ bench: CoordinatorBench) async {
        bench.clock.advance(bySeconds: 16)
        await coordinator.review()
        await Task.yield()
    }

    /// The names of the machines at a site.
    private func machines(at site: String, _ bench: CoordinatorBench) -> Set<String> {
        Set(bench.sites.machines.filter { $0.site == SiteID(site) }.map(\.specification.name))
    }

    @Test("Where one replica can go nowhere, another one of the same workload still has its room")
    func oneThatCanGoNowhere() async throws {
        let bench = try CoordinatorBench([
            ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 1),
            ("paris.test", Position(latitude: 48.9, longitude: 2.4), 1),
        ])
        try await bench.run(Self.patient) { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place(replicas: 2, more: Self.apart))
                .workload()
            await bench.boot(coordinator)
            let sites = placed.replicas.compactMap(\.site?.address)
            try #require(Set(sites).count == 2)
            try await self.lose(sites, coordinator, bench)
            // Only the second may go there: the first would be beside it.
            bench.sites.update { state in
                let amount = Resources(vcpus: 2, memory: .gibibytes(2), disk: .gibibytes(2))
                state.sites[SiteID(sites[1])]?.description.capacity.total = amount
                state.sites[SiteID(sites[1])]?.description.capacity.free = amount
                state.sites[SiteID(sites[1])]?.description.capacity.largestFreeSlot = amount
            }
            bench.sites.setPolicy(.open, at: sites[1])
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place("new"))
            }
            #expect(error?.code == .refused)
            while self.machines(at: sites[1], bench).isEmpty {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(self.machines(at: sites[1], bench) == ["web-1"])
        }
    }

    @Test(
        "Replicas that must be apart have room set aside at as many sites, and at each no more than they may use"
    )
    func spread() async throws {
        let bench = try CoordinatorBench([
            ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 1),
            ("osaka.test", Position(latitude: 34.7, longitude: 135.5), 1),
            ("seoul.test", Position(latitude: 37.6, longitude: 127.0), 2),
            ("virginia.test", Position(latitude: 39.0, longitude: -77.5), 1),
        ])
        let later = ["seoul.test", "virginia.test"]
        try await bench.run(Self.patient) { coordinator, table in
            for site in later { bench.sites.setPolicy(.closed, at: site) }
            _ = try await table.perform(CoordinatorBench.place(replicas: 2, more: Self.apart))
            await bench.boot(coordinator)
            try await self.lose(["tokyo.test", "osaka.test"], coordinator, bench)
            for site in later { bench.sites.setPolicy(.open, at: site) }
            let new = try await table.perform(CoordinatorBench.place("new")).workload()
            #expect(new.replicas[0].site == SiteID("seoul.test"), "one of its two places is enough")
            while bench.sites.machines.count < 3 {
                try Task.checkCancellation()
                await self.look(coordinator, bench)
            }
            #expect(later.map { self.machines(at: $0, bench).count } == [2, 1])
        }
    }
}
