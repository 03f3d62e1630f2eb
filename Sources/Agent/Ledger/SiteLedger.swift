package import CloudModel
import Federation
package import Storage

/// What a site has, what is taken of it and by whom: the one place where it says yes or no.
///
/// A pure value: the shell makes the change on a copy, writes `takeChanges()` to disk in one transaction, and only
/// then lets the copy count. So memory never runs ahead of the disk, and a crash at any point leaves the state before
/// or after a step.
///
/// Invariant: on no host do occupying machines, held reservations and foreign machines together take more than it
/// has, unless the host itself shrank.
package struct SiteLedger: Sendable {
    package let site: SiteID
    package var rules: SiteRules
    package private(set) var policy: AdmissionPolicy
    /// Whether coordinators are asked to place its replicas elsewhere: only if somebody has ordered that.
    ///
    /// A policy of `draining` that is configured asks nobody for anything.
    package private(set) var isBeingEmptied: Bool
    /// By name.
    package internal(set) var hosts: [String: Host] = [:]
    /// Whether `hosts` is what a driver said, as opposed to nothing yet.
    package private(set) var isMeasured = false
    /// What the hosts really do; nil before the first measurement.
    package var account: LoadMeter.Account?
    /// What machines that are not ours take on each host.
    package internal(set) var foreign: [String: Resources] = [:]
    /// Why the hypervisors cannot be reached; nil while they can.
    package var outage: String?
    /// Whether the hypervisors' machines have been listed since the start.
    ///
    /// Until then there may be some that the ledger has forgotten, as its database may be older than they are.
    package var hasSeenMachines = false
    package private(set) var machines = ShardedDictionary<MachineID, SiteMachine>()
    package private(set) var reservations = ShardedDictionary<ReservationID, SiteReservation>()
    /// How long machines with a lease may run; empty for those that were never granted one.
    package private(set) var leases: [MachineID: SiteLease] = [:]
    /// What machines and reservations add up to.
    private(set) var tally = SiteTally()
    /// Rises with each change that is on disk, so that of two accounts of this site the later is known.
    package private(set) var generation: Int
    private var changes = SiteChanges()

    package init(site: SiteID, rules: SiteRules, policy: AdmissionPolicy, state: SiteState = SiteState()) {
        self.site = site
        self.rules = rules
        self.policy = state.policy ?? policy
        self.isBeingEmptied = state.policy == .draining
        self.generation = state.generation
        for entry in state.machines where self.machines[entry.machine.id] == nil {
            self.store(Self.reportable(entry))
        }
        for entry in state.reservations where self.reservations[entry.reservation.id] == nil {
            self.store(entry)
        }
        self.changes = SiteChanges()
        for lease in state.leases {
            self.leases[lease.machine] = lease
            // What nobody needs any more goes from the disk too, with the next change.
            let state = self.machines[lease.machine]?.machine.state ?? .deleted
            if state == .deleted { self.forgetLease(of: lease.machine) }
        }
    }

    /// What has changed since the last call, to be written before the change counts.
    package mutating func takeChanges() -> SiteChanges {
        defer { self.changes = SiteChanges() }
        return self.changes
    }

    package mutating func setPolicy(_ policy: AdmissionPolicy) {
        self.policy = policy
        self.isBeingEmptied = policy == .draining
        self.changes.policy = policy
    }

    /// Takes what the driver measured.
    package mutating func updateHosts(_ hosts: [Host]) {
        self.isMeasured = true
        self.hosts = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// A reason that was kept before there was a limit could never be told.
    private static func reportable(_ entry: SiteMachine) -> SiteMachine {
        var entry = entry
        entry.machine.reason = entry.machine.reason.map { WireText.fit($0) }
        return entry
    }

    /// The changes that were taken are on disk, under that number.
    package mutating func written(as generation: Int) {
        self.generation = max(self.generation, generation)
    }

    mutating func store(_ lease: SiteLease) {
        self.leases[lease.machine] = lease
        self.changes.leases[lease.machine] = lease
        self.changes.forgottenLeases.remove(lease.machine)
    }

    /// The lease of a machine is over, or nobody needs it any more.
    mutating func forgetLease(of id: MachineID) {
        guard self.leases[id] != nil else { return }
        self.leases[id] = nil
        self.changes.leases[id] = nil
        self.changes.forgottenLeases.insert(id)
    }

    mutating func store(_ entry: SiteMachine) {
        let id = entry.machine.id
        if let known = self.machines[id] { self.tally.subtract(known) }
        self.machines[id] = entry
        if entry.machine.state == .deleted { self.forgetLease(of: id) }
        self.tally.add(entry)
        self.changes.machines[id] = entry
    }

    mutating func store(_ entry: SiteReservation) {
        let id = entry.reservation.id
        if let known = self.reservations[id] { self.tally.subtract(known) }
        self.reservations[id] = entry
        self.tally.add(entry, isOver: self.isOver(entry))
        self.changes.reservations[id] = entry
    }

    private func isOver(_ entry: SiteReservation) -> Bool {
        switch entry.reservation.state {
        case .held: false
        case .released, .expired: true
        // Its machine answers a repeated commit, and must not come into being a second time.
        case .committed: entry.reservation.machine.map { self.machines[$0] == nil } ?? true
        }
    }

    /// Ends holds whose time is over and forgets what ended long ago.
    package mutating func expire(now: Instant) {
        // A hold of which a machine was made that is not known yet has not run out.
        if self.hasSeenMachines, self.tally.firstExpiry <= now {
            for (id, expiry) in self.tally.held.sorted(by: { $0.key < $1.key }) where expiry <= now {
                guard var entry = self.reservations[id] else { continue }
                entry.reservation.state = .expired
                self.store(entry)
            }
            self.tally.findFirsts()
        }
        self.forget(before: now.advanced(by: .zero - self.rules.memory))
    }

    /// Forgets the ended that nobody will ask for any more: the old, and the oldest beyond the limit.
    private mutating func forget(before: Instant) {
        let limit = self.rules.memoryMax
        let isFull = self.tally.ended.count > limit || self.tally.told.count > limit
        guard isFull || self.tally.firstEnd < before else { return }
        for id in Self.forgettable(self.tally.ended, before: before, limit: limit) {
            guard let entry = self.reservations[id] else { continue }
            self.tally.subtract(entry)
            self.reservations[id] = nil
            self.changes.reservations[id] = nil
            self.changes.forgottenReservations.insert(id)
        }
        // A holder that is gone for good must not keep what it held from being forgotten.
        let unheard = Self.forgettable(self.tally.untold, before: before, limit: .max)
        for id in Self.forgettable(self.tally.told, before: before, limit: limit) + unheard {
            guard let entry = self.machines[id] else { continue }
            self.tally.subtract(entry)
            self.machines[id] = nil
            self.forgetLease(of: id)
            self.changes.machines[id] = nil
            self.changes.forgottenMachines.insert(id)
            if let reservation = self.reservations[entry.reservation] {
                self.tally.add(reservation, isOver: self.isOver(reservation))
            }
        }
        self.tally.findFirsts()
    }

    /// What is older, and the oldest of what is beyond the limit; then some more, so that not each change looks again.
    private static func forgettable<Key: Hashable & Comparable & Sendable>(
        _ ends: ShardedDictionary<Key, Instant>, before: Instant, limit: Int
    ) -> [Key] {
        let surplus = ends.count > limit ? ends.count - limit + limit / 16 : 0
        return ends.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.enumerated()
            .filter { $0.offset < surplus || $0.element.value < before }
            .map(\.element.key)
    }
}
