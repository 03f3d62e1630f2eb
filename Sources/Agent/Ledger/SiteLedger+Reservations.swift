package import CloudModel
import Federation
package import Storage

/// The two steps: reserve, then commit.
extension SiteLedger {
    /// Somebody's wish for room.
    package struct Request: Hashable, Sendable {
        package let id: ReservationID
        package let holder: SiteID
        package let specification: MachineSpecification
        package let replica: ReplicaReference?
        package let holdFor: Duration

        package init(
            id: ReservationID, holder: SiteID, specification: MachineSpecification,
            replica: ReplicaReference?, holdFor: Duration = SiteRules.holdDefault
        ) {
            self.id = id
            self.holder = holder
            self.specification = specification
            self.replica = replica
            self.holdFor = holdFor
        }
    }

    /// Holds room until it is committed, released or `holdFor` is over.
    ///
    /// Asking again with the same id and body answers with the same reservation as it stands now, whatever has
    /// become of it; the same id with another body is a conflict.
    package mutating func reserve(_ request: Request, now: Instant) throws(SiteRefusal) -> Reservation {
        self.expire(now: now)
        if let known = self.reservations[request.id] {
            guard Self.isSame(request, known) else {
                throw SiteRefusal(
                    .conflict, "reservation \(request.id) exists with another content",
                    next: "use a new id for a new request")
            }
            return known.reservation
        }
        try self.admit(request)
        let resources = request.specification.resources
        guard let host = self.bestHost(for: resources) else { throw self.noRoom(for: resources) }
        let reservation = Reservation(
            id: request.id, holder: request.holder, specification: request.specification,
            replica: request.replica,
            expires: now.advanced(by: min(max(request.holdFor, .milliseconds(1)), SiteRules.holdMax)))
        self.store(
            SiteReservation(reservation: reservation, host: host, heldFor: request.holdFor))
        return reservation
    }

    /// Turns a reservation into its machine, or answers with the machine it was turned into before.
    ///
    /// `machine` becomes the new machine's id. `isAdmin` lets the site's own admins act for the holder.
    package mutating func commit(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool = false, machine: MachineID,
        starting: Bool = true, now: Instant
    ) throws(SiteRefusal) -> SiteMachine {
        self.expire(now: now)
        var entry = try self.reservation(id, of: caller, isAdmin: isAdmin)
        switch entry.reservation.state {
        case .committed:
            guard let known = entry.reservation.machine.flatMap({ self.machines[$0] }) else {
                throw SiteRefusal(.notFound, "the machine of reservation \(id) was deleted long ago")
            }
            return known
        case .expired:
            throw SiteRefusal(
                .expired, "reservation \(id) ran out before it was committed",
                next: "reserve again with a new id")
        case .released:
            throw SiteRefusal(
                .expired, "reservation \(id) was released", next: "reserve again with a new id")
        case .held:
            break
        }
        let committed = SiteMachine(
            machine: Machine(
                id: machine, site: self.site, specification: entry.reservation.specification,
                state: .creating, replica: entry.reservation.replica, created: now, changed: now),
            holder: entry.reservation.holder, reservation: id, host: entry.host, isStarted: starting)
        entry.reservation.state = .committed
        entry.reservation.machine = machine
        self.store(entry)
        self.store(committed)
        return committed
    }

    /// Gives a hold back; one that has ended already is answered as it ended.
    package mutating func release(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool = false, now: Instant
    ) throws(SiteRefusal) -> Reservation {
        self.expire(now: now)
        var entry = try self.reservation(id, of: caller, isAdmin: isAdmin)
        if entry.reservation.state == .held {
            entry.reservation.state = .released
            self.store(entry)
        }
        return entry.reservation
    }

    /// The reservation, if it is the caller's or the caller is an admin; others learn nothing about it.
    package func reservation(
        _ id: ReservationID, of caller: SiteID, isAdmin: Bool = false
    ) throws(SiteRefusal) -> SiteReservation {
        guard let entry = self.reservations[id], isAdmin || entry.reservation.holder == caller else {
            throw SiteRefusal(.notFound, "\(caller) has no reservation \(id) at \(self.site)")
        }
        return entry
    }

    /// Ends holds whose time is over and forgets what ended long ago.
    package mutating func expire(now: Instant) {
        for (_, entry) in self.reservations.sorted(by: { $0.key < $1.key })
        where entry.reservation.state == .held && entry.reservation.expires <= now {
            var expired = entry
            expired.reservation.state = .expired
            self.store(expired)
        }
        self.forget(before: now.advanced(by: .zero - self.rules.memory))
    }

    /// The moment at which the next hold runs out; nil if nothing is held.
    package var nextExpiry: Instant? {
        self.reservations.values.filter { $0.reservation.state == .held }.map(\.reservation.expires).min()
    }

    private static func isSame(_ request: Request, _ known: SiteReservation) -> Bool {
        known.reservation.holder == request.holder && known.heldFor == request.holdFor
            && known.reservation.specification == request.specification
            && known.reservation.replica == request.replica
    }

    private func admit(_ request: Request) throws(SiteRefusal) {
        try SpecificationCheck.check(request.specification)
        guard self.policy == .open else {
            throw SiteRefusal(
                .policy, "\(self.site) is \(self.policy.rawValue) and takes nothing new",
                next: "ask another site")
        }
        if let outage = self.outage {
            throw SiteRefusal(
                .outOfOrder, "\(self.site) cannot reach its hypervisor: \(outage)",
                next: "ask another site, or this one later")
        }
        let name = request.specification.name
        let isTaken =
            self.machines.values.contains {
                $0.machine.state != .deleted && $0.machine.specification.name == name
            }
            || self.reservations.values.contains {
                $0.reservation.state == .held && $0.reservation.specification.name == name
            }
        guard !isTaken else {
            throw SiteRefusal(
                .conflict, "\(self.site) has a machine or a hold named \(name) already",
                next: "choose another name")
        }
        try self.checkQuota(request)
    }

    private func checkQuota(_ request: Request) throws(SiteRefusal) {
        let held = self.reservations.values.count {
            $0.reservation.holder == request.holder && $0.reservation.state == .held
        }
        guard held < self.rules.heldPerHolderMax else {
            throw SiteRefusal(
                .quota, "\(request.holder) holds \(held) reservations at \(self.site) already",
                next: "commit or release some")
        }
        let quota = self.rules.quotas[request.holder] ?? self.rules.defaultQuota
        let usage = self.usage(of: request.holder)
        if let most = quota.machines, usage.machines >= most {
            throw SiteRefusal(
                .quota, "\(request.holder) has the \(most) machines that \(self.site) grants it",
                next: "delete some, or ask the owner of \(self.site) for more")
        }
        if let most = quota.resources {
            let wanted = usage.resources + request.specification.resources
            guard most.covers(wanted) else {
                let short = most.shortfalls(for: wanted).joined(separator: ", ")
                throw SiteRefusal(
                    .quota,
                    "\(request.holder) would have \(wanted), more \(short) than \(self.site) grants it",
                    next: "ask for less, or ask the owner of \(self.site) for more")
            }
        }
    }

    private func noRoom(for request: Resources) -> SiteRefusal {
        let largest = self.capacity.largestFreeSlot
        let everything = self.hosts.values.contains { $0.total.covers(request) }
        let short = largest.shortfalls(for: request).joined(separator: ", ")
        return SiteRefusal(
            .noRoom,
            everything
                ? "\(self.site) has no host with \(request) free now (short of \(short))"
                : "no host of \(self.site) can ever hold \(request)",
            next: "ask for at most \(largest), or ask another site")
    }

    /// Forgets the ended that nobody will ask for any more: the old, and the oldest beyond the limit.
    private mutating func forget(before: Instant) {
        let ended = self.reservations.values
            .filter { entry in
                switch entry.reservation.state {
                case .held: false
                case .released, .expired: true
                // Its machine answers a repeated commit, and must not come into being a second time.
                case .committed: entry.reservation.machine.map { self.machines[$0] == nil } ?? true
                }
            }
            .sorted {
                ($0.reservation.expires, $0.reservation.id) < ($1.reservation.expires, $1.reservation.id)
            }
        let surplus = max(0, ended.count - self.rules.memoryMax)
        for (index, entry) in ended.enumerated() where index < surplus || entry.reservation.expires < before {
            self.reservations[entry.reservation.id] = nil
            self.changes.reservations[entry.reservation.id] = nil
            self.changes.forgottenReservations.insert(entry.reservation.id)
        }
        let deleted = self.machines.values
            .filter { entry in
                // A holder that is gone for good must not keep what it held from being forgotten.
                entry.machine.state == .deleted
                    && (entry.reportedRevision == entry.revision || entry.machine.changed < before)
            }
            .sorted { ($0.machine.changed, $0.machine.id) < ($1.machine.changed, $1.machine.id) }
        let surplusMachines = max(0, deleted.count - self.rules.memoryMax)
        for (index, entry) in deleted.enumerated()
        where index < surplusMachines || entry.machine.changed < before {
            self.machines[entry.machine.id] = nil
            self.changes.machines[entry.machine.id] = nil
            self.changes.forgottenMachines.insert(entry.machine.id)
        }
    }
}
