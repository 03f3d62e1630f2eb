import Agent
import CloudModel
import Federation
import Placement
import Storage
import TestRandomness

/// A coordinator and some sites with clocks of their own and a network that loses, doubles, delays and is cut: the
/// very sagas, lease books and ledgers of the real processes, in virtual time.
struct LeaseWorld {
    struct Site {
        var ledger: SiteLedger
        /// What the hypervisor runs, whatever the agent knows of it.
        var running: Set<MachineID> = []
        var isCut = false
        /// Until when the agent is down; machines run on.
        var downUntil: Int64 = 0
        /// What its clock shows more than the true one, and how much faster it goes, in thousandths.
        let offset: Int64
        let drift: Int64
        var boot = 1
        /// When it asked for leases, by its clock and the true one, if it waits for the answer.
        var asking: (uptime: Uptime, at: Int64)?
        var nextAsk: Int64 = 0
    }

    private enum Content {
        case request(PlacementSaga.Directive, turn: Int)
        case answer(PlacementSaga.Event, replica: Int)
        case timeout(PlacementSaga.Event, replica: Int)
        case leases(LeaseRequest, from: SiteID, asked: Uptime)
        case leaseAnswer(LeaseAnswer, to: SiteID, asked: Uptime, request: LeaseRequest)
        case report(Machine)
    }

    private struct Packet {
        let due: Int64
        let site: SiteID
        let content: Content
    }

    static let lease = 20
    static let step: Int64 = 250
    private static let timeout: Int64 = 5_000
    private static let coordinator = SiteID("coordinator.test")
    private static let wishes = KeepingWishes(leaseSeconds: Self.lease)

    private(set) var clock: Int64 = 0
    private(set) var saga: PlacementSaga
    private(set) var sites: [SiteID: Site] = [:]
    private var book = LeaseBook()
    private var downUntil: Int64 = 0
    private var packets: [Packet] = []
    private var generator: SeededGenerator
    /// Whether messages are lost, doubled and late.
    var isRough = true
    private(set) var violations: [String] = []
    private(set) var stops = 0
    private(set) var notes: [KeepingNote] = []

    init(seed: UInt64, replicas: Int, sites count: Int) {
        self.generator = SeededGenerator(seed: seed)
        self.saga = PlacementSaga(workload: WorkloadID(randomUsing: &self.generator), replicas: replicas)
        for index in 0..<count {
            let hour: Int64 = 3_600_000
            let id = SiteID("s\(index).test")
            self.sites[id] = Site(
                ledger: Self.ledger(id), offset: Int64.random(in: -hour...hour, using: &self.generator),
                drift: Int64.random(in: -20...20, using: &self.generator))
        }
        self.carryOut(self.saga.resume())
    }

    private static func ledger(_ id: SiteID, _ state: SiteState = SiteState()) -> SiteLedger {
        var ledger = SiteLedger(site: id, rules: SiteRules(), policy: .open, state: state)
        ledger.hasSeenMachines = true
        ledger.updateHosts([AgentFixtures.host()])
        return ledger
    }

    // MARK: What goes wrong

    mutating func cut(_ index: Int, _ isCut: Bool) { self.sites[SiteID("s\(index).test")]?.isCut = isCut }

    /// The agent ends, while machines run on, and starts again from what it had on disk.
    mutating func killAgent(_ index: Int, for duration: Int64) {
        let id = SiteID("s\(index).test")
        guard let site = self.sites[id] else { return }
        self.sites[id]?.downUntil = self.clock + duration
        var state = SiteState(
            machines: Array(site.ledger.machines.values),
            reservations: Array(site.ledger.reservations.values))
        state.leases = Array(site.ledger.leases.values)
        self.sites[id]?.ledger = Self.ledger(id, state)
        self.sites[id]?.asking = nil
        self.sites[id]?.nextAsk = 0
    }

    /// The whole computer reboots: nothing runs any more, and the clock of before means nothing.
    mutating func reboot(_ index: Int, for duration: Int64) {
        let id = SiteID("s\(index).test")
        let now = self.now(at: id)
        for machine in self.sites[id]?.running ?? [] {
            self.sites[id]?.ledger.observe(machine, .stopped, reason: nil, from: .event, now: now)
        }
        self.sites[id]?.running = []
        self.killAgent(index, for: duration)
        self.sites[id]?.boot += 1
    }

    mutating func killMachine(at index: Int) {
        let id = SiteID("s\(index).test")
        guard let machine = self.sites[id]?.running.sorted().first else { return }
        let now = self.now(at: id)
        self.sites[id]?.running.remove(machine)
        self.sites[id]?.ledger.observe(machine, .failed, reason: "killed", from: .event, now: now)
    }

    mutating func killCoordinator(for duration: Int64) {
        self.downUntil = self.clock + duration
        self.packets.removeAll { packet in
            if case .timeout = packet.content { true } else { false }
        }
        self.book = LeaseBook()
    }

    // MARK: Time

    mutating func advance() {
        self.clock += Self.step
        let due = self.packets.filter { $0.due <= self.clock }
        self.packets.removeAll { $0.due <= self.clock }
        for packet in due { self.deliver(packet) }
        for id in self.sites.keys.sorted() { self.work(at: id) }
        if self.downUntil == self.clock { self.carryOut(self.saga.resume()) }
        if self.isUp, self.clock.isMultiple(of: 1_000) { self.review() }
        self.check()
    }

    private var isUp: Bool { self.clock >= self.downUntil }

    private func now(at id: SiteID) -> Instant {
        Instant(millisecondsSinceEpoch: 1_800_000_000_000 + self.clock + (self.sites[id]?.offset ?? 0))
    }

    /// The coordinator's own clock is wrong too.
    private var now: Instant { Instant(millisecondsSinceEpoch: 1_800_001_800_000 + self.clock) }

    private func uptime(at id: SiteID) -> Uptime {
        guard let site = self.sites[id] else { return Uptime(boot: "", milliseconds: 0) }
        return Uptime(
            boot: "\(id)-\(site.boot)",
            milliseconds: self.clock + self.clock * site.drift / 1_000 + site.offset)
    }

    private mutating func check() {
        for index in self.saga.replicas.indices {
            let running = self.sites.values.flatMap { site in
                site.running.compactMap { site.ledger.machines[$0]?.machine.replica }
            }.filter { $0.index == index }
            if running.count > 1 {
                self.violations.append("at \(self.clock) replica \(index) runs as \(running.map(\.epoch))")
            }
        }
    }

    /// Whether each replica runs exactly once, where the saga says.
    var isWell: Bool {
        let running = Set(self.sites.values.flatMap(\.running))
        let wanted = Set(self.saga.replicaStates.compactMap(\.machine))
        return self.saga.state == .placed && running == wanted && wanted.count == self.saga.replicas.count
    }
}

/// What the coordinator does.
extension LeaseWorld {
    private mutating func review() {
        let uptime = Duration.milliseconds(self.clock)
        var circumstances = Circumstances(now: self.now)
        for replica in self.saga.leased {
            self.book.notice(replica, at: uptime)
            if self.book.isLapsed(replica, lease: .seconds(Self.lease), at: uptime) {
                circumstances.lapsed.insert(replica.index)
            }
            if self.book.isFresh(replica, lease: .seconds(Self.lease), at: uptime) {
                circumstances.leased.insert(replica.index)
            }
        }
        for replica in self.saga.replicas {
            let barred = replica.barred
            if self.sites.contains(where: { barred[$0.key] == nil && !$0.value.isCut }) {
                circumstances.placeable.insert(replica.index)
            }
        }
        let review = Keeper().review(&self.saga, Self.wishes, under: circumstances)
        self.notes += review.notes
        self.carryOut(review.directives)
    }

    private mutating func take(_ event: PlacementSaga.Event, replica: Int) {
        guard self.isUp else { return }
        self.carryOut(self.saga.handle(event, replica: replica))
    }

    private mutating func carryOut(_ directives: [PlacementSaga.Directive]) {
        guard self.isUp else { return }
        for directive in directives {
            switch directive {
            case .plan(let replica, let turn), .planLater(let replica, let turn, _):
                let excluded = self.saga.replicas[replica].excluded
                let site = self.sites.filter { !$0.value.isCut && excluded[$0.key] == nil }.keys.sorted()
                    .randomElement(using: &self.generator)
                let event: PlacementSaga.Event =
                    site.map { .planned(site: $0, turn: turn) } ?? .unplaceable(reason: "none", turn: turn)
                self.packets.append(
                    Packet(
                        due: self.clock + 250, site: Self.coordinator,
                        content: .timeout(event, replica: replica)))
            case .reserve(let replica, let hold, let turn):
                self.ask(directive, replica, hold.site, turn, .zero)
            case .query(let replica, let hold, let turn, let after),
                .commit(let replica, let hold, let turn, let after),
                .release(let replica, let hold, let turn, let after),
                .delete(let replica, let hold, _, let turn, let after):
                self.ask(directive, replica, hold.site, turn, after)
            case .start(let replica, let hold, let machine):
                self.send(.request(directive, turn: -1), to: hold.site)
                self.packets.append(
                    Packet(
                        due: self.clock + Self.timeout, site: Self.coordinator,
                        content: .timeout(.startUnanswered(machine, reason: "time-out"), replica: replica)))
            case .retire(_, let hold, _): self.send(.request(directive, turn: -1), to: hold.site)
            case .warn(_, let machine): self.violations.append("unexpected \(machine.id)")
            }
        }
    }

    private mutating func ask(
        _ directive: PlacementSaga.Directive, _ replica: Int, _ site: SiteID, _ turn: Int, _ after: Duration
    ) {
        let pause = after.wholeMilliseconds
        self.send(.request(directive, turn: turn), to: site, after: pause)
        self.packets.append(
            Packet(
                due: self.clock + pause + Self.timeout, site: Self.coordinator,
                content: .timeout(.silent(turn: turn, reason: "time-out"), replica: replica)))
    }

    /// To the site or from it: nothing passes while it is cut, and what was on the way is late or lost.
    private mutating func send(_ content: Content, to site: SiteID, after pause: Int64 = 0) {
        let isLost = self.isRough && Int.random(in: 0..<10, using: &self.generator) == 0
        guard !isLost else { return }
        let copies = self.isRough && Int.random(in: 0..<10, using: &self.generator) == 0 ? 2 : 1
        for _ in 0..<copies {
            // Now and then a message lies in a buffer for far longer than a lease.
            let isLate = self.isRough && Int.random(in: 0..<20, using: &self.generator) == 0
            let delay = Int64.random(in: isLate ? 5_000...90_000 : 20...400, using: &self.generator)
            self.packets.append(Packet(due: self.clock + pause + delay, site: site, content: content))
        }
    }
}

/// The network's end, and what the sites do.
extension LeaseWorld {
    private mutating func deliver(_ packet: Packet) {
        let id = packet.site
        if case .timeout(let event, let replica) = packet.content {
            return self.take(event, replica: replica)
        }
        guard let site = self.sites[id], !site.isCut else { return }
        let isAgentUp = self.clock >= site.downUntil
        switch packet.content {
        case .timeout: return
        case .answer(let event, let replica): self.take(event, replica: replica)
        case .report(let machine): self.take(.reported(machine), replica: machine.replica?.index ?? 0)
        case .request(let directive, let turn):
            guard isAgentUp, let (event, replica) = self.serve(directive, turn, at: id) else { return }
            self.send(.answer(event, replica: replica), to: id)
        case .leases(let request, _, let asked):
            guard self.isUp else { return }
            let answer = self.answer(request, from: id)
            self.send(.leaseAnswer(answer, to: id, asked: asked, request: request), to: id)
        case .leaseAnswer(let answer, _, let asked, let request):
            guard isAgentUp else { return }
            let now = self.now(at: id)
            if let asking = site.asking, asking.uptime == asked {
                self.sites[id]?.asking = nil
                self.sites[id]?.nextAsk = asking.at + Self.milliseconds(SiteLedger.renewal)
            }
            self.sites[id]?.ledger.renew(answer.granted, by: Self.coordinator, asked: asked)
            do {
                try self.sites[id]?.ledger.end(
                    answer.over, by: Self.coordinator, asked: request.leases, now: now)
            } catch {
                self.violations.append("\(error)")
            }
        }
    }

    private mutating func answer(_ request: LeaseRequest, from site: SiteID) -> LeaseAnswer {
        var granted: [MachineID] = []
        var over: [MachineID] = []
        for lease in request.leases {
            switch self.saga.lease(of: lease.machine, as: lease.replica, at: site) {
            case .granted:
                self.book.grant(lease.replica, at: .milliseconds(self.clock))
                granted.append(lease.machine)
            case .over: over.append(lease.machine)
            case .silent: break
            }
        }
        return LeaseAnswer(granted: granted, over: over)
    }

    /// The agent's rounds: make, start, delete, stop what has no lease, ask for leases, report.
    private mutating func work(at id: SiteID) {
        guard var site = self.sites[id], self.clock >= site.downUntil else { return }
        let (now, uptime) = (self.now(at: id), self.uptime(at: id))
        for machine in site.ledger.reviewLeases(at: uptime).lapsed {
            guard site.ledger.beginFencing(machine, at: uptime, now: now) != nil else { continue }
            site.running.remove(machine)
            site.ledger.fenced(machine, now: now)
            self.stops += 1
        }
        for entry in site.ledger.work.toDelete {
            site.running.remove(entry.machine.id)
            site.ledger.removed(entry.machine.id, now: now)
        }
        for entry in site.ledger.work.toCreate { site.ledger.defined(entry.machine.id, now: now) }
        for entry in site.ledger.work.toStart where site.ledger.mayStart(entry, at: uptime) {
            site.running.insert(entry.machine.id)
            site.ledger.observe(entry.machine.id, .running, reason: nil, from: .listing, now: now)
        }
        site.ledger.expire(now: now)
        self.sites[id] = site
        self.askForLeases(from: id, uptime)
        if self.clock.isMultiple(of: 1_000) {
            for entry in site.ledger.machines.values.sorted(by: { $0.machine.id < $1.machine.id }) {
                self.send(.report(entry.machine), to: id)
            }
        }
    }

    /// One request at a time: the next follows its answer, or comes once the holder's time for that is over.
    private mutating func askForLeases(from id: SiteID, _ uptime: Uptime) {
        if let asking = self.sites[id]?.asking,
            self.clock - asking.at >= Self.milliseconds(SiteLedger.patience)
        {
            self.sites[id]?.asking = nil
            self.sites[id]?.nextAsk = self.clock + Self.milliseconds(SiteLedger.pause)
        }
        guard let site = self.sites[id], site.asking == nil, self.clock >= site.nextAsk,
            let leases = site.ledger.leaseRequests(of: [Self.coordinator])[Self.coordinator]
        else { return }
        self.sites[id]?.asking = (uptime, self.clock)
        self.send(.leases(LeaseRequest(leases: leases), from: id, asked: uptime), to: id)
    }

    private static func milliseconds(_ part: (Duration) -> Duration) -> Int64 {
        part(.seconds(Self.lease)).wholeMilliseconds
    }

    private mutating func serve(
        _ directive: PlacementSaga.Directive, _ turn: Int, at id: SiteID
    ) -> (PlacementSaga.Event, replica: Int)? {
        guard var ledger = self.sites[id]?.ledger else { return nil }
        let now = self.now(at: id)
        defer { self.sites[id]?.ledger = ledger }
        switch directive {
        case .plan, .planLater, .warn: return nil
        case .reserve(let replica, let hold, _):
            return (
                Self.event(hold, turn) { () throws(SiteRefusal) in
                    try ledger.reserve(self.request(hold, replica), now: now)
                }, replica
            )
        case .query(let replica, let hold, _, _):
            return (
                Self.event(hold, turn) { () throws(SiteRefusal) in
                    ledger.expire(now: now)
                    return try ledger.reservation(hold.reservation, of: Self.coordinator).reservation
                }, replica
            )
        case .release(let replica, let hold, _, _):
            return (
                Self.event(hold, turn) { () throws(SiteRefusal) in
                    try ledger.release(hold.reservation, by: Self.coordinator, now: now)
                }, replica
            )
        case .commit(let replica, let hold, _, _):
            do throws(SiteRefusal) {
                let machine = try ledger.commit(
                    hold.reservation, by: Self.coordinator,
                    machine: MachineID(derivedFrom: hold.reservation, path: [1]),
                    now: now)
                return (.committed(hold.reservation, machine.machine), replica)
            } catch {
                return (Self.failure(error, hold, turn), replica)
            }
        case .start(let replica, _, let machine):
            do throws(SiteRefusal) {
                guard let reference = ledger.machines[machine]?.machine.replica else { return nil }
                let restarted = try ledger.restart(
                    machine, as: reference, by: Self.coordinator, now: now, uptime: self.uptime(at: id))
                return (.reported(restarted), replica)
            } catch {
                return (.startRefused(machine, reason: error.message), replica)
            }
        case .delete(let replica, _, let machine, _, _), .retire(let replica, _, let machine):
            do throws(SiteRefusal) {
                _ = try ledger.doom(machine, now: now)
                return (.doomed(machine), replica)
            } catch {
                return (.deleted(machine), replica)
            }
        }
    }

    private func request(_ hold: Hold, _ replica: Int) -> SiteLedger.Request {
        SiteLedger.Request(
            id: hold.reservation, holder: Self.coordinator,
            specification: MachineSpecification(
                name: "web-\(replica)", resources: AgentFixtures.specification("web").resources,
                image: AgentFixtures.specification("web").image, leaseSeconds: Self.lease),
            replica: ReplicaReference(
                workload: self.saga.workload, index: replica, epoch: self.saga.replicas[replica].epoch),
            holdFor: .seconds(60))
    }

    private static func event(
        _ hold: Hold, _ turn: Int, _ body: () throws(SiteRefusal) -> Reservation
    ) -> PlacementSaga.Event {
        do throws(SiteRefusal) {
            return .reservation(try body())
        } catch {
            return self.failure(error, hold, turn)
        }
    }

    private static func failure(_ error: SiteRefusal, _ hold: Hold, _ turn: Int) -> PlacementSaga.Event {
        error.reason == .notFound
            ? .unknown(hold.reservation, turn: turn)
            : .refused(hold.reservation, turn: turn, reason: error.message)
    }
}
