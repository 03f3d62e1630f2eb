import CloudModel
import Storage

/// What a ledger's machines and reservations add up to, kept true with each of them that changes.
///
/// So a question such as “is there room?” costs the same at a site with ten machines and at one with ten thousand.
struct SiteTally: Sendable {
    /// What one holder has, holds included.
    struct Usage: Hashable, Sendable {
        var resources = Resources.zero
        var machines = 0
        /// Of `machines`, those that are only held.
        var held = 0
    }

    /// What machines and holds take on each host.
    private(set) var taken: [String: Resources] = [:]
    private(set) var usage: [SiteID: Usage] = [:]
    /// Where the replicas are that care with which others they share a host.
    private(set) var neighbours = HostNeighbours()
    /// Machines that take room.
    private(set) var occupying = 0
    /// How many machines and holds have each name.
    private var names = ShardedDictionary<String, Int>()
    /// The holds, and when each runs out.
    private(set) var held: [ReservationID: Instant] = [:]
    /// Reservations of which nothing is left to come, and when each ran out.
    private(set) var ended = ShardedDictionary<ReservationID, Instant>()
    /// Deleted machines, and when that was: those whose holder knows, and the others.
    private(set) var told = ShardedDictionary<MachineID, Instant>()
    private(set) var untold = ShardedDictionary<MachineID, Instant>()
    /// Machines whose holder has not been told of the latest change.
    private(set) var unreported = ShardedDictionary<MachineID, Instant>()
    /// Machines with which something is left to do.
    private(set) var due = ShardedDictionary<MachineID, Instant>()
    /// Machines that may run only under a lease, and when each changed.
    private(set) var leased = ShardedDictionary<MachineID, Instant>()
    /// No hold runs out, and nothing ended is older, before this moment.
    private(set) var firstExpiry = Instant.distantFuture
    private(set) var firstEnd = Instant.distantFuture

    func isTaken(name: String) -> Bool { self.names[name] != nil }

    // MARK: Machines

    mutating func add(_ entry: SiteMachine) {
        let machine = entry.machine
        if entry.occupies {
            self.occupying += 1
            self.take(machine.specification.resources, on: entry.host, for: entry.holder)
            self.neighbours.add(machine.specification, machine.replica, of: entry.holder, on: entry.host)
        }
        if entry.reportedRevision < entry.revision { self.unreported[machine.id] = machine.changed }
        if machine.state == .deleted {
            if entry.reportedRevision == entry.revision {
                self.told[machine.id] = machine.changed
            } else {
                self.untold[machine.id] = machine.changed
            }
            self.firstEnd = min(self.firstEnd, machine.changed)
        } else {
            self.names[machine.specification.name, default: 0] += 1
            if entry.isDue { self.due[machine.id] = machine.changed }
            if machine.specification.leaseSeconds != nil, !entry.isDoomed {
                self.leased[machine.id] = machine.changed
            }
        }
        self.ended[entry.reservation] = nil
    }

    mutating func subtract(_ entry: SiteMachine) {
        let machine = entry.machine
        if entry.occupies {
            self.occupying -= 1
            self.giveBack(machine.specification.resources, on: entry.host, of: entry.holder)
            self.neighbours.remove(machine.specification, machine.replica, of: entry.holder, on: entry.host)
        }
        self.unreported[machine.id] = nil
        if machine.state == .deleted {
            self.told[machine.id] = nil
            self.untold[machine.id] = nil
        } else {
            self.release(name: machine.specification.name)
            self.due[machine.id] = nil
            self.leased[machine.id] = nil
        }
    }

    // MARK: Reservations

    /// `isOver` says that nothing can come of it any more: it was given back or ran out, or its machine is forgotten.
    mutating func add(_ entry: SiteReservation, isOver: Bool) {
        let reservation = entry.reservation
        if reservation.state == .held {
            self.take(reservation.specification.resources, on: entry.host, for: reservation.holder)
            self.neighbours.add(
                reservation.specification, reservation.replica, of: reservation.holder, on: entry.host)
            self.usage[reservation.holder]?.held += 1
            self.names[reservation.specification.name, default: 0] += 1
            self.held[reservation.id] = reservation.expires
            self.firstExpiry = min(self.firstExpiry, reservation.expires)
        }
        if isOver {
            self.ended[reservation.id] = reservation.expires
            self.firstEnd = min(self.firstEnd, reservation.expires)
        }
    }

    mutating func subtract(_ entry: SiteReservation) {
        let reservation = entry.reservation
        if reservation.state == .held {
            self.usage[reservation.holder]?.held -= 1
            self.giveBack(reservation.specification.resources, on: entry.host, of: reservation.holder)
            self.neighbours.remove(
                reservation.specification, reservation.replica, of: reservation.holder, on: entry.host)
            self.release(name: reservation.specification.name)
            self.held[reservation.id] = nil
        }
        self.ended[reservation.id] = nil
    }

    /// Looks again when the next hold runs out and what the oldest is that has ended.
    mutating func findFirsts() {
        self.firstExpiry = self.held.values.min() ?? .distantFuture
        let ends = [self.ended.values.min(), self.told.values.min(), self.untold.values.min()]
        self.firstEnd = ends.compactMap { $0 }.min() ?? .distantFuture
    }

    // MARK: Sums

    private mutating func take(_ resources: Resources, on host: String, for holder: SiteID) {
        self.taken[host, default: .zero] = self.taken[host, default: .zero] + resources
        var usage = self.usage[holder, default: Usage()]
        usage.resources = usage.resources + resources
        usage.machines += 1
        self.usage[holder] = usage
    }

    private mutating func giveBack(_ resources: Resources, on host: String, of holder: SiteID) {
        self.taken[host, default: .zero] = self.taken[host, default: .zero] - resources
        guard var usage = self.usage[holder] else { return }
        usage.resources = usage.resources - resources
        usage.machines -= 1
        self.usage[holder] = usage.machines == 0 ? nil : usage
    }

    private mutating func release(name: String) {
        let count = self.names[name, default: 0] - 1
        self.names[name] = count > 0 ? count : nil
    }
}

extension SiteMachine {
    /// Whether it is to be made, started or deleted.
    var isDue: Bool {
        if self.isDoomed { return self.machine.state != .deleted }
        return self.machine.state == .creating || (self.machine.state == .starting && self.isDefined)
    }
}

extension Instant {
    /// Later than anything that happens.
    fileprivate static let distantFuture = Instant(millisecondsSinceEpoch: .max)
}
