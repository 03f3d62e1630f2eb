import CloudModel
import Coordinator
import Operations
import Placement
import Testing

@Suite("A coordinator that has just started and has heard no site yet", .timeLimit(.minutes(2)))
struct CoordinatorStartTests {
    private static let patience = Coordinator.Configuration(address: SiteID("coordinator.test"))
        .requestTimeout

    private static func set(_ reachability: Reachability, _ sites: FakeSites) {
        sites.update { state in
            for site in state.sites.keys { state.sites[site]?.reachability = reachability }
        }
    }

    /// Asks for a workload in vain; the error, and how often was looked at the sites meanwhile, give or take one.
    private func refusal(
        of invocation: Invocation, by table: OperationTable, _ bench: CoordinatorBench
    ) async -> (error: OperationError?, looks: Int) {
        let looks = Count()
        bench.sites.update { state in
            state.meanwhile = {
                looks.increment()
                return false
            }
        }
        let error = await #expect(throws: OperationError.self) { try await table.perform(invocation) }
        return (error, looks.value)
    }

    @Test("What is asked for then waits until a site is heard", arguments: ["plan", "place"])
    func heardInTime(verb: String) async throws {
        let bench = try CoordinatorBench()
        let sites = bench.sites
        Self.set(.unreachable, sites)
        try await bench.run { _, table in
            let looks = Count()
            sites.update { state in
                state.meanwhile = {
                    looks.increment()
                    guard looks.value >= 5 else { return false }
                    Self.set(.reachable, sites)
                    return true
                }
            }
            var asked = CoordinatorBench.place()
            if verb == "plan" {
                asked.arguments["wait"] = nil
                asked = Invocation(
                    operation: "workload.plan", arguments: asked.arguments, caller: CoordinatorBench.alice)
                let report = try ValueDecoder().decode(
                    PlanReport.self, from: try await table.perform(asked).value)
                #expect(report.isComplete)
            } else {
                let workload = try await table.perform(asked).workload()
                #expect(workload.replicas.map(\.site) == [SiteID("tokyo.test")])
            }
            #expect(looks.value == 5)
        }
    }

    @Test(
        "It waits no longer than a site has for an answer, and once it has run for that long not at all",
        arguments: [false, true])
    func limit(isOver: Bool) async throws {
        let bench = try CoordinatorBench()
        Self.set(.unreachable, bench.sites)
        bench.uptime.advance(by: isOver ? Self.patience : Self.patience - .milliseconds(1))
        try await bench.run { _, table in
            let (error, looks) = await self.refusal(of: CoordinatorBench.place(), by: table, bench)
            #expect(error?.code == .refused)
            #expect(error?.message.contains("tokyo.test: no, does not answer") == true)
            // The clock stands still: four times a second for ten seconds, and once at first.
            #expect(isOver ? looks <= 2 : (40...42).contains(looks))
        }
    }

    @Test(
        "Where no site is known, or none that is silent would do, the answer comes at once",
        arguments: [true, false])
    func atOnce(isNoneKnown: Bool) async throws {
        let bench = try CoordinatorBench()
        Self.set(.unreachable, bench.sites)
        bench.sites.update { state in
            state.isSilent = isNoneKnown
            state.sites[SiteID("paris.test")]?.reachability = .reachable
            state.sites[SiteID("paris.test")]?.description.policy = .closed
        }
        try await bench.run { _, table in
            let asked = CoordinatorBench.place(more: ["only": .array([.string("paris.test")])])
            let (error, looks) = await self.refusal(of: asked, by: table, bench)
            #expect(error?.code == .refused)
            #expect(error?.message.contains("no site is known yet") == isNoneKnown)
            #expect(looks <= 2)
        }
    }
}
