import CloudModel
import MachineDrivers
import Storage
import Synchronization
import Testing

@testable import Agent

@Suite("An agent stops what has no lease, whatever is in its way")
struct AgentFencingTests {
    /// Holds calls up until it is opened.
    private final class Gate: Sendable {
        private struct State {
            var isOpen = false
            var inside = 0
            var most = 0
        }

        private let state = Mutex(State())

        var inside: Int { self.state.withLock(\.inside) }
        var most: Int { self.state.withLock(\.most) }

        func open() { self.state.withLock { $0.isOpen = true } }

        func pass() async {
            self.state.withLock { state in
                state.inside += 1
                state.most = max(state.most, state.inside)
            }
            defer { self.state.withLock { $0.inside -= 1 } }
            do {
                try await AgentHarness.eventually("it is opened") { self.state.withLock(\.isOpen) }
            } catch {
                // The test is over.
            }
        }
    }

    @Test("What has begun to be stopped is stopped, though its lease is renewed while the hypervisor is away")
    func renewedMeanwhile() async throws {
        try await AgentHarness.with { harness in
            let service = harness.agent.service
            let machine = try await harness.runLeased()
            harness.driver.goAway()
            harness.outbox.answerLeases(.silent)
            harness.outbox.advanceUptime(by: .seconds(55))
            try await harness.waitForState(.stopping, of: machine.id)
            harness.outbox.answerLeases(.granted)
            try await harness.passTime(atMost: .seconds(300), "its lease is renewed") {
                let uptime = harness.outbox.uptime
                return service.keeper.read { ledger in
                    ledger.machines[machine.id].map { ledger.mayStart($0, at: uptime) } == true
                }
            }
            #expect(service.keeper.read { $0.machines[machine.id]?.machine.state } == .stopping)
            harness.driver.comeBack()
            try await harness.waitForState(.stopped, of: machine.id)
            #expect(try await harness.driver.machine(machine.id).state == .stopped)
            #expect(service.keeper.read { $0.machines[machine.id]?.machine.halt } == .lease)
        }
    }

    @Test("An agent that ends between the word and the deed stops the machine when it starts again")
    func endsMeanwhile() async throws {
        let database = try Database()
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let outbox = AgentHarness.Outbox()
        let machine = try await AgentHarness.with(driver: driver, database: database, outbox: outbox) {
            harness in
            let machine = try await harness.runLeased()
            driver.goAway()
            outbox.answerLeases(.silent)
            outbox.advanceUptime(by: .seconds(55))
            try await harness.waitForState(.stopping, of: machine.id)
            return machine
        }
        driver.comeBack()
        #expect(try await driver.machine(machine.id).state == .running)
        outbox.answerLeases(.granted)
        try await AgentHarness.with(driver: driver, database: database, outbox: outbox) { harness in
            try await harness.waitForState(.stopped, of: machine.id)
            #expect(try await driver.machine(machine.id).state == .stopped)
        }
    }

    @Test("A full disk keeps no machine running whose lease is over")
    func fullDisk() async throws {
        let database = try Database()
        try await AgentHarness.with(database: database) { harness in
            let machine = try await harness.runLeased()
            try FullDisk.set(true, in: database)
            harness.outbox.answerLeases(.silent)
            harness.outbox.advanceUptime(by: .seconds(55))
            try await AgentHarness.eventually("it is stopped") {
                try await harness.driver.machine(machine.id).state == .stopped
            }
            #expect(
                harness.agent.service.keeper.read { $0.machines[machine.id]?.machine.state } == .running
            )
            try FullDisk.set(false, in: database)
            try await harness.waitForState(.stopped, of: machine.id)
        }
    }

    @Test("A machine that was started and could not be written down is stopped with its lease too")
    func startedUnknown() async throws {
        let database = try Database()
        try await AgentHarness.with(database: database) { harness in
            harness.outbox.answerLeases(.unknown)
            let machine = try await harness.placeLeased()
            try await harness.waitForState(.starting, of: machine.id)
            try FullDisk.set(true, in: database)
            harness.outbox.answerLeases(.granted)
            try await harness.passTime(atMost: .seconds(300), "it is started") {
                try await harness.driver.machine(machine.id).state == .running
            }
            let service = harness.agent.service
            #expect(service.keeper.read { $0.machines[machine.id]?.machine.state } == .starting)
            harness.outbox.answerLeases(.silent)
            try await harness.passTime(atMost: .seconds(300), "it is stopped") {
                try await harness.driver.machine(machine.id).state == .stopped
            }
            try FullDisk.set(false, in: database)
            try await harness.waitForState(.stopped, of: machine.id)
        }
    }

    @Test("A renewal that hangs is given up after an eighth of the lease; three of them stop nothing")
    func hangingRenewals() async throws {
        try await AgentHarness.with { harness in
            let machine = try await harness.runLeased()
            harness.outbox.answerLeases(.hanging)
            for number in 1...3 {
                let before = harness.outbox.asked.count
                try await harness.passTime(atMost: .seconds(30), "renewal \(number) is asked for") {
                    harness.outbox.asked.count > before
                }
            }
            #expect(harness.outbox.patience == .milliseconds(7_500))
            harness.outbox.answerLeases(.granted)
            let asked = harness.outbox.uptime
            try await harness.passTime(atMost: .seconds(60), "a minute goes by") {
                (asked.duration(to: harness.outbox.uptime) ?? .zero) >= .seconds(50)
            }
            let state = harness.agent.service.keeper.read { $0.machines[machine.id]?.machine.state }
            #expect(state == .running)
            #expect(!harness.outbox.reports.contains { $0.machine.state == .stopped })
        }
    }

    @Test("No more machines are stopped at a time than there are places for it")
    func bounded() async throws {
        let gate = Gate()
        let host = AgentFixtures.host(vcpus: 64, memory: 65_536)
        let driver = InMemoryDriver(hosts: [host]) { call in
            if call == .forceOff { await gate.pass() }
        }
        let count = SiteLeases.stopsMax * 2 + 1
        try await AgentHarness.with(driver: driver) { harness in
            var machines: [MachineID] = []
            for number in 0..<count {
                machines.append(
                    try await harness.placeLeased("web-\(number)", seed: UInt64(number) + 1).id)
            }
            let placed = machines
            try await harness.passTime(atMost: .seconds(300), "all run") {
                harness.agent.service.keeper.read { ledger in
                    placed.allSatisfy { ledger.machines[$0]?.machine.state == .running }
                }
            }
            harness.outbox.answerLeases(.silent)
            harness.outbox.advanceUptime(by: .seconds(55))
            try await AgentHarness.eventually("all places are taken") { gate.inside == SiteLeases.stopsMax }
            let looks = harness.outbox.looks
            try await AgentHarness.eventually("the agent looks on") { harness.outbox.looks >= looks + 10 }
            gate.open()
            for id in placed { try await harness.waitForState(.stopped, of: id) }
            #expect(gate.most == SiteLeases.stopsMax)
        }
    }
}
