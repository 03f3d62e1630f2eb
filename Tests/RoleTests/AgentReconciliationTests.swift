import Agent
import CloudModel
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
}
