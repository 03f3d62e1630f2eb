import CloudModel
import Coordinator
import Federation
import Placement
import Synchronization

/// Sites in memory that hold, commit and refuse as real ones do, and can be told to misbehave.
final class FakeSites: SiteAccess {
    enum Behaviour: Hashable {
        case normal
        case refusing(String)
        /// Takes no request and never answers.
        case dead
        /// Does what is asked and never answers.
        case mute
        /// Takes no request, and the time for an answer is over at once.
        case silent
        /// It could not be asked, as it left others unanswered.
        case notAsked
        case unreachable
    }

    /// Where a site leaves out the lease that it was asked for.
    enum LeaseFault: Hashable, CaseIterable {
        /// It holds room without one, as one of a release does that knows no leases.
        case onReservation
        /// It makes the machine without one.
        case onCommitment
    }

    struct Site {
        var description: SiteDescription
        var room: Int
        var behaviour = Behaviour.normal
        /// What the coordinator is told of it, whatever it does.
        var reachability = Reachability.reachable
        var reservations: [ReservationID: Reservation] = [:]
        var machines: [MachineID: Machine] = [:]
        var deletions = 0
        /// Why it starts nothing again, if it does not.
        var startRefusal: (text: String, reason: Refusal.Reason)?
        var leaseFault: LeaseFault?
        /// Whether it is of a release that knows no wishes about hosts.
        var ignoresHosts = false
        /// How many reservations it has made or released; nil for one that does not count.
        var generation: Int?
        /// How far its clock is ahead.
        var skew = Duration.zero
    }

    struct State {
        var sites: [SiteID: Site] = [:]
        var asked: [SiteRequest] = []
        /// The request, counted from now, at which `trap` strikes.
        var fuse: Int?
        /// The only kind of request that the fuse counts; nil if it counts all.
        var fused: SiteRequest.Kind?
        var trap = Behaviour.dead
        /// Whether the site where it strikes stays so.
        var isTrapLasting = false
        var isTrapped = false
        /// Whether a site refuses a name that a machine or hold there has.
        var hasUniqueNames = false
        /// The fewest machines that ran at a time since it is counted.
        var fewestRunning: Int?
        /// How many must look at the sites at once before any of them sees something, and how many do.
        var gathering: (wanted: Int, there: Int)?
        /// What happens while somebody looks at the sites, until it says that it did.
        var meanwhile: (@Sendable () async -> Bool)?
        /// When the sites were heard of last; nil for when all began.
        var heard: Instant?
        /// Whether nothing has been heard of any site, as after a start.
        var isSilent = false
    }

    private let state = Mutex(State())
    private let trapped: AsyncStream<Void>
    private let spring: AsyncStream<Void>.Continuation
    private let clock: TestClock

    init(_ sites: [(String, Position?, Int)], clock: TestClock) {
        self.clock = clock
        (self.trapped, self.spring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        for (name, position, room) in sites {
            let capacity = Self.capacity(room: room, of: room)
            let description = SiteDescription(
                site: SiteID(name), name: name, position: position, country: nil, labels: [:],
                hypervisors: ["memory"], policy: .open, capacity: capacity, price: nil,
                reported: clock.now())
            self.state.withLock {
                $0.sites[SiteID(name)] = Site(description: description, room: room)
            }
        }
    }

    /// One vCPU and one gibibyte for each machine there is room for.
    private static func capacity(room: Int, of total: Int) -> Capacity {
        func amount(_ count: Int) -> Resources {
            Resources(
                vcpus: count, memory: .gibibytes(Int64(count)), disk: .gibibytes(Int64(count)))
        }
        return Capacity(
            total: amount(total), free: amount(room), largestFreeSlot: amount(room), load: 0, machines: 0,
            hosts: 1)
    }

    func update<Value>(_ body: (inout State) -> Value) -> Value {
        self.state.withLock { body(&$0) }
    }

    func read<Value>(_ body: (State) -> Value) -> Value {
        self.state.withLock { body($0) }
    }

    func set(_ behaviour: Behaviour, at site: String) {
        self.state.withLock { $0.sites[SiteID(site)]?.behaviour = behaviour }
    }

    /// Makes the request number `fuse`, counted from now and among those of `kind` only if it is given, end in `trap`.
    ///
    /// The site that gets it stays so if the trap `isLasting`.
    func arm(
        fuse: Int, among kind: SiteRequest.Kind? = nil, trap: Behaviour, isLasting: Bool = false
    ) {
        self.state.withLock { state in
            state.fuse = fuse
            state.fused = kind
            state.trap = trap
            state.isTrapLasting = isLasting
            state.isTrapped = false
        }
    }

    /// Waits until the trap has struck.
    func untilTrapped() async {
        for await _ in self.trapped { return }
    }

    /// Waits, level-triggered, until a site holds something.
    func untilHeld() async {
        while self.holds.isEmpty, !Task.isCancelled { await Task.yield() }
    }

    // MARK: SiteAccess

    func view() async -> AllianceView {
        let meanwhile = self.update { state in
            defer { state.meanwhile = nil }
            return state.meanwhile
        }
        if let meanwhile, await !meanwhile() { self.update { $0.meanwhile = meanwhile } }
        self.update { $0.gathering?.there += 1 }
        while self.read({ $0.gathering.map { $0.there < $0.wanted } ?? false }), !Task.isCancelled {
            await Task.yield()
        }
        return self.state.withLock { state in
            AllianceView(
                sites: state.isSilent
                    ? []
                    : state.sites.values.map { site in
                        AllianceView.Site(
                            description: site.description, received: state.heard ?? self.clock.start,
                            reachability: site.reachability)
                    })
        }
    }

    func ask(
        _ request: SiteRequest, of site: SiteID, timeout: Duration
    ) async -> Result<SiteAnswer, SiteFailure> {
        let (result, isTrapped) = self.state.withLock { state in
            self.perform(request, at: site, in: &state)
        }
        if isTrapped { self.spring.yield() }
        if let result { return result }
        // Never answers; ends with the task.
        let (silence, _) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        for await _ in silence {}
        return .failure(.silent("the process ended"))
    }

    private func perform(
        _ request: SiteRequest, at id: SiteID, in state: inout State
    ) -> (Result<SiteAnswer, SiteFailure>?, isTrapped: Bool) {
        state.asked.append(request)
        var behaviour = state.sites[id]?.behaviour ?? .unreachable
        var isTrapped = false
        if let fuse = state.fuse, state.fused.map({ $0 == request.kind }) ?? true {
            state.fuse = fuse == 0 ? nil : fuse - 1
            if fuse == 0 {
                behaviour = state.trap
                if state.isTrapLasting { state.sites[id]?.behaviour = behaviour }
                state.isTrapped = true
                isTrapped = true
            }
        }
        guard var site = state.sites[id] else { return (.failure(.unreachable("no such site")), isTrapped) }
        switch behaviour {
        case .normal, .mute:
            if state.hasUniqueNames, let name = Self.takenName(request, at: site) {
                return (.failure(.refused("there is a machine \(name) already", capacity: nil)), isTrapped)
            }
            let result = Self.answer(request, at: &site, now: self.clock.now().advanced(by: site.skew))
            state.sites[id] = site
            if let fewest = state.fewestRunning {
                state.fewestRunning = min(fewest, Self.running(in: state))
            }
            return (behaviour == .mute ? nil : result, isTrapped)
        case .refusing(let text): return (.failure(.refused(text, capacity: nil)), isTrapped)
        case .dead: return (nil, isTrapped)
        case .silent: return (.failure(.silent("no answer in time")), isTrapped)
        case .notAsked: return (.failure(.notAsked("others wait for it")), isTrapped)
        case .unreachable: return (.failure(.unreachable("out of reach")), isTrapped)
        }
    }

    /// The name that a request to reserve asks for if somebody else has it.
    private static func takenName(_ request: SiteRequest, at site: Site) -> String? {
        guard case .reserve(let reserve) = request, site.reservations[reserve.id] == nil else { return nil }
        let name = reserve.specification.name
        let held = site.reservations.values.filter { $0.state == .held }.map(\.specification.name)
        let made = site.machines.values.map(\.specification.name)
        return (held + made).contains(name) ? name : nil
    }

    private static func answer(
        _ request: SiteRequest, at site: inout Site, now: Instant
    ) -> Result<SiteAnswer, SiteFailure> {
        switch request {
        case .reserve(let reserve):
            if site.reservations[reserve.id] != nil { return self.reservation(reserve.id, at: site) }
            guard site.room > 0 else {
                let capacity = self.capacity(room: 0, of: site.description.capacity.total.vcpus)
                return .failure(.refused("no room", capacity: capacity))
            }
            site.room -= 1
            site.generation = site.generation.map { $0 + 1 }
            var specification = reserve.specification
            if site.leaseFault == .onReservation { specification.leaseSeconds = nil }
            if site.ignoresHosts { specification.hosts = nil }
            let reservation = Reservation(
                id: reserve.id, holder: SiteID("coordinator.test"), specification: specification,
                replica: reserve.replica, expires: now.advanced(by: reserve.holdFor))
            site.reservations[reserve.id] = reservation
            return self.reservation(reserve.id, at: site)
        case .query(let query): return self.reservation(query.id, at: site)
        case .commit(let commit): return self.commit(commit.id, at: &site, now: now)
        case .release(let release):
            if site.reservations[release.id]?.state == .held {
                site.reservations[release.id]?.state = .released
                site.room += 1
                site.generation = site.generation.map { $0 + 1 }
            }
            return self.reservation(release.id, at: site)
        case .machines:
            return .success(.machines(MachineList(machines: site.machines.values.sorted { $0.id < $1.id })))
        case .restart(let restart):
            guard var machine = site.machines[restart.machine] else { return .failure(.absent) }
            if let refusal = site.startRefusal {
                return .failure(.refused(refusal.text, capacity: nil, reason: refusal.reason))
            }
            machine.state = .running
            machine.halt = nil
            machine.changed = now
            site.machines[machine.id] = machine
            return .success(.machine(machine))
        case .delete(let machine, _):
            guard site.machines.removeValue(forKey: machine) != nil else { return .failure(.absent) }
            site.room += 1
            site.deletions += 1
            return .success(.deleted)
        }
    }

    private static func reservation(
        _ id: ReservationID, at site: Site
    ) -> Result<SiteAnswer, SiteFailure> {
        site.reservations[id].map { .success(.reservation($0, generation: site.generation)) }
            ?? .failure(.absent)
    }

    private static func commit(
        _ id: ReservationID, at site: inout Site, now: Instant
    ) -> Result<SiteAnswer, SiteFailure> {
        guard var reservation = site.reservations[id] else { return .failure(.absent) }
        switch reservation.state {
        case .held:
            var specification = reservation.specification
            if site.leaseFault == .onCommitment { specification.leaseSeconds = nil }
            let machine = Machine(
                id: MachineID(derivedFrom: id, path: []), site: site.description.site,
                specification: specification, state: .creating, replica: reservation.replica,
                created: now, changed: now)
            reservation.state = .committed
            reservation.machine = machine.id
            site.reservations[id] = reservation
            site.machines[machine.id] = machine
            return .success(.machine(machine))
        case .committed:
            guard let machine = reservation.machine.flatMap({ site.machines[$0] }) else {
                return .failure(.refused("the machine is gone", capacity: nil))
            }
            return .success(.machine(machine))
        case .released, .expired:
            return .failure(.refused("the reservation is over", capacity: nil))
        }
    }
}

extension FakeSites {
    /// All machines there are, anywhere.
    var machines: [Machine] {
        self.read { $0.sites.values.flatMap(\.machines.values).sorted { $0.id < $1.id } }
    }

    /// Reservations that hold capacity for nothing.
    var holds: [ReservationID] {
        self.read { state in
            state.sites.values.flatMap(\.reservations.values).filter { $0.state == .held }.map(\.id)
        }
    }

    /// Changes the state of the only machine at `site`, and returns it as it is now.
    func change(_ machineState: MachineState, at site: String, halt: Halt? = nil) -> Machine? {
        self.state.withLock { state in
            guard let skew = state.sites[SiteID(site)]?.skew,
                var machine = state.sites[SiteID(site)]?.machines.values.first
            else { return nil }
            machine.state = machineState
            machine.halt = halt
            machine.changed = self.clock.now().advanced(by: skew)
            state.sites[SiteID(site)]?.machines[machine.id] = machine
            return machine
        }
    }
}

/// A clock that goes on by a millisecond each time it is asked.
final class TestClock: Sendable {
    let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
    private let ticks = Mutex<Int64>(0)

    func advance(bySeconds seconds: Int64) {
        self.ticks.withLock { $0 += seconds * 1_000 }
    }

    func now() -> Instant {
        self.ticks.withLock { ticks in
            ticks += 1
            return self.start.advanced(by: .milliseconds(ticks))
        }
    }

    /// Lets time pass.
    func advance(by duration: Duration) {
        self.ticks.withLock { $0 += Int64(duration / .milliseconds(1)) }
    }
}
