import Agent
import CloudModel
import Federation
import MachineDrivers
import Placement
import Storage
import TestRandomness

/// Several coordinators' sagas against one real ledger, its disk and its hypervisor, in virtual time: everything is drawn
/// from the seed, so that a run can be repeated exactly.
struct OversellWorld {
    /// What goes wrong.
    enum Trouble: Hashable, CaseIterable {
        case lost
        case doubled
        case delayed
        /// It arrives after whoever sent it has stopped waiting.
        case late
        case coordinatorKilled
        case siteKilled
    }

    private enum Content {
        case request(PlacementSaga.Directive)
        case answer(PlacementSaga.Event, replica: Int)
        case timeout(turn: Int, replica: Int)
    }

    private struct Packet {
        let due: Int
        let caller: Int
        let content: Content
    }

    private static let timeout = 12
    /// In steps.
    private static let lateness = 40
    private static let holdFor = Duration.seconds(60)
    /// A step of the world in time of the clocks.
    private static let tick = Duration.seconds(1)

    let slots: Int
    private(set) var sagas: [PlacementSaga]
    private(set) var violations: [String] = []
    private(set) var troubles: [Trouble: Int] = [:]
    private var ledger: SiteLedger
    private let store: MachineStore
    private var hypervisor: [MachineID: DriverMachine] = [:]
    private let hosts: [Host]
    private var packets: [Packet] = []
    private var clock = 0
    private var generator: SeededGenerator
    private var isCalm = false
    private let coordinators: Int

    init(seed: UInt64, callers: Int, coordinators: Int, slots: Int) throws {
        var generator = SeededGenerator(seed: seed)
        self.slots = slots
        self.coordinators = coordinators
        self.sagas = (0..<callers).map { _ in
            PlacementSaga(workload: WorkloadID(randomUsing: &generator), replicas: 1)
        }
        self.generator = generator
        self.hosts = [
            AgentFixtures.host("a", vcpus: slots / 2), AgentFixtures.host("b", vcpus: slots - slots / 2),
        ]
        self.store = MachineStore(try Database())
        self.ledger = AgentFixtures.ledger(hosts: self.hosts)
    }

    /// From now on nothing is lost, doubled or killed.
    mutating func calm() { self.isCalm = true }

    mutating func start() {
        for caller in self.sagas.indices { self.carryOut(self.sagas[caller].resume(), caller) }
    }

    mutating func removeAll() {
        for caller in self.sagas.indices { self.carryOut(self.sagas[caller].remove(), caller) }
    }

    /// Kinds of trouble that there has not been yet.
    var missing: [Trouble] { Trouble.allCases.filter { self.troubles[$0] == nil } }

    var isSettled: Bool { self.packets.isEmpty && self.sagas.allSatisfy(\.isSettled) }

    /// Machines and holds that the site has promised, looked at one by one.
    var promised: Int {
        self.ledger.machines.values.filter(\.occupies).count
            + self.ledger.reservations.values.filter { $0.reservation.state == .held }.count
    }

    var machines: Int { self.hypervisor.count }

    /// Delivers one packet, lets the site work, kills somebody now and then.
    mutating func step() throws {
        self.clock += 1
        if self.happens(.siteKilled, 1) { try self.killSite() }
        if self.happens(.coordinatorKilled, 1) { self.killCoordinator() }
        try self.work()
        let now = self.now
        try self.change { ledger throws(SiteRefusal) in ledger.expire(now: now) }
        // Several arrive in a step, or 64 callers would take for ever.
        for _ in 0..<8 {
            let due = self.packets.indices.filter { self.packets[$0].due <= self.clock }
            guard let index = due.randomElement(using: &self.generator) else { break }
            let packet = self.packets.remove(at: index)
            switch packet.content {
            case .request(let directive): try self.serve(directive, packet.caller)
            case .answer(let event, let replica): self.take(event, replica: replica, packet.caller)
            case .timeout(let turn, let replica):
                self.take(.silent(turn: turn, reason: "time-out"), replica: replica, packet.caller)
            }
            if self.promised > self.slots {
                self.violations.append("\(self.promised) promised at \(self.clock)")
            }
            if self.machines > self.slots {
                self.violations.append("\(self.machines) machines at \(self.clock)")
            }
        }
    }

    private var now: Instant {
        AgentFixtures.start.advanced(by: Self.tick * self.clock)
    }

    private mutating func happens(_ trouble: Trouble, _ percent: Int) -> Bool {
        guard !self.isCalm, Int.random(in: 0..<100, using: &self.generator) < percent else { return false }
        self.troubles[trouble, default: 0] += 1
        return true
    }
}

/// What coordinators do.
extension OversellWorld {
    private mutating func take(_ event: PlacementSaga.Event, replica: Int, _ caller: Int) {
        let directives = self.sagas[caller].handle(event, replica: replica)
        self.carryOut(directives, caller)
    }

    /// Ends one coordinator with everything it waits for; its sagas are on disk.
    private mutating func killCoordinator() {
        let victim = Int.random(in: 0..<self.coordinators, using: &self.generator)
        for caller in self.sagas.indices where caller % self.coordinators == victim {
            self.packets.removeAll { packet in
                if case .timeout = packet.content { packet.caller == caller } else { false }
            }
            if !self.sagas[caller].isSettled { self.carryOut(self.sagas[caller].resume(), caller) }
        }
    }

    private mutating func carryOut(_ directives: [PlacementSaga.Directive], _ caller: Int) {
        for directive in directives {
            switch directive {
            case .plan(let replica, let turn), .planLater(let replica, let turn, _):
                let isTried = !self.sagas[caller].replicas[replica].excluded.isEmpty
                let event: PlacementSaga.Event =
                    isTried
                    ? .unplaceable(reason: "no other site", turn: turn)
                    : .planned(site: AgentFixtures.paris, turn: turn)
                self.packets.append(
                    Packet(due: self.clock, caller: caller, content: .answer(event, replica: replica)))
            case .reserve(let replica, _, let turn): self.send(directive, replica, turn, .zero, caller)
            case .query(let replica, _, let turn, let after), .commit(let replica, _, let turn, let after),
                .release(let replica, _, let turn, let after),
                .delete(let replica, _, _, let turn, let after):
                self.send(directive, replica, turn, after, caller)
            case .start, .retire: self.violations.append("nobody keeps this world, but \(directive)")
            case .warn: self.violations.append("a machine runs where none should at \(self.clock)")
            }
        }
    }

    private mutating func send(
        _ directive: PlacementSaga.Directive, _ replica: Int, _ turn: Int, _ after: Duration, _ caller: Int
    ) {
        let start = self.clock + Int(after.components.seconds) / 8
        self.transmit(.request(directive), from: start, caller)
        self.packets.append(
            Packet(
                due: start + Self.timeout, caller: caller, content: .timeout(turn: turn, replica: replica)))
    }

    private mutating func transmit(_ content: Content, from start: Int, _ caller: Int) {
        if self.happens(.lost, 10) { return }
        for _ in 0..<(self.happens(.doubled, 10) ? 2 : 1) {
            let isLate = self.happens(.late, 10)
            let delay = isLate ? Self.lateness : Int.random(in: 0...4, using: &self.generator)
            if !isLate, delay > 0 { self.troubles[.delayed, default: 0] += 1 }
            self.packets.append(Packet(due: start + delay, caller: caller, content: content))
        }
    }
}

/// What the site does.
extension OversellWorld {
    /// As the keeper does: on a copy, to disk, then in memory.
    private mutating func change<Answer>(
        _ step: (inout SiteLedger) throws(SiteRefusal) -> Answer
    ) throws -> Answer {
        var next = self.ledger
        let answer = try step(&next)
        let changes = next.takeChanges()
        if !changes.isEmpty { next.written(as: try self.store.save(changes)) }
        self.ledger = next
        return answer
    }

    private mutating func killSite() throws {
        let before = self.ledger.generation
        self.ledger = AgentFixtures.ledger(hosts: self.hosts, state: try self.store.load())
        if self.ledger.generation != before { self.violations.append("the generation was lost") }
        let (listing, expected, now) = (Array(self.hypervisor.values), self.ledger.defined, self.now)
        try self.change { ledger throws(SiteRefusal) in
            ledger.reconcile(listing, expecting: expected, now: now)
        }
    }

    private mutating func work() throws {
        let (work, now) = (self.ledger.work, self.now)
        for entry in work.toDelete {
            self.hypervisor[entry.machine.id] = nil
            try self.change { ledger throws(SiteRefusal) in ledger.removed(entry.machine.id, now: now) }
        }
        for entry in work.toCreate {
            let machine = entry.machine
            self.hypervisor[machine.id] = DriverMachine(
                id: machine.id, name: machine.specification.name, host: entry.host, state: .stopped,
                resources: machine.specification.resources,
                definition: MachineDefinition(
                    id: machine.id, site: machine.site, holder: entry.holder,
                    reservation: entry.reservation, specification: machine.specification,
                    replica: machine.replica, created: machine.created))
            try self.change { ledger throws(SiteRefusal) in ledger.defined(machine.id, now: now) }
        }
    }

    private mutating func serve(_ directive: PlacementSaga.Directive, _ caller: Int) throws {
        guard let (replica, hold, turn) = directive.errand else { return }
        let event: PlacementSaga.Event
        do {
            event = try self.answer(to: directive, hold, replica: replica, caller)
        } catch let refusal as SiteRefusal {
            event =
                refusal.reason == .notFound
                ? .unknown(hold.reservation, turn: turn)
                : .refused(hold.reservation, turn: turn, reason: refusal.text)
        }
        self.transmit(.answer(event, replica: replica), from: self.clock, caller)
    }

    private mutating func answer(
        to directive: PlacementSaga.Directive, _ hold: Hold, replica: Int, _ caller: Int
    ) throws -> PlacementSaga.Event {
        let holder = SiteID("coordinator-\(caller % self.coordinators).test")
        let (id, now) = (hold.reservation, self.now)
        switch directive {
        case .reserve:
            let request = SiteLedger.Request(
                id: id, holder: holder, specification: AgentFixtures.specification("c-\(caller)", memory: 64),
                replica: ReplicaReference(workload: self.sagas[caller].workload, index: replica, epoch: 1),
                holdFor: Self.holdFor)
            return .reservation(
                try self.change { ledger throws(SiteRefusal) in try ledger.reserve(request, now: now) })
        case .query:
            return .reservation(
                try self.change { ledger throws(SiteRefusal) in
                    ledger.expire(now: now)
                    return try ledger.reservation(id, of: holder).reservation
                })
        case .commit:
            let fresh = MachineID(randomUsing: &self.generator)
            return .committed(
                id,
                try self.change { ledger throws(SiteRefusal) in
                    try ledger.commit(id, by: holder, machine: fresh, now: now).machine
                })
        case .release:
            return .reservation(
                try self.change { ledger throws(SiteRefusal) in try ledger.release(id, by: holder, now: now) }
            )
        case .delete(_, _, let machine, _, _):
            do {
                _ = try self.change { ledger throws(SiteRefusal) in
                    _ = try ledger.machine(machine, of: holder)
                    return try ledger.doom(machine, now: now)
                }
            } catch let refusal as SiteRefusal where refusal.reason == .notFound {
                // Gone already.
            }
            return .deleted(machine)
        case .plan, .planLater, .warn, .start, .retire: return .silent(turn: 0, reason: "no request")
        }
    }
}

extension PlacementSaga.Directive {
    /// For which replica what is asked of a site.
    fileprivate var errand: (replica: Int, hold: Hold, turn: Int)? {
        switch self {
        case .reserve(let replica, let hold, let turn), .query(let replica, let hold, let turn, _),
            .commit(let replica, let hold, let turn, _), .release(let replica, let hold, let turn, _),
            .delete(let replica, let hold, _, let turn, _):
            (replica, hold, turn)
        case .plan, .planLater, .warn, .start, .retire: nil
        }
    }
}
