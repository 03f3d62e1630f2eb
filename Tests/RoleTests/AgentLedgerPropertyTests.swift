import Agent
import CloudModel
import MachineDrivers
import Storage
import TestRandomness
import Testing

/// Random steps, crashes among them, against what must always hold.
@Suite
struct AgentLedgerPropertyTests {
    private typealias Fixtures = AgentFixtures

    /// What one run knows: the ledger, the disk behind it and the hypervisor beside it.
    private struct World {
        var generator: SeededGenerator
        var ledger: SiteLedger
        let store: MachineStore
        var hypervisor: [MachineID: DriverMachine] = [:]
        var now = AgentFixtures.start
        var requests: [SiteLedger.Request] = []
        var answers: [ReservationID: MachineID] = [:]

        mutating func pick<Element>(_ elements: [Element]) -> Element? {
            elements.randomElement(using: &self.generator)
        }

        /// Makes a step the way the shell does: on a copy, to disk, then in memory.
        ///
        /// A crash loses the answer, before or after the disk has the change.
        mutating func step<Answer>(
            crashing: Bool, _ change: (inout SiteLedger) throws(SiteRefusal) -> Answer
        ) throws -> Answer? {
            var next = self.ledger
            let answer: Answer
            do throws(SiteRefusal) {
                answer = try change(&next)
            } catch {
                return nil
            }
            let isWritten = !crashing || Bool.random(using: &self.generator)
            if isWritten { try self.store.save(next.takeChanges()) }
            guard !crashing else {
                try self.restart()
                return nil
            }
            self.ledger = next
            return answer
        }

        mutating func restart() throws {
            self.ledger = Fixtures.ledger(hosts: Self.hosts, state: try self.store.load())
            self.ledger.reconcile(
                Array(self.hypervisor.values), expecting: self.ledger.defined, now: self.now)
            try self.store.save(self.ledger.takeChanges())
        }

        static let hosts = [Fixtures.host("a", vcpus: 4, memory: 4_096), Fixtures.host("b", vcpus: 2)]
    }

    @Test("Never more than there is, never two machines for one reservation", arguments: 0 as UInt64..<100)
    func randomSteps(seed: UInt64) throws {
        var world = World(
            generator: SeededGenerator(seed: seed), ledger: Fixtures.ledger(hosts: World.hosts),
            store: MachineStore(try Database()))
        for step in 0..<60 {
            let crashing = Int.random(in: 0..<8, using: &world.generator) == 0
            switch Int.random(in: 0..<8, using: &world.generator) {
            case 0, 1: try Self.reserve(&world, step: step, crashing: crashing)
            case 2, 3: try Self.commit(&world, crashing: crashing)
            case 4: try Self.release(&world, crashing: crashing)
            case 5: try Self.work(&world, crashing: crashing)
            case 6: try Self.delete(&world, crashing: crashing)
            default:
                world.now = world.now.advanced(by: .seconds(Int.random(in: 1...40, using: &world.generator)))
                let now = world.now
                _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in ledger.expire(now: now)
                }
            }
            Self.check(world)
        }
    }

    private static func reserve(_ world: inout World, step: Int, crashing: Bool) throws {
        let repeats = Bool.random(using: &world.generator) && !world.requests.isEmpty
        let request =
            if repeats, let known = world.pick(world.requests) {
                known
            } else {
                SiteLedger.Request(
                    id: world.generator.id(), holder: Fixtures.tokyo,
                    specification: Fixtures.specification(
                        "m-\(step)", vcpus: Int.random(in: 1...3, using: &world.generator),
                        memory: Int64.random(in: 1...2_048, using: &world.generator)),
                    replica: nil, holdFor: .seconds(30))
            }
        if !repeats { world.requests.append(request) }
        let now = world.now
        _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
            try ledger.reserve(request, now: now)
        }
    }

    private static func commit(_ world: inout World, crashing: Bool) throws {
        guard let request = world.pick(world.requests) else { return }
        let fresh: MachineID = world.generator.id()
        let now = world.now
        let made = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
            try ledger.commit(request.id, by: Fixtures.tokyo, machine: fresh, now: now)
        }
        guard let made else { return }
        if let before = world.answers[request.id] { #expect(before == made.machine.id) }
        world.answers[request.id] = made.machine.id
    }

    private static func release(_ world: inout World, crashing: Bool) throws {
        guard let request = world.pick(world.requests) else { return }
        let now = world.now
        _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
            try ledger.release(request.id, by: Fixtures.tokyo, now: now)
        }
    }

    /// Does one piece of the work that the ledger wants done; a crash comes after the hypervisor did it.
    private static func work(_ world: inout World, crashing: Bool) throws {
        let work = world.ledger.work
        let now = world.now
        if let entry = world.pick(work.toCreate) {
            let id = entry.machine.id
            world.hypervisor[id] = DriverMachine(
                id: id, name: entry.machine.specification.name, host: entry.host, state: .stopped,
                resources: entry.machine.specification.resources,
                definition: MachineDefinition(
                    id: id, site: Fixtures.paris, holder: entry.holder, reservation: entry.reservation,
                    specification: entry.machine.specification, replica: entry.machine.replica,
                    created: entry.machine.created))
            _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
                ledger.defined(id, now: now)
            }
        } else if let entry = world.pick(work.toStart) {
            let id = entry.machine.id
            world.hypervisor[id]?.state = .running
            _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
                ledger.observe(id, .running, reason: nil, from: .event, now: now)
            }
        } else if let entry = world.pick(work.toDelete) {
            let id = entry.machine.id
            world.hypervisor[id] = nil
            _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
                ledger.removed(id, now: now)
            }
        }
    }

    private static func delete(_ world: inout World, crashing: Bool) throws {
        guard let id = world.pick(world.ledger.machines.keys.sorted()) else { return }
        let now = world.now
        _ = try world.step(crashing: crashing) { ledger throws(SiteRefusal) in
            try ledger.doom(id, now: now)
        }
    }

    private static func check(_ world: World) {
        let ledger = world.ledger
        for host in World.hosts {
            var taken = Resources.zero
            for entry in ledger.machines.values where entry.host == host.name && entry.occupies {
                taken = taken + entry.machine.specification.resources
            }
            for entry in ledger.reservations.values
            where entry.host == host.name && entry.reservation.state == .held {
                taken = taken + entry.reservation.specification.resources
            }
            #expect(host.total.covers(taken))
        }
        let reservations = ledger.machines.values.map(\.reservation)
        #expect(Set(reservations).count == reservations.count)
        for entry in ledger.machines.values {
            #expect(ledger.reservations[entry.reservation]?.reservation.machine == entry.machine.id)
        }
        // Whatever the hypervisor runs, the ledger knows.
        for id in world.hypervisor.keys { #expect(ledger.machines[id] != nil) }
    }
}
