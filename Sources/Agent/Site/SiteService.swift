package import CloudModel
import Federation
package import MachineDrivers
import Storage

/// What a site does for those who ask: the one way in for the federation, for operations and for the site's own work.
///
/// Every call names who asks and whether he acts for the whole site; whoever calls has checked the grants.
package struct SiteService: Sendable {
    package let site: SiteID
    package let keeper: SiteKeeper
    package let driver: any MachineDriver
    package let now: @Sendable () -> Instant
    /// The clock that leases are counted by.
    package let uptime: @Sendable () -> Uptime
    /// What the hosts do, now and lately.
    let meter: LoadMeter
    /// Whether the hypervisors must be listed anew.
    let listing = ListingDue()
    private let makeMachineID: @Sendable () -> MachineID

    package init(
        site: SiteID, keeper: SiteKeeper, driver: any MachineDriver, now: @escaping @Sendable () -> Instant,
        uptime: @escaping @Sendable () -> Uptime, meter: LoadMeter = LoadMeter(),
        makeMachineID: @escaping @Sendable () -> MachineID
    ) {
        self.site = site
        self.keeper = keeper
        self.driver = driver
        self.now = now
        self.uptime = uptime
        self.meter = meter
        self.makeMachineID = makeMachineID
    }

    package func reserve(_ request: SiteLedger.Request) async throws(SiteRefusal) -> Reservation {
        let now = self.now()
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            try ledger.reserve(request, now: now)
        }
    }

    /// Returns as soon as the machine is accepted; image and boot follow, and each state is reported.
    package func commit(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool, starting: Bool = true
    ) async throws(SiteRefusal) -> Machine {
        let now = self.now()
        let fresh = self.makeMachineID()
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            try ledger.commit(
                id, by: caller, isAdmin: isAdmin, machine: fresh, starting: starting, now: now
            ).machine
        }
    }

    package func release(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool
    ) async throws(SiteRefusal) -> Reservation {
        let now = self.now()
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            try ledger.release(id, by: caller, isAdmin: isAdmin, now: now)
        }
    }

    package func reservation(
        _ id: ReservationID, by caller: SiteID, isAdmin: Bool
    ) async throws(SiteRefusal) -> Reservation {
        let now = self.now()
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            ledger.expire(now: now)
            return try ledger.standing(of: id, for: caller, isAdmin: isAdmin).reservation
        }
    }

    /// The reservation as it is answered, with how many changes are stored, its own among them.
    func answer(with reservation: Reservation) -> ReservationAnswer {
        ReservationAnswer(reservation: reservation, generation: self.keeper.read(\.generation))
    }

    /// How many reservations of one name are looked up before one that is not known is taken for new.
    ///
    /// That it is not known does not suffice: it may be forgotten while a later one has its machine still.
    private static let numbersOfName = 16

    /// Of the reservations that `name` numbers from zero the first of which a machine was made, or may be; if none is
    /// known, the first that has not ended in vain.
    ///
    /// What ended first is forgotten first: one that is not known says nothing of those after it.
    func firstOpen(
        _ name: @escaping @Sendable (Int) -> ReservationID
    ) async throws(SiteRefusal) -> ReservationID {
        let now = self.now()
        // The keeper does one thing at a time, and a name is a digest.
        let first = (0..<Self.numbersOfName).map(name)
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            ledger.expire(now: now)
            var unknown: ReservationID?
            for id in first {
                switch ledger.isOpen(id) {
                case true?: return id
                case false?: break
                case nil: unknown = unknown ?? id
                }
            }
            if let unknown { return unknown }
            // There is an end to them: only so many that ended in vain are remembered.
            var number = Self.numbersOfName
            while ledger.isOpen(name(number)) == false { number += 1 }
            return name(number)
        }
    }

    /// The reservations that are held, those of `caller` or all for an admin, in order of their ids.
    package func reservations(by caller: SiteID, isAdmin: Bool) -> [Reservation] {
        self.keeper.read { ledger in
            ledger.reservations.values.map(\.reservation)
                .filter { $0.state == .held && (isAdmin || $0.holder == caller) }
                .sorted { $0.id < $1.id }
        }
    }

    /// The machines of `caller`, or all for an admin, without the deleted, in order of their names.
    package func machines(by caller: SiteID, isAdmin: Bool) -> [Machine] {
        self.keeper.read { ledger in
            ledger.machines.values
                .filter { $0.machine.state != .deleted && (isAdmin || $0.holder == caller) }
                .map(\.machine)
                .sorted { ($0.specification.name, $0.id) < ($1.specification.name, $1.id) }
        }
    }

    /// What a coordinator asks: the machines it holds, the deleted that are still remembered included.
    ///
    /// Out of order until the hypervisors have been listed: it takes what it is told for all there is.
    package func machines(heldBy caller: SiteID) throws(SiteRefusal) -> [Machine] {
        let (machines, unseen) = self.keeper.read { ledger -> ([Machine], SiteRefusal?) in
            let held = ledger.machines.values.filter { $0.holder == caller }.map(\.machine)
            return (held, ledger.hasSeenMachines ? nil : ledger.unseen("all machines of \(caller)"))
        }
        if let unseen { throw unseen }
        return machines.sorted { $0.id < $1.id }
    }

    /// The machine with that name or id.
    package func machine(
        named text: String, by caller: SiteID, isAdmin: Bool
    ) throws(SiteRefusal) -> Machine {
        let id = MachineID(text)
        let (found, unseen) = self.keeper.read { ledger -> (Machine?, SiteRefusal?) in
            let found = ledger.machines.values.first { entry in
                entry.machine.state != .deleted && (isAdmin || entry.holder == caller)
                    && (entry.machine.id == id || entry.machine.specification.name == text)
            }
            return (found?.machine, ledger.hasSeenMachines ? nil : ledger.unseen("machine \(text)"))
        }
        guard let found else {
            if let unseen { throw unseen }
            throw SiteRefusal(
                .notFound, "\(self.site) has no machine \(text) that you may see",
                next: "machine list shows those there are")
        }
        return found
    }

    /// Gives an order to the hypervisor and answers with what it made of it.
    ///
    /// `start` is carried out by `SiteWork`, so that one that a crash interrupts is taken up again.
    package func order(
        _ order: SiteLedger.Order, _ id: MachineID, by caller: SiteID, isAdmin: Bool
    ) async throws(SiteRefusal) -> Machine {
        let (now, uptime) = (self.now(), self.uptime())
        let entry = try await self.keeper.change { ledger throws(SiteRefusal) in
            _ = try ledger.machine(id, of: caller, isAdmin: isAdmin)
            let entry = try ledger.prepare(order, on: id, now: now)
            if order == .start { ledger.forgetLeaseIfOver(of: id, at: uptime) }
            return entry
        }
        guard order != .start else { return entry.machine }
        do throws(DriverError) {
            try await self.perform(order, on: id)
        } catch {
            _ = try await self.look(at: id, afterFailure: true)
            throw SiteRefusal(
                error.refusalReason,
                "\(self.site) could not \(order.phrase) machine \(entry.machine.specification.name): "
                    + error.description)
        }
        return try await self.look(at: id, afterFailure: false) ?? entry.machine
    }

    /// Orders the machine's deletion; the hypervisor's part follows and is reported.
    package func delete(
        _ id: MachineID, by caller: SiteID, isAdmin: Bool
    ) async throws(SiteRefusal) -> Machine {
        let now = self.now()
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            _ = try ledger.machine(id, of: caller, isAdmin: isAdmin)
            return try ledger.doom(id, now: now).machine
        }
    }

    package func console(
        _ id: MachineID, by caller: SiteID, isAdmin: Bool, limit: Int = ConsoleTail.limit
    ) async throws(SiteRefusal) -> ConsoleTail {
        let name = try await self.keeper.change { ledger throws(SiteRefusal) in
            try ledger.machine(id, of: caller, isAdmin: isAdmin).machine.specification.name
        }
        do throws(DriverError) {
            return try await self.driver.console(id, limit: min(limit, ConsoleTail.limit))
        } catch {
            throw SiteRefusal(
                error.refusalReason,
                "\(self.site) cannot read the console of machine \(name): \(error)")
        }
    }

    package func setPolicy(_ policy: AdmissionPolicy) async throws(SiteRefusal) {
        try await self.keeper.change { ledger throws(SiteRefusal) in ledger.setPolicy(policy) }
    }

    private func perform(_ order: SiteLedger.Order, on id: MachineID) async throws(DriverError) {
        switch order {
        case .start: try await self.driver.start(id)
        case .shutdown: try await self.driver.shutdown(id)
        case .reboot: try await self.driver.reboot(id)
        case .forceOff: try await self.driver.forceOff(id)
        case .suspend: try await self.driver.suspend(id)
        case .resume: try await self.driver.resume(id)
        }
    }

    /// Takes over what the hypervisor says of the machine now; if that cannot be done, a listing follows.
    ///
    /// The machine as it is known then; nil if it is not.
    private func look(at id: MachineID, afterFailure: Bool) async throws(SiteRefusal) -> Machine? {
        let found: DriverMachine
        do throws(DriverError) {
            found = try await self.driver.machine(id)
        } catch {
            self.listing.demand()
            return self.keeper.read { $0.machines[id]?.machine }
        }
        let now = self.now()
        do throws(SiteRefusal) {
            return try await self.keeper.change { ledger throws(SiteRefusal) in
                if afterFailure {
                    ledger.disobeyed(id, found: found, now: now)
                } else {
                    ledger.observe(id, found.state, reason: found.reason, from: .listing, now: now)
                }
                return ledger.machines[id]?.machine
            }
        } catch {
            self.listing.demand()
            throw error
        }
    }
}

extension DriverError {
    /// The refusal that this is to whoever gave the order.
    var refusalReason: Refusal.Reason {
        switch self {
        case .notFound: .notFound
        case .alreadyExists, .invalidState: .conflict
        case .unavailable: .outOfOrder
        case .insufficientResources: .noRoom
        case .failed: .outOfOrder
        }
    }
}
