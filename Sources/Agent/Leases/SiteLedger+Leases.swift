package import CloudModel
package import Federation
package import Storage

/// Machines that may run only while their holder renews their lease.
extension SiteLedger {
    /// What is to be done about leases at one moment, from one look at each machine that has one.
    package struct LeaseReview: Hashable, Sendable {
        /// Machines that are to be stopped, in order of their ids.
        package var lapsed: [MachineID] = []
        /// Holders that a machine waits for, as it cannot start before they renew its lease.
        package var awaited: Set<SiteID> = []
        /// The shortest lease of the machines of each holder.
        package var shortest: [SiteID: Duration] = [:]
    }

    /// Why a machine was stopped that nobody stopped.
    static let lapsedReason = "its lease ran out: its coordinator could not be reached"

    // With what follows three renewals in a row may go unanswered before a machine is stopped: they are asked for when
    // 4, 7 and 10 sixteenths of the shortest lease are over, and the fourth after 13, which is before nine tenths.

    /// A machine is stopped this much before its lease is over, so that it has stopped by then.
    static func lead(of lease: Duration) -> Duration { lease / 10 }

    /// How long after a renewal that was granted was asked for the next one is.
    package static func renewal(of lease: Duration) -> Duration { lease / 4 }

    /// The longest that a holder may take to answer, whatever the lease.
    package static let longestPatience = Duration.seconds(10)

    /// How long a holder may take to answer before it is asked again.
    package static func patience(of lease: Duration) -> Duration { min(Self.longestPatience, lease / 8) }

    /// How long a holder that did not answer is left alone.
    package static func pause(of lease: Duration) -> Duration { lease / 16 }

    package func reviewLeases(at now: Uptime) -> LeaseReview {
        var review = LeaseReview()
        for id in self.tally.leased.keys {
            guard let entry = self.machines[id], let lease = entry.machine.specification.lease
            else { continue }
            review.shortest[entry.holder] = min(review.shortest[entry.holder] ?? lease, lease)
            if self.isLapsed(entry, at: now) {
                review.lapsed.append(id)
            } else if entry.machine.state == .starting, !self.mayStart(entry, at: now) {
                review.awaited.insert(entry.holder)
            }
        }
        review.lapsed.sort()
        return review
    }

    /// What each of `holders` is to be asked, in order of the machines' ids.
    package func leaseRequests(of holders: Set<SiteID>) -> [SiteID: [LeaseRequest.Lease]] {
        var requests: [SiteID: [LeaseRequest.Lease]] = [:]
        for id in self.tally.leased.keys {
            guard let entry = self.machines[id], holders.contains(entry.holder),
                let replica = entry.machine.replica
            else { continue }
            requests[entry.holder, default: []].append(.init(machine: id, replica: replica))
        }
        return requests.mapValues { leases in leases.sorted { $0.machine < $1.machine } }
    }

    /// Takes the leases that `holder` has renewed: each runs from `asked`, when the request was sent.
    package mutating func renew(_ machines: [MachineID], by holder: SiteID, asked: Uptime) {
        for id in machines {
            guard let entry = self.machines[id], entry.holder == holder, !entry.isDoomed,
                entry.machine.state != .deleted, let lease = entry.machine.specification.lease
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

    /// Whether the machine has to be stopped: it runs, or may run, although its lease is over or cannot be proven.
    package func isLapsed(_ id: MachineID, at now: Uptime) -> Bool {
        self.machines[id].map { self.isLapsed($0, at: now) } ?? false
    }

    private func isLapsed(_ entry: SiteMachine, at now: Uptime) -> Bool {
        guard !entry.isDoomed else { return false }
        switch entry.machine.state {
        case .running, .suspended: return !self.isLeased(entry, at: now)
        case .stopping:
            // What was begun is finished, whatever was granted since: nobody else would.
            return entry.machine.halt == .lease || !self.isLeased(entry, at: now)
        case .starting:
            // It may have been started under the lease that it was granted, whether that is known or not.
            return self.leases[entry.machine.id] != nil && !self.isLeased(entry, at: now)
        case .creating, .stopped, .failed, .deleted: return false
        }
    }

    /// Whether the machine may be started now: it has no need of a lease, or one that lasts for a while.
    package func mayStart(_ entry: SiteMachine, at now: Uptime) -> Bool {
        guard let lease = entry.machine.specification.lease else { return true }
        return self.isLeased(entry, at: now.advanced(by: lease / 3))
    }

    /// Forgets the lease of a machine that is told to start if it is over: until there is another it is not started.
    package mutating func forgetLeaseIfOver(of id: MachineID, at now: Uptime) {
        guard let entry = self.machines[id], !self.isLeased(entry, at: now) else { return }
        self.forgetLease(of: id)
    }

    /// Writes down that a machine is about to be stopped as its lease is over; nil if there is no need any more.
    package mutating func beginFencing(_ id: MachineID, at uptime: Uptime, now: Instant) -> SiteMachine? {
        guard let entry = self.machines[id], self.isLapsed(entry, at: uptime) else { return nil }
        if entry.machine.halt == nil {
            self.set(id, to: .stopping, reason: Self.lapsedReason, halt: .lease, now: now)
        }
        return entry
    }

    /// The machine has been stopped; it starts under another lease, if at all.
    package mutating func fenced(_ id: MachineID, now: Instant) {
        guard let machine = self.machines[id]?.machine else { return }
        switch machine.state {
        case .starting, .running, .suspended, .stopping, .stopped:
            let halt = machine.halt ?? .lease
            self.set(
                id, to: .stopped, reason: halt == .lease ? Self.lapsedReason : machine.reason, halt: halt,
                now: now)
            self.forgetLease(of: id)
        case .creating, .failed, .deleted: return
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
}
