import Agent
import CloudModel
import Federation
import MachineDrivers
import Storage
import Testing

@Suite("An agent and its leases")
struct AgentLeaseTests {
    @Test("A machine with a lease starts once it is granted, and one request renews all leases")
    func starts() async throws {
        try await AgentHarness.with { harness in
            harness.outbox.answerLeases(.unknown)
            let first = try await harness.placeLeased()
            let second = try await harness.placeLeased("web-1", seed: 2)
            try await harness.waitForState(.starting, of: first.id)
            try await harness.waitForState(.starting, of: second.id)
            let asked = harness.outbox.asked.count
            harness.outbox.answerLeases(.granted)
            harness.outbox.advanceUptime(by: .seconds(1))
            try await harness.waitForState(.running, of: first.id)
            try await harness.waitForState(.running, of: second.id)
            let later = harness.outbox.asked.dropFirst(asked)
            #expect(later.contains { $0.leases.count == 2 })
        }
    }

    @Test(
        "When the coordinator is silent, it runs for nine tenths of its lease and is stopped then, not deleted"
    )
    func stops() async throws {
        try await AgentHarness.with { harness in
            let machine = try await harness.runLeased()
            harness.outbox.answerLeases(.silent)
            let before = harness.outbox.asked.count
            harness.outbox.advanceUptime(by: .seconds(53))
            try await AgentHarness.eventually("it has asked in vain") {
                harness.outbox.asked.count > before
            }
            #expect(
                harness.agent.service.keeper.read { $0.machines[machine.id]?.machine.state } == .running
            )
            harness.outbox.advanceUptime(by: .seconds(2))
            try await harness.waitForState(.stopped, of: machine.id)
            let stopped = harness.agent.service.keeper.read { $0.machines[machine.id]?.machine }
            #expect(stopped?.halt == .lease)
            #expect(stopped?.reason?.hasPrefix("its lease ran out") == true)
            #expect(try await harness.driver.machine(machine.id).state == .stopped)

            // The coordinator is back: it may be started again, and only by its holder.
            harness.outbox.answerLeases(.granted)
            harness.outbox.advanceUptime(by: .seconds(20))
            let replica = try #require(machine.replica)
            _ = try await harness.agent.service.restart(
                machine.id, as: replica, by: AgentHarness.coordinator)
            try await harness.waitForState(.running, of: machine.id)
            await #expect(throws: SiteRefusal.self) {
                try await harness.agent.service.restart(machine.id, as: replica, by: SiteID("else.test"))
            }
        }
    }

    @Test("A machine of an epoch that is over is deleted; others are not touched")
    func over() async throws {
        try await AgentHarness.with { harness in
            let leased = try await harness.placeLeased()
            let plain = try await harness.place(harness.request("plain", seed: 3))
            try await harness.waitForState(.running, of: leased.id)
            try await harness.waitForState(.running, of: plain.id)
            harness.outbox.answerLeases(.over)
            harness.outbox.advanceUptime(by: .seconds(20))
            try await harness.waitForState(.deleted, of: leased.id)
            #expect(
                harness.agent.service.keeper.read { $0.machines[plain.id]?.machine.state } == .running)
        }
    }

    @Test("After a restart of the agent a lease goes on; after a reboot it counts for nothing")
    func restarts() async throws {
        let database = try Database()
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let outbox = AgentHarness.Outbox()
        let machine = try await AgentHarness.with(driver: driver, database: database, outbox: outbox) {
            try await $0.runLeased()
        }
        outbox.answerLeases(.silent)
        outbox.advanceUptime(by: .seconds(30))
        let before = outbox.asked.count
        try await AgentHarness.with(driver: driver, database: database, outbox: outbox) { harness in
            try await AgentHarness.eventually("it asks") { outbox.asked.count > before }
            #expect(try await harness.driver.machine(machine.id).state == .running)
        }
        outbox.reboot()
        try await AgentHarness.with(driver: driver, database: database, outbox: outbox) { harness in
            try await harness.waitForState(.stopped, of: machine.id)
        }
    }

    @Test("What its owner stops says so, until it is started again")
    func halt() async throws {
        try await AgentHarness.with { harness in
            let machine = try await harness.place(harness.request("web-0"))
            try await harness.waitForState(.running, of: machine.id)
            let service = harness.agent.service
            _ = try await service.order(.forceOff, machine.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForState(.stopped, of: machine.id)
            #expect(service.keeper.read { $0.machines[machine.id]?.machine.halt } == .ordered)
            let replica = try #require(machine.replica)
            let refusal = await #expect(throws: SiteRefusal.self) {
                try await service.restart(machine.id, as: replica, by: AgentHarness.coordinator)
            }
            #expect(refusal?.message.contains("was stopped on order") == true)
            _ = try await service.order(.start, machine.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForState(.running, of: machine.id)
            #expect(service.keeper.read { $0.machines[machine.id]?.machine.halt } == nil)
            harness.driver.kill(machine.id)
            try await harness.waitForState(.failed, of: machine.id)
            let restarted = try await service.restart(
                machine.id, as: replica, by: AgentHarness.coordinator)
            #expect(restarted.state == .starting || restarted.state == .running)
            try await harness.waitForState(.running, of: machine.id)
        }
    }
}
