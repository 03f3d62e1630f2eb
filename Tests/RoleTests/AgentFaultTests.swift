import CloudModel
import Federation
import Foundation
import MachineDrivers
import Operations
import Participant
import Storage
import TestRandomness
import TestSupport
import Testing
import XML

@testable import Agent

/// What a site does when its disk, its hypervisor or its neighbours fail it.
@Suite
struct AgentFaultTests {
    private static let zeros = String(repeating: "0", count: 64)

    @Test("A machine whose image is on the way when the agent ends is made after the restart")
    func endsDuringDownload() async throws {
        let server = try StalledServer()
        defer { server.stop() }
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let database = try Storage.Database()
        let id = try await AgentHarness.with(driver: driver, database: database) { harness in
            let machine = try await harness.place(
                harness.request("web-1", sha256: Self.zeros, location: server.url))
            try await AgentHarness.eventually("the download has begun") { server.count == 1 }
            return machine.id
        }
        let kept = try MachineStore(database).load().machines.first { $0.machine.id == id }
        #expect(kept?.machine.state == .creating)
        #expect(kept?.machine.reason == nil)
        try await AgentHarness.with(driver: driver, database: database) { _ in
            try await AgentHarness.eventually("it is fetched anew") { server.count == 2 }
        }
    }

    @Test("Slow downloads stop neither starts nor deletions, not even of the machines that wait for them")
    func slowDownloads() async throws {
        let server = try StalledServer()
        defer { server.stop() }
        let host = AgentFixtures.host(vcpus: 100, memory: 100_000)
        try await AgentHarness.with(driver: InMemoryDriver(hosts: [host])) { harness in
            let service = harness.agent.service
            let ready = try await harness.place(harness.request("ready", seed: 1_000))
            let other = try await harness.place(harness.request("other", seed: 1_001))
            try await harness.waitForState(.running, of: ready.id)
            try await harness.waitForState(.running, of: other.id)
            var waiting: [MachineID] = []
            for seed in 1...(UInt64(SiteWork.creationsMax) + 1) {
                // Two wait for the same image, all others for one of their own.
                let digest = String(repeating: "0", count: 62) + String(max(seed, 2) + 10)
                waiting.append(
                    try await harness.place(
                        harness.request("slow-\(seed)", seed: seed, sha256: digest, location: server.url)
                    ).id)
            }
            try await AgentHarness.eventually("all places are taken") {
                server.count >= SiteWork.creationsMax - 1
            }
            _ = try await service.delete(other.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForState(.deleted, of: other.id)
            _ = try await service.order(
                .forceOff, ready.id, by: AgentHarness.coordinator, isAdmin: false)
            _ = try await service.order(.start, ready.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForState(.running, of: ready.id)
            for id in waiting {
                _ = try await service.delete(id, by: AgentHarness.coordinator, isAdmin: false)
            }
            for id in waiting { try await harness.waitForState(.deleted, of: id) }
        }
    }

    @Test("A first listing that fails is made again until it works, with one line in the log")
    func firstListing() async throws {
        let lists = Count()
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()]) { call in
            if call == .list { lists.increment() }
        }
        for _ in 0..<3 { driver.inject(.failed(attempt: "list", reason: "not now"), into: .list) }
        let log = LogRecorder()
        try await AgentHarness.with(driver: driver, logger: log.logger) { harness in
            #expect(lists.value == 4)
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
        }
        #expect(log.count("cannot list the machines") == 1)
    }

    @Test(
        "A death while the disk is full is written down once there is room, and the log has one line for each"
    )
    func deathOnFullDisk() async throws {
        let lists = Count()
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()]) { call in
            if call == .list { lists.increment() }
        }
        let database = try Storage.Database()
        let log = LogRecorder()
        try await AgentHarness.with(driver: driver, database: database, logger: log.logger) { harness in
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            try await AgentHarness.eventually("it is told") {
                harness.agent.service.keeper.read(\.unreported).isEmpty
            }
            try FullDisk.set(true, in: database)
            harness.driver.kill(machine.id, reason: "killed")
            let before = lists.value
            try await AgentHarness.eventually("it is tried again") { lists.value > before + 5 }
            #expect(log.count("database takes no changes") == 1)
            #expect(log.count("takes changes again") == 0)
            let known = harness.agent.service.keeper.read { $0.machines[machine.id]?.machine.state }
            #expect(known == .running)
            try FullDisk.set(false, in: database)
            try await harness.waitForReport(.failed, of: machine.id)
            // Whoever reports does not wait for whoever writes the log.
            try await AgentHarness.eventually("the log has it") { log.count("takes changes again") == 1 }
            #expect(log.count("database takes no changes") == 1)
        }
    }

    @Test("What the database says goes to the log, and whoever asked is told plainly")
    func plainWords() async throws {
        let database = try Storage.Database()
        let log = LogRecorder()
        try await AgentHarness.with(database: database, logger: log.logger) { harness in
            try FullDisk.set(true, in: database)
            let refusal = await #expect(throws: SiteRefusal.self) {
                try await harness.agent.service.reserve(harness.request("web-1"))
            }
            #expect(refusal?.reason == .outOfOrder)
            #expect(refusal?.message == "paris.test could not write to its database")
            #expect(refusal?.text.contains("SQL") == false)
            let line = try #require(log.lines.first { $0.message.contains("takes no changes") })
            #expect("\(line.metadata)".contains("database or disk is full"))
        }
    }

    @Test("A deletion that fails is tried again after pauses that grow, and is one line in the log")
    func stubbornDeletion() async throws {
        let log = LogRecorder()
        try await AgentHarness.with(logger: log.logger) { harness in
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            for _ in 0..<4 {
                harness.driver.inject(.failed(attempt: "delete", reason: "busy"), into: .delete)
            }
            _ = try await harness.agent.service.delete(
                machine.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForReport(.deleted, of: machine.id)
            #expect(log.count("came to nothing") == 1)
            // Whoever reports does not wait for whoever writes the log.
            try await AgentHarness.eventually("the log has it") { log.count("deleted a machine") == 1 }
        }
    }

    @Test("More machines that cannot be deleted than there are places hold up nobody")
    func restingMachines() async throws {
        let driver = InMemoryDriver(hosts: [AgentFixtures.host(vcpus: 100, memory: 100_000)])
        try await AgentHarness.with(driver: driver) { harness in
            var doomed: [MachineID] = []
            for seed in 1...UInt64(SiteWork.ordersMax) {
                let machine = try await harness.place(harness.request("web-\(seed)", seed: seed))
                try await harness.waitForState(.running, of: machine.id)
                doomed.append(machine.id)
            }
            for _ in 0..<(SiteWork.ordersMax * 6) {
                driver.inject(.failed(attempt: "delete", reason: "busy"), into: .delete)
            }
            for id in doomed {
                _ = try await harness.agent.service.delete(
                    id, by: AgentHarness.coordinator, isAdmin: false)
            }
            let machine = try await harness.place(harness.request("new", seed: 1_000))
            try await harness.waitForState(.running, of: machine.id)
            for id in doomed { try await harness.waitForState(.deleted, of: id) }
        }
    }

    @Test("A reason that no report could carry is cut, and then reported", arguments: ["\u{1B}[31m", "é"])
    func longReasons(unit: String) async throws {
        try await AgentHarness.with { harness in
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            harness.driver.kill(machine.id, reason: String(repeating: unit, count: 5_000))
            try await harness.waitForReport(.failed, of: machine.id)
            let report = try #require(harness.outbox.reports.last?.machine)
            let text = try report.element.serializedText()
            #expect(try Machine(parsing: Element(parsing: text)) == report)
            // Observed again, it is still the same.
            harness.driver.kill(machine.id, reason: String(repeating: unit, count: 5_000))
            try await AgentHarness.eventually("it is acknowledged") {
                harness.agent.service.keeper.read(\.unreported).isEmpty
            }
            #expect(harness.outbox.reports.count { $0.machine.state == .failed } == 1)
        }
    }

    @Test("A reason that is on disk already is cut when it is read")
    func keptReasons() throws {
        var ledger = AgentFixtures.ledger()
        var generator = SeededGenerator(seed: 11)
        let request = SiteLedger.Request(
            id: generator.id(), holder: AgentHarness.coordinator,
            specification: AgentFixtures.specification("web-1"), replica: nil)
        _ = try ledger.reserve(request, now: AgentFixtures.start)
        var entry = try ledger.commit(
            request.id, by: AgentHarness.coordinator, machine: generator.id(), now: AgentFixtures.start)
        entry.machine.reason = String(repeating: "x", count: 100_000)
        let read = AgentFixtures.ledger(state: SiteState(machines: [entry]))
        let reason = try #require(read.machines[entry.machine.id]?.machine.reason)
        #expect(reason.utf8.count == WireLimits.longText)
    }

    @Test(
        "Only programs are told: neither people of this site nor those of another domain",
        arguments: ["alice@paris.test", "you@example.test"])
    func people(address: String) async throws {
        try await AgentHarness.with { harness in
            let mine = try await harness.place(harness.request("mine", holder: SiteID(address)))
            try await harness.waitForState(.running, of: mine.id)
            // A site may be an account as well.
            let account = SiteID("site@hosting.test")
            let theirs = try await harness.place(harness.request("theirs", seed: 2, holder: account))
            try await harness.waitForReport(.running, of: theirs.id)
            try await AgentHarness.eventually("nobody is left to be told") {
                harness.agent.service.keeper.read(\.unreported).isEmpty
            }
            #expect(harness.outbox.reports.allSatisfy { $0.holder == account })
        }
    }

    @Test("A console full of control characters can be read, by its lines")
    func console() async throws {
        try await AgentHarness.with { harness in
            let admin = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")
            var table = OperationTable(site: AgentFixtures.paris) { () throws(OperationError) in
                GrantBook(grants: [
                    Grant(subject: .address(admin.address), permissions: .all, scope: .site)
                ])
            }
            harness.agent.register(in: &table)
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            harness.driver.write(
                "\u{1B}[2Jone\r\n\u{1B}[1;31mtwo\u{1B}[0m\r\nth\u{0}ree\r\n", toConsoleOf: machine.id)
            let result = try await table.perform(
                Invocation(
                    operation: "machine.console", arguments: ["machine": "web-1", "lines": 2],
                    caller: admin))
            #expect(result.value.value(at: "text")?.string == "two\nth\u{FFFD}ree")
            #expect(try !Outcome(result).element.serialized().isEmpty)
        }
    }

    @Test("Whoever asks from another site waits clearly longer than a machine may take to boot")
    func patience() {
        #expect(AgentOperations.bootWaitMax == RemoteOperations.waitMax)
        #expect(RemoteOperations.timeout >= RemoteOperations.waitMax + .seconds(60))
    }
}
