import CloudModel
import Dispatch
import Federation
import Foundation
import GRDB
import MachineDrivers
import Storage
import TestRandomness
import TestSupport
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(2)))
struct AgentRoleTests {
    @Test("A committed machine is made, started and reported at each step")
    func placement() async throws {
        try await AgentHarness.with { harness in
            let accepted = try await harness.place(harness.request("web-1"))
            #expect(accepted.state == .creating)
            try await harness.waitForReport(.running, of: accepted.id)
            // The answer to the commitment has said that.
            #expect(!harness.outbox.reports.contains { $0.machine.state == .creating })
            let reports = harness.outbox.reports.filter { $0.machine.id == accepted.id }
            #expect(reports.allSatisfy { $0.holder == AgentHarness.coordinator })
            #expect(reports.last?.machine.replica == accepted.replica)
            let found = try await harness.driver.machine(accepted.id)
            #expect(found.state == .running)
            #expect(found.definition?.holder == AgentHarness.coordinator)
        }
    }

    @Test("An image whose checksum is wrong fails the machine, says so, and takes no room")
    func wrongChecksum() async throws {
        try await AgentHarness.with { harness in
            let wrong = String(repeating: "0", count: 64)
            let machine = try await harness.place(harness.request("web-1", sha256: wrong))
            try await harness.waitForReport(.failed, of: machine.id)
            let reason = try #require(harness.outbox.reports.last?.machine.reason)
            #expect(reason.contains("checksum") && reason.contains(wrong))
            #expect(harness.agent.description.capacity.free.vcpus == 8)
            #expect(try await harness.driver.machines().isEmpty)
        }
    }

    @Test("A machine that dies by itself is reported failed")
    func death() async throws {
        try await AgentHarness.with { harness in
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            harness.driver.kill(machine.id, reason: "killed")
            try await harness.waitForReport(.failed, of: machine.id)
            #expect(harness.outbox.reports.last?.machine.reason == "killed")
        }
    }

    @Test("While the hypervisor is away nothing new is promised, and what was promised is kept")
    func hypervisorAway() async throws {
        try await AgentHarness.with { harness in
            let request = harness.request("web-1")
            _ = try await harness.agent.service.reserve(request)
            harness.driver.goAway(reason: "libvirt is gone")
            try await AgentHarness.eventually("the outage is known") {
                harness.agent.service.keeper.read { $0.outage != nil }
            }
            let error = await #expect(throws: SiteRefusal.self) {
                try await harness.agent.service.reserve(harness.request("web-2", seed: 2))
            }
            #expect(error?.reason == .outOfOrder)
            #expect(error?.message.contains("libvirt is gone") == true)
            let machine = try await harness.agent.service.commit(
                request.id, by: AgentHarness.coordinator, isAdmin: false)
            harness.driver.comeBack()
            try await harness.waitForReport(.running, of: machine.id)
            _ = try await harness.agent.service.reserve(harness.request("web-3", seed: 3))
        }
    }

    @Test("Reports wait for a holder that is out of reach, and then tell the latest state")
    func holderAway() async throws {
        try await AgentHarness.with { harness in
            harness.outbox.cut(true)
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForState(.running, of: machine.id)
            harness.driver.kill(machine.id)
            try await harness.waitForState(.failed, of: machine.id)
            // A report of what it was before may still be on its way.
            try await AgentHarness.eventually("the end is told in vain") {
                harness.outbox.refused.last == .failed
            }
            #expect(harness.outbox.reports.isEmpty)
            harness.outbox.cut(false)
            try await harness.waitForReport(.failed, of: machine.id)
            #expect(harness.outbox.reports.count == 1)
        }
    }

    @Test("A report is told again until it is acknowledged, by the next run of the agent if need be")
    func unacknowledged() async throws {
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let database = try Storage.Database()
        let id = try await AgentHarness.with(driver: driver, database: database) { harness in
            harness.outbox.loseAcknowledgements(3)
            let id = try await harness.place(harness.request("web-1")).id
            try await AgentHarness.eventually("the state is acknowledged") {
                harness.agent.service.keeper.read { ledger in
                    ledger.machines[id]?.machine.state == .running && ledger.unreported.isEmpty
                }
            }
            #expect(harness.outbox.reports.count >= 4)
            #expect(harness.outbox.reports.last?.machine.state == .running)
            harness.outbox.loseAcknowledgements(.max)
            harness.driver.kill(id, reason: "killed")
            try await harness.waitForReport(.failed, of: id)
            return id
        }
        try await AgentHarness.with(driver: driver, database: database) { harness in
            try await harness.waitForReport(.failed, of: id)
            try await AgentHarness.eventually("it is acknowledged") {
                harness.agent.service.keeper.read(\.unreported).isEmpty
            }
        }
    }

    @Test("A holder that never answers holds up nobody else, nor is it told twice at a time")
    func silentHolder() async throws {
        try await AgentHarness.with { harness in
            let silent = SiteID("silent.test")
            harness.outbox.silence(silent)
            let unheard = try await harness.place(harness.request("web-1", holder: silent))
            try await harness.waitForState(.running, of: unheard.id)
            let heard = try await harness.place(harness.request("web-2", seed: 2))
            try await harness.waitForReport(.running, of: heard.id)
            harness.driver.kill(unheard.id)
            try await harness.waitForState(.failed, of: unheard.id)
            harness.driver.kill(heard.id)
            try await harness.waitForReport(.failed, of: heard.id)
            #expect(harness.outbox.reports.count { $0.holder == silent } == 1)
        }
    }

    @Test(
        "The pause before a report is told again doubles up to a minute",
        arguments: [(1, 1), (2, 2), (6, 32), (7, 60), (1_000, 60)])
    func pauses(failures: Int, seconds: Int) {
        #expect(
            SiteReports.pause(afterFailures: failures, first: .seconds(1)) == .seconds(seconds))
    }

    @Test("A machine that was deleted long ago is forgotten even if its holder never answered")
    func forgetsTheUntold() throws {
        var ledger = AgentFixtures.ledger()
        var generator = SeededGenerator(seed: 5)
        let request = SiteLedger.Request(
            id: generator.id(), holder: AgentHarness.coordinator,
            specification: AgentFixtures.specification("web-1"), replica: nil)
        _ = try ledger.reserve(request, now: AgentFixtures.start)
        let id: MachineID = generator.id()
        _ = try ledger.commit(
            request.id, by: AgentHarness.coordinator, machine: id, now: AgentFixtures.start)
        _ = try ledger.doom(id, now: AgentFixtures.start)
        ledger.removed(id, now: AgentFixtures.start)
        ledger.expire(now: AgentFixtures.start.advanced(by: ledger.rules.memory))
        #expect(ledger.machines[id]?.machine.state == .deleted)
        ledger.expire(now: AgentFixtures.start.advanced(by: ledger.rules.memory + .milliseconds(1)))
        #expect(ledger.machines[id] == nil)
    }

    @Test("Changes that come while the disk is busy are written together")
    func groupedChanges() async throws {
        let database = try Storage.Database()
        let count = 64
        let driver = InMemoryDriver(hosts: [AgentFixtures.host(vcpus: 1_000, memory: 100_000)])
        try await AgentHarness.with(driver: driver, database: database) { harness in
            let before = try MachineStore(database).load().generation
            let gate = DispatchSemaphore(value: 0)
            database.writer.asyncWriteWithoutTransaction { _ in gate.wait() }
            let begun = Count()
            try await withThrowingTaskGroup(of: Reservation.self) { group in
                // Or the others would never end.
                defer { gate.signal() }
                for seed in 0..<UInt64(count) {
                    let request = harness.request("web-\(seed)", seed: seed + 1)
                    group.addTask {
                        begun.increment()
                        return try await harness.agent.service.reserve(request)
                    }
                }
                try await Turns.pass(until: "all have begun") { begun.value == count }
                gate.signal()
                var held: Set<ReservationID> = []
                for try await reservation in group { held.insert(reservation.id) }
                #expect(held.count == count)
            }
            let state = try MachineStore(database).load()
            #expect(state.reservations.count == count)
            #expect(state.generation - before < count / 2)
            #expect(harness.agent.service.keeper.read { $0.reservations.count } == count)
        }
    }

    @Test("A restart touches no running machine; without its database the agent adopts it")
    func restart() async throws {
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let database = try Storage.Database()
        try await AgentHarness.with(driver: driver, database: database) { harness in
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
        }
        let before = try await driver.machines()
        try await AgentHarness.with(driver: driver, database: database) { harness in
            let machines = harness.agent.service.machines(by: AgentFixtures.paris, isAdmin: true)
            #expect(machines.map(\.state) == [.running])
        }
        try await AgentHarness.with(driver: driver) { harness in
            let machines = try harness.agent.service.machines(heldBy: AgentHarness.coordinator)
            #expect(machines.map(\.state) == [.running])
            #expect(machines.first?.replica != nil)
            let request = harness.request("web-1")
            let again = try await harness.agent.service.commit(
                request.id, by: AgentHarness.coordinator, isAdmin: false)
            #expect(again.id == machines.first?.id)
        }
        #expect(try await driver.machines() == before)
    }

    @Test("A machine that was accepted before a crash is made after it")
    func crashAfterCommit() async throws {
        let driver = InMemoryDriver(hosts: [AgentFixtures.host()])
        let database = try Storage.Database()
        let store = MachineStore(database)
        var ledger = AgentFixtures.ledger()
        var generator = SeededGenerator(seed: 3)
        let request = SiteLedger.Request(
            id: generator.id(), holder: AgentHarness.coordinator,
            specification: AgentFixtures.specification("web-1"), replica: nil)
        _ = try ledger.reserve(request, now: AgentFixtures.start)
        let id: MachineID = generator.id()
        _ = try ledger.commit(
            request.id, by: AgentHarness.coordinator, machine: id, now: AgentFixtures.start)
        try store.save(ledger.takeChanges())
        try await AgentHarness.with(driver: driver, database: database) { harness in
            // Its image is not there, which only somebody who tries to make it finds out.
            try await harness.waitForReport(.failed, of: id)
            #expect(harness.outbox.reports.last?.machine.reason?.contains("base.qcow2") == true)
        }
    }

    @Test("Deleting is done even if it was interrupted, and a second time is not found")
    func deletion() async throws {
        try await AgentHarness.with { harness in
            let service = harness.agent.service
            let machine = try await harness.place(harness.request("web-1"))
            try await harness.waitForReport(.running, of: machine.id)
            harness.driver.inject(.unavailable(reason: "busy"), into: .delete)
            harness.driver.inject(.failed(attempt: "delete", reason: "busy"), into: .delete)
            _ = try await service.delete(machine.id, by: AgentHarness.coordinator, isAdmin: false)
            try await harness.waitForReport(.deleted, of: machine.id)
            #expect(try await harness.driver.machines().isEmpty)
            let error = await #expect(throws: SiteRefusal.self) {
                try await service.delete(machine.id, by: AgentHarness.coordinator, isAdmin: false)
            }
            #expect(error?.reason == .notFound)
            #expect(harness.agent.description.capacity.free.vcpus == 8)
        }
    }

    @Test("Orders change the machine, and one that makes no sense is refused")
    func orders() async throws {
        try await AgentHarness.with { harness in
            let service = harness.agent.service
            let holder = AgentHarness.coordinator
            let id = try await harness.place(harness.request("web-1")).id
            try await harness.waitForReport(.running, of: id)
            #expect(try await service.order(.suspend, id, by: holder, isAdmin: false).state == .suspended)
            #expect(try await service.order(.resume, id, by: holder, isAdmin: false).state == .running)
            _ = try await service.order(.shutdown, id, by: holder, isAdmin: false)
            try await harness.waitForState(.stopped, of: id)
            let error = await #expect(throws: SiteRefusal.self) {
                try await service.order(.suspend, id, by: holder, isAdmin: false)
            }
            #expect(error?.reason == .conflict)
            _ = try await service.order(.start, id, by: holder, isAdmin: false)
            try await harness.waitForState(.running, of: id)
            harness.driver.inject(.failed(attempt: "suspend", reason: "no"), into: .suspend)
            await #expect(throws: SiteRefusal.self) {
                try await service.order(.suspend, id, by: holder, isAdmin: false)
            }
            try await harness.waitForState(.running, of: id)
            let stranger = await #expect(throws: SiteRefusal.self) {
                try await service.order(.forceOff, id, by: AgentFixtures.tokyo, isAdmin: false)
            }
            #expect(stranger?.reason == .notFound)
        }
    }

    @Test("What the site says follows what happens, and is handed over with each measurement")
    func rows() async throws {
        try await AgentHarness.with { harness in
            _ = try await harness.agent.service.reserve(harness.request("web-1", vcpus: 3))
            try await AgentHarness.eventually("the row tells the hold") {
                harness.outbox.rows.last?.capacity.free.vcpus == 5
            }
            let count = harness.outbox.rows.count
            try await AgentHarness.eventually("the next measurements") {
                harness.outbox.rows.count > count + 2
            }
            #expect(harness.outbox.rows.last?.name == "Paris")
            #expect(harness.outbox.rows.last?.hypervisors == ["memory"])
            // Before the hosts are measured for the first time nothing is said.
            #expect(harness.outbox.rows.allSatisfy { $0.capacity.hosts == 1 && $0.capacity.total.vcpus == 8 })
            harness.outbox.advance(by: .seconds(61))
            try await AgentHarness.eventually("the hold ran out") {
                harness.outbox.rows.last?.capacity.free.vcpus == 8
            }
        }
    }
}
