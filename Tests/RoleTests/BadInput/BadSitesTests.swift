import CloudModel
import Coordinator
import Federation
import Operations
import Testing

/// Sites and clocks that are wrong, and what a coordinator makes of it.
@Suite("Bad sites and wrong clocks", .timeLimit(.minutes(2)))
struct BadSitesTests {
    private static let alice = "alice@paris.test"
    private static let tokyo = SiteID("tokyo.test")

    private func reservationsAsked(_ bench: CoordinatorBench) -> Int {
        bench.sites.read { state in
            state.asked.count { if case .reserve = $0 { true } else { false } }
        }
    }

    /// Waits until no site holds anything that is not a machine.
    private func untilNothingIsHeld(_ bench: CoordinatorBench) async throws {
        while !bench.sites.holds.isEmpty {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test("A site that advertises a hundred places and has none costs each replica one refusal, no more")
    func braggart() async throws {
        let bench = try CoordinatorBench()
        let much = Resources(vcpus: 100, memory: .gibibytes(100), disk: .gibibytes(100))
        bench.sites.update { state in
            state.sites[Self.tokyo]?.room = 0
            state.sites[Self.tokyo]?.description.capacity.total = much
            state.sites[Self.tokyo]?.description.capacity.free = much
            state.sites[Self.tokyo]?.description.capacity.largestFreeSlot = much
        }
        try await bench.run { _, table in
            let first = try await table.perform(CoordinatorBench.place(replicas: 3)).workload()
            #expect(first.state == .placed)
            #expect(first.replicas.allSatisfy { $0.site != Self.tokyo })
            let asked = self.reservationsAsked(bench)
            #expect(asked <= 6)
            // The refusal said what it has: nobody is sent there before it reports anew.
            _ = try await table.perform(CoordinatorBench.place("second", replicas: 3))
            #expect(self.reservationsAsked(bench) == asked + 3)
        }
        #expect(bench.sites.machines.count == 6)
        #expect(bench.sites.holds == [])
    }

    @Test("Where hundreds of sites have no room, the error names some and counts the others")
    func manySites() async throws {
        let position = Position(latitude: 35.7, longitude: 139.7)
        let bench = try CoordinatorBench((0..<300).map { ("site\($0).test", position, 4) })
        try await bench.run { coordinator, table in
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place(more: ["vcpus": .integer(64)]))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("site0.test: no, no room: too little vCPU") == true)
            #expect(error?.message.contains("and 280 sites more") == true)
            #expect((error?.message.utf8.count ?? .max) < 5_000)
            for site in 0..<300 { bench.sites.set(.refusing("quota used up"), at: "site\(site).test") }
            let failed = try await table.perform(CoordinatorBench.place()).workload()
            #expect(failed.state == .failed)
            #expect((failed.reason?.utf8.count ?? .max) < 5_000)
            #expect(self.reservationsAsked(bench) == 8)
        }
    }

    /// Puts the clock of tokyo ahead.
    private static func skew(_ bench: CoordinatorBench, bySeconds seconds: Int64) {
        bench.sites.update { state in
            state.sites[Self.tokyo]?.skew = .seconds(seconds)
            let told = state.sites[Self.tokyo]?.description.reported
            state.sites[Self.tokyo]?.description.reported =
                (told ?? bench.clock.start).advanced(by: .seconds(seconds))
        }
    }

    @Test("A site whose clock is an hour wrong is a site like any other", arguments: [-3_600, 3_600])
    func siteClock(seconds: Int64) async throws {
        let bench = try CoordinatorBench()
        Self.skew(bench, bySeconds: seconds)
        try await bench.run { coordinator, table in
            let placed = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            #expect(placed.replicas.map(\.site) == [Self.tokyo, Self.tokyo])
            func report() async {
                for machine in bench.sites.machines {
                    await coordinator.hear(machine)
                }
                await coordinator.review()
                await Task.yield()
            }
            bench.sites.boot()
            await report()
            _ = bench.sites.change(.failed, at: "tokyo.test")
            while !bench.sites.machines.allSatisfy({ $0.state == .running }) {
                try Task.checkCancellation()
                await report()
            }
            let kept = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(kept.replicas.map(\.epoch) == [1, 1])
            #expect(kept.replicas.compactMap(\.machine) == placed.replicas.compactMap(\.machine))
            await coordinator.remove(placed.id)
            _ = try await coordinator.settled("\(placed.id)", owner: Self.alice)
        }
        #expect(bench.sites.machines == [])
        #expect(bench.sites.holds == [])
    }

    @Test(
        "What is placed last goes first, though an older replica is where the clock is an hour wrong",
        arguments: [-3_600, 3_600])
    func scalingDown(seconds: Int64) async throws {
        let bench = try CoordinatorBench()
        Self.skew(bench, bySeconds: seconds)
        try await bench.run { coordinator, table in
            func running(_ count: Int) async throws -> Workload {
                try await bench.settle(coordinator) { () throws -> Workload? in
                    let workload = try coordinator.workload("web", for: Self.alice, scope: .own)
                    let isSettled =
                        workload.replicas.count == count && bench.sites.machines.count == count
                        && workload.replicas.allSatisfy { $0.state == .running && $0.change == nil }
                    return isSettled ? workload : nil
                }
            }
            let placed = try await table.perform(CoordinatorBench.place(replicas: 2)).workload()
            #expect(placed.replicas.map(\.site) == [Self.tokyo, Self.tokyo])
            _ = try await running(2)
            let france = Audience(shares: [.init(place: .country("FR"), weight: 1)])
            _ = try await coordinator.resize(placed.id, to: 3, near: france, because: "of a test")
            let grown = try await running(3)
            #expect(grown.replicas.map(\.site) == [Self.tokyo, Self.tokyo, SiteID("paris.test")])
            _ = try await coordinator.resize(placed.id, to: 2, because: "of a test")
            let left = try await running(2)
            #expect(left.replicas.map(\.index) == [0, 1])
            #expect(left.replicas.compactMap(\.machine) == placed.replicas.compactMap(\.machine))
        }
    }

    @Test(
        "A coordinator whose own clock jumps by an hour touches nothing that runs",
        arguments: [-3_600, 3_600])
    func ownClock(seconds: Int64) async throws {
        let bench = try CoordinatorBench()
        let leased: [String: Value] = ["lease": .integer(60)]
        try await bench.run { coordinator, table in
            _ = try await table.perform(CoordinatorBench.place(replicas: 2, more: leased))
            bench.sites.boot()
            for machine in bench.sites.machines {
                await coordinator.hear(machine)
            }
            let before = bench.sites.machines
            bench.clock.advance(bySeconds: seconds)
            for _ in 0..<20 { await coordinator.review() }
            if seconds > 0 {
                // What it knows looks an hour old: nothing is placed by it, and the error says so.
                let error = await #expect(throws: OperationError.self) {
                    try await table.perform(CoordinatorBench.place("new"))
                }
                #expect(error?.message.contains("last heard of 36") == true)
            }
            bench.clock.advance(bySeconds: -seconds)
            for _ in 0..<20 { await coordinator.review() }
            #expect(bench.sites.machines == before)
            // What a review decides is noted at once, whenever it is carried out.
            let kept = try coordinator.workload("web", for: Self.alice, scope: .own)
            #expect(kept.replicas.map(\.epoch) == [1, 1])
            _ = try await table.perform(CoordinatorBench.place("new"))
        }
        #expect(bench.sites.machines.count == 3)
    }

    @Test(
        "The same key given to two coordinators names two workloads: each is placed once, nothing is left over"
    )
    func sameKeyTwice() async throws {
        let one = try CoordinatorBench()
        let other = try CoordinatorBench(beside: one)
        one.sites.update { $0.hasUniqueNames = true }
        try await one.run { _, first in
            try await other.run { _, second in
                for _ in 0..<2 {
                    async let here = first.perform(CoordinatorBench.place(replicas: 2, key: "k")).workload()
                    async let there = second.perform(CoordinatorBench.place(replicas: 2, key: "k")).workload()
                    let workloads = [try await here, try await there]
                    #expect(workloads.map(\.state) == [.placed, .placed])
                    #expect(workloads[0].id != workloads[1].id)
                }
                try await self.untilNothingIsHeld(one)
                #expect(one.sites.machines.count == 4)
                // No site has two machines of one name.
                #expect(Set(one.sites.machines.map { "\($0.site) \($0.specification.name)" }).count == 4)
                for table in [first, second] {
                    let removal = Invocation(
                        operation: "workload.remove", arguments: ["workload": .string("web")],
                        caller: CoordinatorBench.alice)
                    _ = try await table.perform(removal)
                }
            }
        }
        #expect(one.sites.machines == [])
        #expect(one.sites.holds == [])
        #expect(one.sites.read { $0.sites.values.map(\.room).reduce(0, +) } == 12)
    }
}
