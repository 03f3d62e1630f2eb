import Agent
import CloudModel
import Federation
import MachineDrivers
import TestRandomness
import Testing
import XMPP

@Suite("A hot site sheds new work")
struct AgentHeatTests {
    private static let hot = LoadMeter.Account(
        load: 0.97, usage: LoadSummary(memory: 0.5), heat: Heat(figure: .cpu, share: 0.96, seconds: 130))

    private func request(seed: UInt64, isReplica: Bool) -> SiteLedger.Request {
        var generator = SeededGenerator(seed: seed)
        return SiteLedger.Request(
            id: generator.id(), holder: AgentHarness.coordinator,
            specification: AgentFixtures.specification("web-\(seed)"),
            replica: isReplica
                ? ReplicaReference(workload: generator.id(), index: 0, epoch: 1) : nil)
    }

    @Test(
        "It refuses coordinators with what it is busy with, keeps what it holds and takes what its owner makes"
    )
    func ledger() throws {
        var ledger = AgentFixtures.ledger()
        var generator = SeededGenerator(seed: 9)
        let held = self.request(seed: 1, isReplica: true)
        _ = try ledger.reserve(held, now: AgentFixtures.start)
        ledger.account = Self.hot
        let refusal = #expect(throws: SiteRefusal.self) {
            try ledger.reserve(self.request(seed: 2, isReplica: true), now: AgentFixtures.start)
        }
        #expect(refusal?.reason == .hot)
        #expect(refusal?.message == "paris.test is hot: CPU 96 % for 2 min")
        // Asked again, what it holds it still holds, and it becomes a machine.
        #expect(try ledger.reserve(held, now: AgentFixtures.start).state == .held)
        let id: MachineID = generator.id()
        _ = try ledger.commit(held.id, by: held.holder, machine: id, now: AgentFixtures.start)
        _ = try ledger.reserve(self.request(seed: 3, isReplica: false), now: AgentFixtures.start)
        ledger.account = LoadMeter.Account(load: 0.5, usage: LoadSummary(), heat: nil)
        _ = try ledger.reserve(self.request(seed: 4, isReplica: true), now: AgentFixtures.start)
    }

    @Test(
        "Its account and its refusals carry the heat, from the first hot measurement on and until it has cooled"
    )
    func agent() async throws {
        var host = AgentFixtures.host()
        host.load = 0.99
        let rules = HeatRules(limits: [.cpu: 0.9], gap: 0.1, measurements: 2)
        let driver = InMemoryDriver(hosts: [host])
        try await AgentHarness.with(driver: driver, heat: rules) { harness in
            let keeper = harness.agent.service.keeper
            try await AgentHarness.eventually("it is hot") {
                harness.outbox.advance(by: .seconds(5))
                return keeper.read { $0.capacity.heat } != nil
            }
            let refusal = await #expect(throws: SiteRefusal.self) {
                try await harness.agent.service.reserve(harness.request("web-1"))
            }
            #expect(refusal?.reason == .hot)
            #expect(refusal?.capacity?.heat?.figure == .cpu)
            try await AgentHarness.eventually("its row says so") {
                harness.outbox.rows.last?.capacity.heat != nil
            }
            let report = try #require(await harness.agent.load)
            #expect(report.message.hasPrefix("paris.test is hot: CPU 99 %"))
            driver.setLoad(0.1, of: "h1")
            try await AgentHarness.eventually("it has cooled") {
                harness.outbox.advance(by: .seconds(5))
                return keeper.read { $0.capacity.heat } == nil
            }
            _ = try await harness.agent.service.reserve(harness.request("web-1"))
        }
    }

    @Test("A refusal for heat is one that an earlier release takes for a site without room")
    func earlierRelease() {
        let error = Refusal(reason: .hot).stanzaError("paris.test is hot")
        #expect(error.condition == .resourceConstraint)
        #expect(Refusal(in: error)?.reason == .hot)
    }
}
