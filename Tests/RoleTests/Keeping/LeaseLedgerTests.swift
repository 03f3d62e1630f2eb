import Agent
import CloudModel
import Federation
import MachineDrivers
import Storage
import TestRandomness
import Testing

@Suite("Halts and leases in a site's ledger")
struct LeaseLedgerTests {
    private typealias Fixtures = AgentFixtures
    private let now = AgentFixtures.start
    private let boot = Uptime(boot: "first", milliseconds: 0)
    private let replica: ReplicaReference

    init() {
        var generator = SeededGenerator(seed: 9)
        self.replica = ReplicaReference(workload: generator.id(), index: 0, epoch: 1)
    }

    /// A ledger with one machine that was made and is `starting`.
    private func starting(lease: Int? = nil) throws -> (ledger: SiteLedger, id: MachineID) {
        var ledger = Fixtures.ledger()
        var generator = SeededGenerator(seed: 1)
        let (id, reservation): (MachineID, ReservationID) = (generator.id(), generator.id())
        var specification = Fixtures.specification("web-0")
        specification.leaseSeconds = lease
        _ = try ledger.reserve(
            SiteLedger.Request(
                id: reservation, holder: Fixtures.tokyo, specification: specification, replica: self.replica),
            now: self.now)
        _ = try ledger.commit(reservation, by: Fixtures.tokyo, machine: id, now: self.now)
        ledger.defined(id, now: self.now)
        return (ledger, id)
    }

    private func running(lease: Int? = nil) throws -> (ledger: SiteLedger, id: MachineID) {
        let (made, id) = try self.starting(lease: lease)
        var ledger = made
        ledger.observe(id, .running, reason: nil, from: .event, now: self.now)
        return (ledger, id)
    }

    private func found(_ id: MachineID, _ state: MachineState) -> DriverMachine {
        let specification = Fixtures.specification("web-0")
        return DriverMachine(
            id: id, name: specification.name, host: "h1", state: state, resources: specification.resources,
            definition: nil)
    }

    // MARK: Halts

    @Test(
        "What was stopped on order stays so, however the hypervisor tells of its end",
        arguments: [
            [.stopping, .stopped], [.stopped, .stopping], [.stopping, .stopping, .stopped],
            [.stopping, .failed], [.failed, .stopping], [.stopping, .stopped, .failed],
            [.stopping, .failed, .failed], [.stopping, .stopped, .failed, .failed],
        ] as [[MachineState]])
    func ordered(events: [MachineState]) throws {
        let (made, id) = try self.running()
        var ledger = made
        _ = try ledger.prepare(.shutdown, on: id, now: self.now)
        for state in events { ledger.observe(id, state, reason: nil, from: .event, now: self.now) }
        let machine = try #require(ledger.machines[id]?.machine)
        #expect(machine.state == (events.contains(.failed) ? .failed : .stopped))
        #expect(machine.halt == .ordered)
        #expect(throws: SiteRefusal.self) {
            _ = try ledger.restart(
                id, as: self.replica, by: Fixtures.tokyo, now: self.now, uptime: self.boot)
        }
    }

    @Test(
        "An order that the hypervisor refuses is not forgotten if the machine goes down all the same",
        arguments: [.stopping, .stopped, .failed] as [MachineState])
    func disobeyed(state: MachineState) throws {
        let (made, id) = try self.running()
        var ledger = made
        _ = try ledger.prepare(.forceOff, on: id, now: self.now)
        ledger.disobeyed(id, found: self.found(id, state), now: self.now)
        #expect(ledger.machines[id]?.machine.state == state)
        #expect(ledger.machines[id]?.machine.halt == .ordered)
    }

    @Test("That a machine is about to stop, told after it was told to start, is of its last stop")
    func lateStopping() throws {
        let (made, id) = try self.running()
        var ledger = made
        _ = try ledger.prepare(.forceOff, on: id, now: self.now)
        ledger.observe(id, .stopped, reason: nil, from: .listing, now: self.now)
        _ = try ledger.prepare(.start, on: id, now: self.now)
        ledger.observe(id, .stopping, reason: nil, from: .event, now: self.now)
        #expect(ledger.machines[id]?.machine.state == .starting)
        #expect(ledger.work.toStart.map(\.machine.id) == [id])
    }

    // MARK: Leases

    @Test("What has begun to be stopped is to be stopped, whatever is granted since, and after a restart too")
    func begunIsFinished() throws {
        let (made, id) = try self.running(lease: 60)
        var ledger = made
        ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
        #expect(ledger.reviewLeases(at: self.boot).lapsed == [])
        let late = self.boot.advanced(by: .seconds(54))
        #expect(ledger.reviewLeases(at: late).lapsed == [id])
        #expect(ledger.beginFencing(id, at: late, now: self.now) != nil)
        ledger.renew([id], by: Fixtures.tokyo, asked: late)
        #expect(ledger.reviewLeases(at: late).lapsed == [id])

        var state = SiteState(
            machines: Array(ledger.machines.values), reservations: Array(ledger.reservations.values))
        state.leases = Array(ledger.leases.values)
        var reloaded = Fixtures.ledger(state: state)
        #expect(reloaded.reviewLeases(at: late).lapsed == [id])
        reloaded.observe(id, .stopping, reason: nil, from: .event, now: self.now)
        #expect(reloaded.machines[id]?.machine.halt == .lease)
        reloaded.fenced(id, now: self.now)
        #expect(reloaded.machines[id]?.machine.state == .stopped)
        #expect(reloaded.machines[id]?.machine.halt == .lease)
        #expect(reloaded.reviewLeases(at: late).lapsed == [])
    }

    @Test("One that may have been started is stopped with its lease; one that waits for its first is not")
    func startedUnknown() throws {
        let (made, id) = try self.starting(lease: 60)
        var ledger = made
        let late = self.boot.advanced(by: .seconds(54))
        #expect(ledger.reviewLeases(at: late).lapsed == [])
        #expect(ledger.reviewLeases(at: late).awaited == [Fixtures.tokyo])
        ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
        #expect(ledger.reviewLeases(at: self.boot.advanced(by: .seconds(53))).lapsed == [])
        #expect(ledger.reviewLeases(at: late).lapsed == [id])
        #expect(ledger.beginFencing(id, at: late, now: self.now) != nil)
        ledger.fenced(id, now: self.now)
        #expect(ledger.machines[id]?.machine.state == .stopped)
        // Told to start again it waits for another lease, and is not stopped for the one that is over.
        _ = try ledger.restart(id, as: self.replica, by: Fixtures.tokyo, now: self.now, uptime: late)
        #expect(ledger.reviewLeases(at: late).lapsed == [])
        #expect(ledger.reviewLeases(at: late).awaited == [Fixtures.tokyo])
    }

    @Test("A start forgets a lease that is over, and keeps one that lasts")
    func startForgets() throws {
        for (age, isKept) in [(.seconds(10), true), (.seconds(54), false)] as [(Duration, Bool)] {
            let (made, id) = try self.running(lease: 60)
            var ledger = made
            ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
            ledger.observe(id, .failed, reason: "killed", from: .event, now: self.now)
            _ = ledger.takeChanges()
            let uptime = self.boot.advanced(by: age)
            _ = try ledger.restart(id, as: self.replica, by: Fixtures.tokyo, now: self.now, uptime: uptime)
            #expect((ledger.leases[id] != nil) == isKept)
            #expect(ledger.takeChanges().forgottenLeases.contains(id) == !isKept)
        }
    }

    @Test("The lease of a machine that is gone is forgotten, here, on disk, and when it is read again")
    func goneIsForgotten() throws {
        let (made, id) = try self.running(lease: 60)
        var ledger = made
        ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
        let lease = try #require(ledger.leases[id])
        _ = ledger.takeChanges()
        _ = try ledger.doom(id, now: self.now)
        ledger.removed(id, now: self.now)
        #expect(ledger.leases.isEmpty)
        #expect(ledger.takeChanges().forgottenLeases == [id])
        ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
        #expect(ledger.leases.isEmpty)

        var state = SiteState(
            machines: Array(ledger.machines.values), reservations: Array(ledger.reservations.values))
        var generator = SeededGenerator(seed: 5)
        state.leases = [lease, SiteLease(machine: generator.id(), ends: self.boot)]
        #expect(Fixtures.ledger(state: state).leases.isEmpty)
    }

    @Test("One look finds what is due; requests are made only for whom they are asked of")
    func review() throws {
        let (made, id) = try self.running(lease: 60)
        #expect(made.reviewLeases(at: self.boot).shortest == [Fixtures.tokyo: .seconds(60)])
        #expect(made.leaseRequests(of: [Fixtures.virginia]).isEmpty)
        let requests = made.leaseRequests(of: [Fixtures.tokyo])
        #expect(requests[Fixtures.tokyo]?.map(\.machine) == [id])
        #expect(requests[Fixtures.tokyo]?.map(\.replica) == [self.replica])
    }

    @Test(
        "Three renewals in a row may go unanswered before a machine is stopped", arguments: [10, 60, 86_400])
    func margins(seconds: Int) {
        let lease = Duration.seconds(seconds)
        let cycle = SiteLedger.patience(of: lease) + SiteLedger.pause(of: lease)
        // Each of four looks may come a 64th of the lease late.
        let fourth = SiteLedger.renewal(of: lease) + cycle * 3 + lease / 64 * 4
        #expect(fourth < lease / 10 * 9)
        #expect(SiteLedger.patience(of: lease) <= SiteLedger.longestPatience)
    }

    @Test("The lease of a machine that is being deleted goes from the disk with it, after a restart too")
    func forgotten() throws {
        let (made, id) = try self.running(lease: 60)
        var ledger = made
        let store = MachineStore(try Database())
        ledger.renew([id], by: Fixtures.tokyo, asked: self.boot)
        _ = try ledger.doom(id, now: self.now)
        try store.save(ledger.takeChanges())
        #expect(try store.load().leases.map(\.machine) == [id])
        ledger = Fixtures.ledger(state: try store.load())
        ledger.removed(id, now: self.now)
        try store.save(ledger.takeChanges())
        #expect(try store.load().leases.isEmpty)
        // One that was left behind by an earlier version goes with the first change.
        var stale = try store.load()
        stale.leases = [SiteLease(machine: id, ends: self.boot)]
        ledger = Fixtures.ledger(state: stale)
        #expect(ledger.leases.isEmpty)
        #expect(ledger.takeChanges().forgottenLeases == [id])
    }

    // MARK: Emptying

    @Test("A site asks to be emptied only if somebody has ordered it to drain")
    func emptying() {
        #expect(!Fixtures.ledger(policy: .draining).isBeingEmptied)
        var ledger = Fixtures.ledger()
        ledger.setPolicy(.draining)
        #expect(ledger.isBeingEmptied)
        #expect(Fixtures.ledger(state: SiteState(policy: .draining)).isBeingEmptied)
        #expect(!Fixtures.ledger(policy: .draining, state: SiteState(policy: .closed)).isBeingEmptied)
        ledger.setPolicy(.open)
        #expect(!ledger.isBeingEmptied)
    }
}
