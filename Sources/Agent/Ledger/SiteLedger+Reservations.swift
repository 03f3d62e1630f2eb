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
        guard let host = self.bestHost(for: request) else { throw self.noRoom(for: request) }
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
            // It would have run out, had that been known for sure.
            guard entry.reservation.expires > now else { throw self.unseen("a machine of reservation \(id)") }
        }
        let committed = SiteMachine(
            machine: Machine(
                id: machine, site: self.site, specification: entry.reservation.specification,
                state: .creating, replica: entry.reservation.replica, created: now, changed: now),
            holder: entry.reservation.holder, reservation: id, host: entry.host, isStarted: starting,
            // The answer tells the holder what a first report would.
            reportedRevision: caller == entry.reservation.holder ? 1 : 0)
        entry.reservation.state = .committed
        entry.reservation.machine = machine
        self.store(committed)
        self.store(entry)
        return committed
    }

    /// Gives a hold back; one that has ended already is answered as it ended.
    package mutating func release(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool = false, now: Instant
    ) throws(SiteRefusal) -> Reservation {
        self.expire(now: now)
        var entry = try self.standing(of: id, for: caller, isAdmin: isAdmin)
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
            guard self.hasSeenMachines else { throw self.unseen("reservation \(id) of \(caller)") }
            throw SiteRefusal(.notFound, "\(caller) has no reservation \(id) at \(self.site)")
        }
        return entry
    }

    /// How the reservation stands, for whoever acts upon it: of one that is held a machine may have been made that the
    /// ledger does not know yet.
    package func standing(
        of id: ReservationID, for caller: SiteID, isAdmin: Bool = false
    ) throws(SiteRefusal) -> SiteReservation {
        let entry = try self.reservation(id, of: caller, isAdmin: isAdmin)
        guard self.hasSeenMachines || entry.reservation.state != .held else {
            throw self.unseen("a machine of reservation \(id)")
        }
        return entry
    }

    /// Whether a machine was made of the reservation, or may be; false if it ended without one, so that none ever will,
    /// nil if it is not known.
    func isOpen(_ id: ReservationID) -> Bool? {
        switch self.reservations[id]?.reservation.state {
        case .held, .committed: true
        case .released, .expired: false
        case .none: nil
        }
    }

    /// Until the hypervisors have been listed, what is not known here may be there all the same.
    ///
    /// Whoever is told that there is nothing starts a second one elsewhere.
    func unseen(_ what: String) -> SiteRefusal {
        SiteRefusal(
            .outOfOrder,
            "\(self.site) has not listed its machines since it started and cannot say whether it has \(what)",
            next: "ask again in a while")
    }

    /// The moment at which the next hold runs out; nil if nothing is held.
    package var nextExpiry: Instant? {
        self.tally.held.values.min()
    }

    private static func isSame(_ request: Request, _ known: SiteReservation) -> Bool {
        known.reservation.holder == request.holder && known.heldFor == request.holdFor
            && known.reservation.specification == request.specification
            && known.reservation.replica == request.replica
    }

    private func admit(_ request: Request) throws(SiteRefusal) {
        try SpecificationCheck.check(request.specification)
        guard request.specification.leaseSeconds == nil || request.replica != nil else {
            throw SiteRefusal(
                .badRequest, "a lease is renewed for a replica of a workload, and this machine is none",
                next: "ask without a lease")
        }
        guard request.specification.hosts == nil || request.replica != nil else {
            throw SiteRefusal(
                .badRequest, "only replicas of a workload share hosts or must not, and this machine is none",
                next: "ask without hosts")
        }
        guard self.policy == .open else {
            throw SiteRefusal(
                .policy, "\(self.site) is \(self.policy.rawValue) and takes nothing new",
                next: "ask another site")
        }
        // Only coordinators have other sites to go to; people who ask for a machine by hand know what they do.
        if let heat = self.account?.heat, request.replica != nil {
            throw SiteRefusal(.hot, "\(self.site) \(heat.text)", next: "ask another site, or this one later")
        }
        if let outage = self.outage {
            throw SiteRefusal(
                .outOfOrder, "\(self.site) cannot reach its hypervisor: \(outage)",
                next: "ask another site, or this one later")
        }
        let name = request.specification.name
        guard !self.tally.isTaken(name: name) else {
            throw SiteRefusal(
                .conflict, "\(self.site) has a machine or a hold named \(name) already",
                next: "choose another name")
        }
        try self.checkQuota(request)
    }

    private func checkQuota(_ request: Request) throws(SiteRefusal) {
        let held = self.tally.usage[request.holder]?.held ?? 0
        guard held < self.rules.heldPerHolderMax else {
            throw SiteRefusal(
                .quota, "\(request.holder) holds \(held) reservations at \(self.site) already",
                next: "commit or release some")
        }
        try self.check(
            self.rules.quotas[request.holder] ?? self.rules.defaultQuota, of: request.holder.address,
            against: self.usage(of: request.holder), for: request.specification.resources)
        let domain = request.holder.domain
        guard let shared = self.rules.domainQuotas[domain] else { return }
        let holders = self.tally.usage.filter { $0.key.domain == domain }.values
        try self.check(
            shared, of: "everybody at \(domain)",
            against: (
                holders.map(\.resources).reduce(.zero, +), holders.map(\.machines).reduce(0, +)
            ), for: request.specification.resources)
    }

    private func check(
        _ quota: SiteRules.Quota, of holder: String, against usage: (resources: Resources, machines: Int),
        for request: Resources
    ) throws(SiteRefusal) {
        if let most = quota.machines, usage.machines >= most {
            throw SiteRefusal(
                .quota,
                "\(holder) has \(usage.machines) of the \(most) machines that \(self.site) grants, holds included",
                next: "delete some, or ask the owner of \(self.site) for more")
        }
        guard let most = quota.resources else { return }
        let wanted = usage.resources + request
        guard most.covers(wanted) else {
            let short = most.shortfalls(for: wanted).joined(separator: ", ")
            throw SiteRefusal(
                .quota,
                "\(holder) has \(usage.resources) at \(self.site), holds included; with \(request) it would have "
                    + "more \(short) than \(self.site) grants",
                next: "ask for less, or ask the owner of \(self.site) for more")
        }
    }

    private func noRoom(for wanted: Request) -> SiteRefusal {
        let request = wanted.specification.resources
        let rooms = self.hosts.keys.map { self.free(on: $0) }
        if let wish = wanted.specification.hosts, rooms.contains(where: { $0.covers(request) }) {
            let why =
                switch wish {
                case .apart: "each host with room has a replica of its workload, and no two may share one"
                case .together: "all replicas of its workload must share a host, and theirs has no room"
                }
            return SiteRefusal(
                .noRoom, "\(self.site): \(why)", next: "ask another site, or ask without hosts")
        }
        // One host's room, not the most of each resource: whoever asks for that much finds it.
        let largest =
            rooms.max { ($0.memory, $0.vcpus, $0.disk) < ($1.memory, $1.vcpus, $1.disk) } ?? .zero
        let everything = self.hosts.values.contains { self.promised(of: $0).covers(request) }
        let short = largest.shortfalls(for: request).joined(separator: ", ")
        return SiteRefusal(
            .noRoom,
            everything
                ? "\(self.site) has no host with \(request) free now (short of \(short))"
                : "no host of \(self.site) can ever hold \(request)",
            next: "ask for at most \(largest), or ask another site")
    }
}
