import CloudModel
import Placement
import TestRandomness

/// Sites, a network that loses, doubles and delays, and a coordinator that can be killed between any two steps.
struct SagaWorld {
    private struct Site {
        var room: Int
        var holds: [ReservationID: Reservation.State] = [:]
        var expiry: [ReservationID: Int] = [:]
        /// Machines made, and whether they are still there.
        var machines: [ReservationID: Bool] = [:]
        /// When machines will be gone that are being deleted.
        var endings: [ReservationID: Int] = [:]
    }

    private struct Packet {
        var due: Int
        let content: Content
    }

    private enum Content {
        case request(PlacementSaga.Directive)
        case answer(PlacementSaga.Event, replica: Int)
        case timeout(turn: Int, replica: Int)
    }

    /// How long a site holds capacity, in steps of the world.
    private static let holdFor = 60
    private static let timeout = 12
    /// How long it takes a site to delete a machine.
    private static let deletion = 8

    /// The highest number of a request for a hold in one epoch: one may not be sent at all.
    private static let attemptLimit = PlacementSaga.attemptLimit + 1

    /// What happens to one request, counted from the start.
    enum Mishap: CaseIterable {
        case lost, unanswered, notAsked, refused, doubled, killedBeforeStoring, killedAfterStoring
    }

    /// The request that meets a mishap.
    var mishap: (request: Int, Mishap)?
    /// Requests that were sent so far.
    private(set) var requests = 0

    private(set) var saga: PlacementSaga
    private var sites: [SiteID: Site] = [:]
    private var packets: [Packet] = []
    private var clock = 0
    private var generator: SeededGenerator
    private var isCalm = false
    private var isMute = false
    /// The process ends with the next event, before or after it has stored what follows from it.
    private var killAt: (clock: Int, isBeforeStoring: Bool)?
    /// What went wrong, in words; empty as it should be.
    private(set) var violations: [String] = []
    private(set) var warnings = 0

    init(seed: UInt64, workload: WorkloadID, replicas: Int, rooms: [Int], isGang: Bool = false) {
        self.generator = SeededGenerator(seed: seed)
        self.saga = PlacementSaga(workload: workload, replicas: replicas, isGang: isGang)
        for (index, room) in rooms.enumerated() { self.sites[SiteID("s\(index).test")] = Site(room: room) }
    }

    /// From now on nothing is lost, doubled or killed.
    mutating func calm() { self.isCalm = true }

    mutating func start() { self.carryOut(self.saga.resume()) }

    mutating func askRemoval() {
        let directives = self.saga.remove()
        self.carryOut(directives)
    }

    /// Asks for another number of replicas, of at most `limit` places, unless that cannot be done now.
    mutating func resize(to count: Int, limit: Int, kill: Mishap? = nil) {
        var next = self.saga
        guard next.objectionToResizing == nil else { return }
        let more = count - next.wantedCount
        let directives =
            more > 0
            ? next.grow(next.vacancies(for: more, limit: limit), near: nil)
            : next.drop(next.leavers(-more, first: []))
        if kill == .killedBeforeStoring { return self.crash() }
        self.saga = next
        if kill == .killedAfterStoring { return self.crash() }
        self.carryOut(directives)
    }

    /// The process ends and begins again with what it had stored; what is in the network stays there.
    mutating func crash() {
        self.packets.removeAll { packet in
            if case .timeout = packet.content { true } else { false }
        }
        self.carryOut(self.saga.resume())
    }

    /// Delivers the next packet, or lets time pass.
    mutating func step() {
        self.clock += 1
        for (site, state) in self.sites.sorted(by: { $0.key < $1.key }) {
            for (id, expiry) in state.expiry where expiry <= self.clock && state.holds[id] == .held {
                self.sites[site]?.holds[id] = .expired
                self.sites[site]?.room += 1
            }
            for (id, end) in state.endings where end <= self.clock {
                self.sites[site]?.endings[id] = nil
                self.sites[site]?.machines[id] = false
                self.sites[site]?.room += 1
            }
        }
        let due = self.packets.indices.filter { self.packets[$0].due <= self.clock }
        guard let index = due.randomElement(using: &self.generator) else { return }
        let packet = self.packets.remove(at: index)
        switch packet.content {
        case .request(let directive): self.serve(directive)
        case .answer(let event, let replica): self.take(event, replica: replica)
        case .timeout(let turn, let replica):
            self.take(.silent(turn: turn, reason: "time-out"), replica: replica)
        }
        self.check()
    }

    var isQuiet: Bool { self.packets.isEmpty }

    /// Lets nothing more go wrong, and everything come to rest within so many steps; then longer than any hold lasts.
    mutating func settle(within limit: Int = 3_000) {
        self.calm()
        var steps = 0
        while steps < limit, !self.isQuiet || !self.saga.isSettled {
            self.step()
            steps += 1
        }
        for _ in 0..<100 { self.step() }
    }

    /// One event: decide, store, carry out, with a chance to be killed between each two.
    private mutating func take(_ event: PlacementSaga.Event, replica: Int) {
        var next = self.saga
        let directives = next.handle(event, replica: replica)
        let kill = self.killAt
        self.killAt = nil
        if self.happens(3) || kill?.isBeforeStoring == true { return self.crash() }
        self.saga = next
        if self.happens(3) || kill?.isBeforeStoring == false { return self.crash() }
        self.carryOut(directives)
        if self.happens(3) { self.crash() }
    }

    private mutating func carryOut(_ directives: [PlacementSaga.Directive]) {
        for directive in directives {
            switch directive {
            case .plan(let replica, let turn), .planLater(let replica, let turn, _):
                self.plan(replica, turn: turn)
            case .reserve(let replica, _, let turn): self.send(directive, replica, turn, after: .zero)
            case .query(let replica, _, let turn, let after), .commit(let replica, _, let turn, let after),
                .release(let replica, _, let turn, let after),
                .delete(let replica, _, _, let turn, let after):
                self.send(directive, replica, turn, after: after)
            case .warn: self.warnings += 1
            case .start, .retire: self.violations.append("nobody keeps this world, but \(directive)")
            }
        }
    }

    private mutating func plan(_ replica: Int, turn: Int) {
        let excluded = self.saga.replicas[replica].excluded
        let site = self.sites.keys.filter { excluded[$0] == nil }.sorted().randomElement(
            using: &self.generator)
        let event: PlacementSaga.Event =
            if let site { .planned(site: site, turn: turn) } else {
                .unplaceable(reason: "no site", turn: turn)
            }
        self.packets.append(Packet(due: self.clock, content: .answer(event, replica: replica)))
    }

    private mutating func send(
        _ directive: PlacementSaga.Directive, _ replica: Int, _ turn: Int, after: Duration
    ) {
        let start = self.clock + Int(after.components.seconds) / 8
        defer { self.requests += 1 }
        let timeout = Packet(due: start + Self.timeout, content: .timeout(turn: turn, replica: replica))
        guard let mishap, mishap.request == self.requests else {
            self.transmit(.request(directive), from: start)
            self.packets.append(timeout)
            return
        }
        switch mishap.1 {
        case .lost: self.packets.append(timeout)
        case .unanswered:
            self.isMute = true
            self.serve(directive)
            self.isMute = false
            self.packets.append(timeout)
        case .notAsked:
            guard let hold = directive.hold else { return }
            self.answer(.notAsked(hold.reservation, turn: turn, reason: "the queue is full"), replica)
        case .refused:
            guard let hold = directive.hold else { return }
            self.answer(.refused(hold.reservation, turn: turn, reason: "out of order"), replica)
        case .doubled:
            for _ in 0..<2 { self.transmit(.request(directive), from: start) }
            self.packets.append(timeout)
        case .killedBeforeStoring, .killedAfterStoring:
            self.packets.append(Packet(due: start, content: .request(directive)))
            self.killAt = (self.clock, mishap.1 == .killedBeforeStoring)
        }
    }

    private mutating func transmit(_ content: Content, from start: Int) {
        if self.happens(15) { return }
        let copies = self.happens(10) ? 2 : 1
        for _ in 0..<copies {
            let delay = self.happens(10) ? 40 : Int.random(in: 0...4, using: &self.generator)
            self.packets.append(Packet(due: start + delay, content: content))
        }
    }

    private mutating func happens(_ percent: Int) -> Bool {
        !self.isCalm && Int.random(in: 0..<100, using: &self.generator) < percent
    }
}

/// What the sites do.
extension SagaWorld {
    private mutating func serve(_ directive: PlacementSaga.Directive) {
        switch directive {
        case .plan, .planLater, .warn, .start, .retire: break
        case .reserve(let replica, let hold, let turn):
            self.answer(self.reserve(hold, turn: turn), replica)
        case .query(let replica, let hold, let turn, _):
            self.answer(self.query(hold, turn: turn), replica)
        case .commit(let replica, let hold, let turn, _):
            self.answer(self.commit(hold, turn: turn, replica: replica), replica)
        case .release(let replica, let hold, let turn, _):
            if self.sites[hold.site]?.holds[hold.reservation] == .held {
                self.sites[hold.site]?.holds[hold.reservation] = .released
                self.sites[hold.site]?.room += 1
            }
            self.answer(self.query(hold, turn: turn), replica)
        case .delete(let replica, let hold, let machine, _, _):
            guard var site = self.sites[hold.site], site.machines[hold.reservation] == true else {
                return self.answer(.deleted(machine), replica)
            }
            // It takes the order at once, and a while to carry it out.
            let end = site.endings[hold.reservation] ?? self.clock + Self.deletion
            site.endings[hold.reservation] = end
            self.sites[hold.site] = site
            self.answer(.doomed(machine), replica)
        }
    }

    private mutating func answer(_ event: PlacementSaga.Event, _ replica: Int) {
        if self.isMute { return }
        self.transmit(.answer(event, replica: replica), from: self.clock)
    }

    private mutating func reserve(_ hold: Hold, turn: Int) -> PlacementSaga.Event {
        guard var site = self.sites[hold.site] else {
            return .refused(hold.reservation, turn: turn, reason: "no such site")
        }
        if site.holds[hold.reservation] == nil {
            guard site.room > 0 else {
                return .refused(hold.reservation, turn: turn, reason: "no room")
            }
            site.room -= 1
            site.holds[hold.reservation] = .held
            site.expiry[hold.reservation] = self.clock + Self.holdFor
            self.sites[hold.site] = site
        }
        return self.query(hold, turn: turn)
    }

    private func query(_ hold: Hold, turn: Int) -> PlacementSaga.Event {
        guard let state = self.sites[hold.site]?.holds[hold.reservation] else {
            return .unknown(hold.reservation, turn: turn)
        }
        return .reservation(
            Reservation(
                id: hold.reservation, holder: SiteID("coordinator.test"), specification: Self.specification,
                replica: nil, expires: Instant(millisecondsSinceEpoch: 0), state: state,
                machine: state == .committed ? Self.machine(hold) : nil))
    }

    private mutating func commit(_ hold: Hold, turn: Int, replica: Int) -> PlacementSaga.Event {
        guard let state = self.sites[hold.site]?.holds[hold.reservation] else {
            return .unknown(hold.reservation, turn: turn)
        }
        if state == .held, self.happens(10) {
            return .refused(hold.reservation, turn: turn, reason: "out of order")
        }
        if state == .held {
            self.sites[hold.site]?.holds[hold.reservation] = .committed
            self.sites[hold.site]?.machines[hold.reservation] = true
        }
        guard state == .held || state == .committed else {
            return .refused(hold.reservation, turn: turn, reason: state.rawValue)
        }
        let now = Instant(millisecondsSinceEpoch: Int64(self.clock))
        return .committed(
            hold.reservation,
            Machine(
                id: Self.machine(hold), site: hold.site, specification: Self.specification, state: .creating,
                replica: ReplicaReference(
                    workload: self.saga.workload, index: replica, epoch: self.epoch(of: hold, replica)),
                created: now, changed: now))
    }

    /// The epoch for which a hold was asked.
    private func epoch(of hold: Hold, _ replica: Int) -> Int {
        let now = self.saga.replicas[replica].epoch
        return (1...now).first { epoch in
            (1...Self.attemptLimit).contains { attempt in
                hold.reservation
                    == ReservationID(
                        derivedFrom: self.saga.workload,
                        path: [UInt64(replica), UInt64(epoch), UInt64(attempt)])
            }
        } ?? now
    }

    private static func machine(_ hold: Hold) -> MachineID {
        MachineID(derivedFrom: hold.reservation, path: [])
    }

    private static let specification = MachineSpecification(
        name: "web", resources: Samples.resources(),
        image: ImageReference(format: .raw, location: "/images/web"))
}

extension PlacementSaga.Directive {
    /// What is asked for at a site.
    fileprivate var hold: Hold? {
        switch self {
        case .reserve(_, let hold, _), .query(_, let hold, _, _), .commit(_, let hold, _, _),
            .release(_, let hold, _, _), .delete(_, let hold, _, _, _):
            hold
        case .start(_, let hold, _), .retire(_, let hold, _): hold
        case .plan, .planLater, .warn: nil
        }
    }
}

/// What must hold, seen from outside the saga.
extension SagaWorld {
    /// All machines there are now, by replica.
    private var machines: [Int: [MachineID]] {
        var machines: [Int: [MachineID]] = [:]
        for replica in self.saga.replicas {
            for epoch in 1...replica.epoch {
                for attempt in 1...Self.attemptLimit {
                    let id = ReservationID(
                        derivedFrom: self.saga.workload,
                        path: [UInt64(replica.index), UInt64(epoch), UInt64(attempt)])
                    for site in self.sites.values where site.machines[id] == true {
                        machines[replica.index, default: []].append(MachineID(derivedFrom: id, path: []))
                    }
                }
            }
        }
        return machines
    }

    private mutating func check() {
        let isCommitting = self.saga.replicas.contains { replica in
            if case .committing = replica.phase { true } else { false }
        }
        let isWanting = self.saga.replicas.contains { replica in
            switch replica.phase {
            case .planning, .reserving, .doubting: replica.attempts.isEmpty
            case .committing, .verifying, .withdrawing, .placed, .replacing, .releasing, .deleting,
                .exhausted,
                .gone:
                false
            }
        }
        if self.saga.isGang, isCommitting, isWanting {
            self.violations.append("a gang commits before all of it is held at \(self.clock)")
        }
        for (replica, machines) in self.machines where machines.count > 1 {
            self.violations.append("replica \(replica) runs \(machines.count) times at \(self.clock)")
        }
        for (site, state) in self.sites where state.room < 0 {
            self.violations.append("\(site) is oversold at \(self.clock)")
        }
    }

    /// Once all is quiet: what runs is what the saga says, and nothing is held.
    func leaks() -> [String] {
        var leaks: [String] = []
        let machines = self.machines
        let shown = self.saga.replicaStates
        for replica in self.saga.replicas {
            let running = machines[replica.index] ?? []
            let machine = shown.first { $0.index == replica.index }?.machine
            if running != [machine].compactMap({ $0 }) {
                leaks.append("replica \(replica.index): \(running) instead of \(machine as Any)")
            }
        }
        for (site, state) in self.sites.sorted(by: { $0.key < $1.key }) {
            for (id, hold) in state.holds where hold == .held { leaks.append("\(site) still holds \(id)") }
        }
        return leaks
    }
}
