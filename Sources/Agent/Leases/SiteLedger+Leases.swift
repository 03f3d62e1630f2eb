package import CloudModel
package import Federation
package import Storage

/// Machines that may run only while their holder renews their lease.
extension SiteLedger {
    /// Why a machine was stopped that nobody stopped.
    static let lapsedReason = "its lease ran out: its coordinator could not be reached"

    /// A machine is stopped this much before its lease is over, so that it has stopped by then.
    static func lead(of lease: Duration) -> Duration { lease / 10 }

    /// What each holder is to be asked, in order of the machines' ids.
    package var leaseRequests: [SiteID: [LeaseRequest.Lease]] {
        var requests: [SiteID: [LeaseRequest.Lease]] = [:]
        for entry in self.leasedMachines {
            guard let replica = entry.machine.replica else { continue }
            requests[entry.holder, default: []].append(.init(machine: entry.machine.id, replica: replica))
        }
        return requests
    }

    /// The shortest lease of the machines of `holder`; nil if there is none.
    package func shortestLease(of holder: SiteID) -> Duration? {
        self.leasedMachines.filter { $0.holder == holder }.compactMap(\.machine.specification.lease).min()
    }

    /// Holders that a machine waits for, as it cannot start before they renew its lease.
    package func holdersAwaited(at now: Uptime) -> Set<SiteID> {
        Set(
            self.leasedMachines.filter { $0.machine.state == .starting && !self.mayStart($0, at: now) }
                .map(\.holder))
    }

    /// Takes the leases that `holder` has renewed: each runs from `asked`, when the request was sent.
    package mutating func renew(_ machines: [MachineID], by holder: SiteID, asked: Uptime) {
        for id in machines {
            guard let entry = self.machines[id], entry.holder == holder, !entry.isDoomed,
                let lease = entry.machine.specification.lease
            else { continue }
            let ends = asked.advanced(by: lease)
            // An older answer that comes late takes nothing away.
            if let known = self.leases[id]?.ends, let later = known.duration(to: ends), later <= .zero {
                continue
            }
            self.store(SiteLease(machine: id, ends: ends))
        }
    }

    /// Has machines deleted whose epoch is over, as their holder says; of others' it changes nothing.
    package mutating func end(
        _ machines: [MachineID], by holder: SiteID, asked: [LeaseRequest.Lease], now: Instant
    ) throws(SiteRefusal) {
        for id in machines {
            guard let entry = self.machines[id], entry.holder == holder, entry.machine.state != .deleted,
                asked.contains(where: { $0.machine == id && $0.replica == entry.machine.replica })
            else { continue }
            _ = try self.doom(id, now: now)
        }
    }

    /// Machines that run although their lease is over, or cannot be proven to last.
    package func lapsed(at now: Uptime) -> [MachineID] {
        self.leasedMachines.filter { self.isLapsed($0, at: now) }.map(\.machine.id)
    }

    private func isLapsed(_ entry: SiteMachine, at now: Uptime) -> Bool {
        switch entry.machine.state {
        case .running, .suspended, .stopping: !entry.isDoomed && !self.isLeased(entry, at: now)
        case .creating, .starting, .stopped, .failed, .deleted: false
        }
    }

    /// Whether the machine may be started now: it has no need of a lease, or one that lasts for a while.
    package func mayStart(_ entry: SiteMachine, at now: Uptime) -> Bool {
        guard let lease = entry.machine.specification.lease else { return true }
        return self.isLeased(entry, at: now.advanced(by: lease / 3))
    }

    /// Writes down that a machine is about to be stopped as its lease is over; nil if there is no need any more.
    package mutating func beginFencing(_ id: MachineID, at uptime: Uptime, now: Instant) -> SiteMachine? {
        guard let entry = self.machines[id], self.isLapsed(entry, at: uptime) else { return nil }
        if entry.machine.halt == nil {
            self.set(id, to: .stopping, reason: Self.lapsedReason, halt: .lease, now: now)
        }
        return entry
    }

    /// The machine has been stopped.
    package mutating func fenced(_ id: MachineID, now: Instant) {
        guard let machine = self.machines[id]?.machine else { return }
        switch machine.state {
        case .running, .suspended, .stopping, .stopped:
            let halt = machine.halt ?? .lease
            self.set(
                id, to: .stopped, reason: halt == .lease ? Self.lapsedReason : machine.reason, halt: halt,
                now: now)
        case .creating, .starting, .failed, .deleted: return
        }
    }

    private func isLeased(_ entry: SiteMachine, at now: Uptime) -> Bool {
        guard let lease = entry.machine.specification.lease else { return true }
        // A reading of another boot proves nothing.
        guard let left = self.leases[entry.machine.id].flatMap({ now.duration(to: $0.ends) }) else {
            return false
        }
        return left > Self.lead(of: lease)
    }

    private var leasedMachines: [SiteMachine] {
        self.tally.leased.keys.sorted().compactMap { self.machines[$0] }
    }
}
