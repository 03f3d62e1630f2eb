import Agent
import CloudModel
import Federation
import Logging
import MachineDrivers
import Storage
import TestRandomness
import Testing

@Suite
struct AgentReconciliationTests {
    private typealias Fixtures = AgentFixtures
    private let now = AgentFixtures.start

    private func definition(
        _ name: String, seed: UInt64, site: SiteID = AgentFixtures.paris
    )
        -> MachineDefinition
    {
        var generator = SeededGenerator(seed: seed)
        return MachineDefinition(
            id: generator.id(), site: site, holder: Fixtures.tokyo, reservation: generator.id(),
            specification: Fixtures.specification(name), replica: nil, created: self.now)
    }

    private func found(
        _ definition: MachineDefinition, _ state: MachineState, ours: Bool = true
    ) -> DriverMachine {
        DriverMachine(
            id: definition.id, name: definition.specification.name, host: "h1", state: state,
            resources: definition.specification.resources, definition: ours ? definition : nil)
    }

    @Test("A machine that carries our definition is adopted; a foreign one only takes room")
    func adoption() throws {
        var ledger = Fixtures.ledger()
        let ours = self.definition("ours", seed: 1)
        let theirs = self.definition("theirs", seed: 2)
        let neighbours = self.definition("neighbour", seed: 3, site: Fixtures.virginia)
        ledger.reconcile(
            [
                self.found(ours, .running), self.found(theirs, .running, ours: false),
                self.found(neighbours, .running),
            ], expecting: ledger.defined, now: self.now)
        #expect(ledger.machines.keys.sorted() == [ours.id])
        #expect(ledger.machines[ours.id]?.machine.state == .running)
        #expect(ledger.machines[ours.id]?.holder == Fixtures.tokyo)
        #expect(ledger.reservations[ours.reservation]?.reservation.state == .committed)
        #expect(ledger.capacity.free.vcpus == 5)
        #expect(ledger.capacity.machines == 1)
        #expect(ledger.work == SiteLedger.Work())
    }

    @Test("What was accepted and not made is made; what was made and not started is started")
    func unfinished() throws {
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 4)
        let request = SiteLedger.Request(
            id: definition.reservation, holder: Fixtures.tokyo, specification: definition.specification,
            replica: nil)
        _ = try ledger.reserve(request, now: self.now)
        _ = try ledger.commit(
            definition.reservation, by: Fixtures.tokyo, machine: definition.id, now: self.now)
        ledger.reconcile([], expecting: ledger.defined, now: self.now)
        #expect(ledger.work.toCreate.map(\.machine.id) == [definition.id])
        ledger.reconcile([self.found(definition, .stopped)], expecting: ledger.defined, now: self.now)
        #expect(ledger.work.toCreate.isEmpty)
        #expect(ledger.work.toStart.map(\.machine.id) == [definition.id])
        ledger.reconcile([self.found(definition, .running)], expecting: ledger.defined, now: self.now)
        #expect(ledger.work == SiteLedger.Work())
        #expect(ledger.machines[definition.id]?.machine.state == .running)
    }

    @Test("A machine that vanished from the hypervisor has failed; one that was to be deleted is deleted")
    func vanished() throws {
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 5)
        ledger.reconcile([self.found(definition, .running)], expecting: ledger.defined, now: self.now)
        var doomed = ledger
        ledger.reconcile([], expecting: ledger.defined, now: self.now)
        #expect(ledger.machines[definition.id]?.machine.state == .failed)
        #expect(ledger.work == SiteLedger.Work())
        _ = try doomed.doom(definition.id, now: self.now)
        #expect(doomed.work.toDelete.map(\.machine.id) == [definition.id])
        // Its files may be left, which only the driver that deletes it can tell.
        doomed.reconcile([], expecting: doomed.defined, now: self.now)
        doomed.vanished(definition.id, now: self.now)
        #expect(doomed.work.toDelete.map(\.machine.id) == [definition.id])
        doomed.removed(definition.id, now: self.now)
        #expect(doomed.machines[definition.id]?.machine.state == .deleted)
        #expect(doomed.work == SiteLedger.Work())
        #expect(doomed.capacity.free.vcpus == 8)
    }

    @Test("The state survives on disk as it was")
    func storage() throws {
        let store = MachineStore(try Database())
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 6)
        ledger.reconcile([self.found(definition, .running)], expecting: ledger.defined, now: self.now)
        ledger.setPolicy(.draining)
        #expect(try store.save(ledger.takeChanges()) == 1)
        let state = try store.load()
        let reloaded = Fixtures.ledger(state: state)
        #expect(reloaded.machines == ledger.machines)
        #expect(reloaded.reservations == ledger.reservations)
        #expect(reloaded.policy == .draining)
        #expect(state.generation == 1)
    }

    @Test("A failed machine keeps its reason when the hypervisor forgets it")
    func failureIsRemembered() {
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 7)
        ledger.reconcile([self.found(definition, .running)], expecting: ledger.defined, now: self.now)
        ledger.observe(definition.id, .failed, reason: "killed", from: .event, now: self.now)
        ledger.reconcile([self.found(definition, .stopped)], expecting: ledger.defined, now: self.now)
        #expect(ledger.machines[definition.id]?.machine.state == .failed)
        #expect(ledger.machines[definition.id]?.machine.reason == "killed")
    }

    @Test("A stop that is told late does not end the start after it; what is seen once it was started does")
    func lateStop() throws {
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 8)
        ledger.reconcile([self.found(definition, .stopped)], expecting: ledger.defined, now: self.now)
        _ = try ledger.prepare(.start, on: definition.id, now: self.now)
        ledger.observe(definition.id, .stopped, reason: nil, from: .event, now: self.now)
        #expect(ledger.machines[definition.id]?.machine.state == .starting)
        ledger.observe(definition.id, .stopped, reason: nil, from: .start, now: self.now)
        #expect(ledger.machines[definition.id]?.machine.state == .stopped)
        #expect(ledger.machines[definition.id]?.machine.reason == "the guest stopped by itself")
    }

    private func reason(_ body: () async throws -> Void) async -> Refusal.Reason? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? SiteRefusal)?.reason
        }
    }

    @Test("Until its machines are listed, an agent without its database says of nothing that it is not there")
    func unlisted() async throws {
        let definition = self.definition("web-1", seed: 9)
        let (id, machine, holder) = (definition.reservation, definition.id, definition.holder)
        let keeper = try SiteKeeper(
            site: Fixtures.paris, rules: SiteRules(), policy: .open, store: MachineStore(try Database()),
            logger: Logger(label: "test"))
        let service = SiteService(
            site: Fixtures.paris, keeper: keeper, driver: InMemoryDriver(hosts: []),
            now: { AgentFixtures.start }, uptime: { Uptime(boot: "first", milliseconds: 0) },
            makeMachineID: { machine })
        var generator = SeededGenerator(seed: 11)
        let replica = ReplicaReference(workload: generator.id(), index: 0, epoch: 1)
        let reasons = [
            await self.reason { _ = try await service.reservation(id, by: holder, isAdmin: false) },
            await self.reason { _ = try await service.commit(id, by: holder, isAdmin: false) },
            await self.reason { _ = try await service.release(id, by: holder, isAdmin: false) },
            await self.reason { _ = try service.machine(named: "web-1", by: holder, isAdmin: false) },
            await self.reason { _ = try await service.delete(machine, by: holder, isAdmin: false) },
            await self.reason { _ = try await service.order(.start, machine, by: holder, isAdmin: false) },
            await self.reason { _ = try await service.restart(machine, as: replica, by: holder) },
        ]
        #expect(reasons.allSatisfy { $0 == .outOfOrder })

        let (now, found) = (self.now, self.found(definition, .running))
        try await keeper.change { ledger throws(SiteRefusal) in
            ledger.updateHosts([AgentFixtures.host()])
            ledger.reconcile([found], expecting: [], now: now)
        }
        let reservation = try await service.reservation(id, by: holder, isAdmin: false)
        #expect(reservation.state == .committed)
        #expect(reservation.machine == machine)
        #expect(try service.machine(named: "web-1", by: holder, isAdmin: false).id == machine)
        let other = await self.reason {
            _ = try service.machine(named: "web-2", by: holder, isAdmin: false)
        }
        #expect(other == .notFound)
    }

    @Test("A ledger that was just read says of nothing that it is not there, however it was read")
    func unlistedLedger() throws {
        let definition = self.definition("web-1", seed: 11)
        var ledger = SiteLedger(site: Fixtures.paris, rules: SiteRules(), policy: .open)
        let unseen = #expect(throws: SiteRefusal.self) {
            try ledger.reservation(definition.reservation, of: definition.holder)
        }
        #expect(unseen?.reason == .outOfOrder)
        ledger.reconcile([], expecting: [], now: self.now)
        let unknown = #expect(throws: SiteRefusal.self) {
            try ledger.reservation(definition.reservation, of: definition.holder)
        }
        #expect(unknown?.reason == .notFound)
    }

    @Test("A hold does not run out, and is not given back, before it is seen that no machine was made of it")
    func unlistedHold() throws {
        var ledger = Fixtures.ledger()
        let definition = self.definition("web-1", seed: 10)
        let (id, holder) = (definition.reservation, definition.holder)
        _ = try ledger.reserve(
            SiteLedger.Request(
                id: id, holder: holder, specification: definition.specification, replica: nil),
            now: self.now)
        ledger.hasSeenMachines = false
        let later = self.now.advanced(by: SiteRules.holdDefault)
        ledger.expire(now: later)
        let asked = #expect(throws: SiteRefusal.self) { try ledger.standing(of: id, for: holder) }
        let released = #expect(throws: SiteRefusal.self) {
            try ledger.release(id, by: holder, now: later)
        }
        let committed = #expect(throws: SiteRefusal.self) {
            try ledger.commit(id, by: holder, machine: definition.id, now: later)
        }
        #expect([asked, released, committed].allSatisfy { $0?.reason == .outOfOrder })

        var unused = ledger
        unused.reconcile([], expecting: [], now: later)
        unused.expire(now: later)
        #expect(try unused.standing(of: id, for: holder).reservation.state == .expired)

        ledger.reconcile([self.found(definition, .running)], expecting: [], now: later)
        ledger.expire(now: later)
        let entry = try ledger.standing(of: id, for: holder)
        #expect(entry.reservation.state == .committed)
        #expect(entry.reservation.machine == definition.id)
        #expect(ledger.capacity.free.vcpus == 7)
    }
}
