import CloudModel
import Coordinator
import Operations
import Placement
import Testing

@Suite("Which replicas share a host: placing them", .timeLimit(.minutes(2)))
struct HostWishPlacementTests {
    private static let apart: [String: Value] = ["hosts": .string("apart")]

    private func setHosts(_ count: Int, at site: String, _ bench: CoordinatorBench) {
        bench.sites.update { $0.sites[SiteID(site)]?.description.capacity.hosts = count }
    }

    @Test("Of two replicas that are to be apart a site with one host takes one, and the plan says why")
    func oneHost() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            var asked = CoordinatorBench.place(replicas: 2, more: Self.apart)
            asked.arguments["wait"] = nil
            let plan = try await table.perform(
                Invocation(
                    operation: "workload.plan", arguments: asked.arguments, caller: CoordinatorBench.alice))
            let report = try ValueDecoder().decode(PlanReport.self, from: plan.value)
            #expect(report.text.contains("tokyo.test: 1 replica, 1 host for at most 1 replica,"))
            #expect(Set(report.assignments.map(\.site)).count == 2)

            let placed = try await table.perform(CoordinatorBench.place(replicas: 2, more: Self.apart))
            let sites = try placed.workload().replicas.map(\.site)
            #expect(sites.contains(SiteID("tokyo.test")))
            #expect(Set(sites).count == 2)
            #expect(bench.sites.machines.map(\.specification.hosts) == [.apart, .apart])
        }
    }

    @Test("Where there are too few hosts for all, the request is refused with the reason")
    func tooFew() async throws {
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            let error = await #expect(throws: OperationError.self) {
                try await table.perform(CoordinatorBench.place(replicas: 4, more: Self.apart))
            }
            #expect(error?.code == .refused)
            #expect(error?.message.contains("1 host for at most 1 replica") == true)
            #expect(error?.message.contains("no site for 1 of 4 replicas") == true)
        }
    }

    @Test("A site with two hosts takes two, unless it is of a release that would put both on one")
    func earlierRelease() async throws {
        for (ignoresHosts, expected) in [(false, 2), (true, 0)] {
            let bench = try CoordinatorBench()
            self.setHosts(2, at: "tokyo.test", bench)
            bench.sites.update { $0.sites[SiteID("tokyo.test")]?.ignoresHosts = ignoresHosts }
            let workload = try await bench.run { coordinator, table in
                let workload = try await table.perform(
                    CoordinatorBench.place(replicas: 2, more: Self.apart)
                ).workload()
                while !bench.sites.holds.isEmpty {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                return workload
            }
            #expect(workload.state == .placed)
            #expect(bench.sites.count(at: "tokyo.test") == expected)
            #expect(bench.sites.machines.count == 2)
            let told = "does not heed which replicas share a host"
            #expect(workload.events?.contains { $0.text.contains(told) } == ignoresHosts)
        }
    }
}
