package import CloudModel
import Federation
package import MachineDrivers
package import Storage

/// What becomes of machines once they are accepted.
extension SiteLedger {
    /// A command that changes what a machine does.
    package enum Order: Hashable, Sendable, CaseIterable {
        case start, shutdown, reboot, forceOff, suspend, resume

        /// The states in which it makes sense.
        package var allowed: Set<MachineState> {
            switch self {
            case .start: [.stopped, .failed]
            // A guest may have missed the power button; it can be pressed again.
            case .shutdown: [.running, .stopping]
            case .reboot, .suspend: [.running]
            case .forceOff: [.starting, .running, .suspended, .stopping]
            case .resume: [.suspended]
            }
        }

        /// What the machine is in while the hypervisor obeys; nil if it stays as it is until it has.
        package var passing: MachineState? {
            switch self {
            case .start: .starting
            case .shutdown, .forceOff: .stopping
            case .reboot, .suspend, .resume: nil
            }
        }

        /// Why the machine does not run once it has obeyed; nil for an order that makes or lets it run.
        var halt: Halt? {
            switch self {
            case .shutdown, .forceOff: .ordered
            case .start, .reboot, .suspend, .resume: nil
            }
        }

        package var phrase: String {
            switch self {
            case .start: "start"
            case .shutdown: "shut down"
            case .reboot: "reboot"
            case .forceOff: "force off"
            case .suspend: "suspend"
            case .resume: "resume"
            }
        }
    }

    /// Where a report about a machine comes from.
    package enum Source: Hashable, Sendable {
        /// It happened just now.
        case event
        /// It was so when the hypervisor was asked.
        case listing
        /// It was so after the hypervisor had started the machine.
        case start
    }

    /// The machine, if it is the caller's or the caller is an admin; others learn nothing about it.
    package func machine(
        _ id: MachineID, of caller: SiteID, isAdmin: Bool = false
    ) throws(SiteRefusal) -> SiteMachine {
        guard let entry = self.machines[id], isAdmin || entry.holder == caller else {
            guard self.hasSeenMachines else { throw self.unseen("machine \(id) of \(caller)") }
            throw SiteRefusal(.notFound, "\(self.site) has no machine \(id) of \(caller)")
        }
        return entry
    }

    /// Writes down that `order` is about to be given to the hypervisor.
    package mutating func prepare(
        _ order: Order, on id: MachineID, now: Instant
    ) throws(SiteRefusal) -> SiteMachine {
        guard let entry = self.machines[id] else {
            throw SiteRefusal(.notFound, "\(self.site) has no machine \(id)")
        }
        let name = entry.machine.specification.name
        guard !entry.isDoomed else {
            throw SiteRefusal(.conflict, "machine \(name) at \(self.site) is being deleted")
        }
        guard entry.isDefined else {
            throw SiteRefusal(
                .conflict, "cannot \(order.phrase) machine \(name) at \(self.site): it was never made",
                next: entry.machine.state == .failed
                    ? "delete it and create it anew" : "wait until it is made")
        }
        guard order.allowed.contains(entry.machine.state) else {
            let states = order.allowed.map(\.rawValue).sorted().joined(separator: " or ")
            throw SiteRefusal(
                .conflict,
                "cannot \(order.phrase) machine \(name) at \(self.site) while it is "
                    + entry.machine.state.rawValue,
                next: "it must be \(states)")
        }
        if let passing = order.passing {
            self.set(id, to: passing, reason: nil, halt: order.halt, now: now)
        }
        return self.machines[id] ?? entry
    }

    /// Writes down that the machine is to be deleted, before anything of it is.
    package mutating func doom(_ id: MachineID, now: Instant) throws(SiteRefusal) -> SiteMachine {
        guard var entry = self.machines[id], entry.machine.state != .deleted else {
            throw SiteRefusal(.notFound, "\(self.site) has no machine \(id)")
        }
        if !entry.isDoomed {
            entry.isDoomed = true
            entry.machine.changed = now
            self.store(entry)
        }
        return entry
    }

    /// The hypervisor has the definition now.
    ///
    /// A machine that is not to be started is `stopped` then.
    package mutating func defined(_ id: MachineID, now: Instant) {
        guard var entry = self.machines[id], !entry.isDefined, !entry.isDoomed else { return }
        entry.isDefined = true
        self.store(entry)
        guard entry.machine.state == .creating else { return }
        self.set(id, to: entry.isStarted ? .starting : .stopped, reason: nil, now: now)
    }

    /// The machine could not be made or started.
    package mutating func failed(_ id: MachineID, reason: String, now: Instant) {
        self.set(id, to: .failed, reason: reason, now: now)
    }

    /// Nothing of the machine is left, neither definition nor files.
    package mutating func removed(_ id: MachineID, now: Instant) {
        guard var entry = self.machines[id], entry.machine.state != .deleted else { return }
        guard entry.isDoomed else { return self.vanished(id, now: now) }
        entry.isDefined = false
        self.store(entry)
        self.set(id, to: .deleted, reason: nil, now: now)
    }

    /// The hypervisor has no definition of the machine any more.
    ///
    /// One that is to be deleted is not over with that: its files may be left, and whoever deletes it says when they
    /// are gone.
    package mutating func vanished(_ id: MachineID, now: Instant) {
        guard var entry = self.machines[id], entry.machine.state != .deleted, !entry.isDoomed,
            entry.isDefined
        else { return }
        // Somebody removed it behind our back: its disk may be gone, so it is not made anew.
        entry.isDefined = false
        self.store(entry)
        self.set(id, to: .failed, reason: "its definition is gone from the hypervisor", now: now)
    }

    /// Takes what the hypervisor says about a machine.
    package mutating func observe(
        _ id: MachineID, _ state: MachineState, reason: String?, from source: Source, now: Instant
    ) {
        guard let entry = self.machines[id], !entry.isDoomed, entry.machine.state != .deleted else { return }
        let known = entry.machine.state
        switch (known, state) {
        case (.creating, .stopped), (.starting, .stopped):
            // It is stopped until it is started, and an event that says so may be of its last stop, told late. Whoever
            // starts it looks afterwards.
            guard known == .starting, source == .start else { return }
            self.set(id, to: .stopped, reason: "the guest stopped by itself", now: now)
        case (.creating, .stopping), (.starting, .stopping):
            // The same of one that was about to stop.
            guard known == .starting, source == .start else { return }
            self.set(id, to: .stopping, reason: reason, now: now)
        case (.stopping, .running), (.stopping, .suspended):
            // Asked to shut down and not there yet; but an event says that it runs anew, as after a reboot.
            guard source == .event else { return }
            self.set(id, to: state, reason: reason, now: now)
        case (.running, .stopped), (.suspended, .stopped):
            self.set(id, to: .stopped, reason: reason ?? "the guest stopped by itself", now: now)
        case (.failed, .stopped), (.stopped, .stopped), (.failed, .failed):
            // The hypervisor forgets why a machine stopped, or who wanted that; we do not.
            return
        case (.stopped, .stopping), (.failed, .stopping):
            // One that is down is about to stop only once it has run, which is told first: this is told late.
            return
        case (.stopping, .stopping), (.stopping, .stopped), (.stopping, .failed), (.stopped, .failed):
            // However it goes down, it stays known who wanted that.
            self.set(
                id, to: state, reason: reason ?? entry.machine.reason, halt: entry.machine.halt, now: now)
        case (_, _):
            self.set(id, to: state, reason: reason, now: now)
        }
    }

    /// The hypervisor did not do what it was told: the machine is as it was found.
    package mutating func disobeyed(_ id: MachineID, found: DriverMachine, now: Instant) {
        let halt: Halt? =
            switch found.state {
            case .stopping, .stopped, .failed: self.machines[id]?.machine.halt
            case .creating, .starting, .running, .suspended, .deleted: nil
            }
        self.set(id, to: found.state, reason: found.reason, halt: halt, now: now)
    }

    /// `reason` may be anybody's words: it is cut to what a report can carry.
    ///
    /// `halt` is kept with a machine that stops because somebody wanted that; any other change takes it back.
    mutating func set(
        _ id: MachineID, to state: MachineState, reason: String?, halt: Halt? = nil, now: Instant
    ) {
        let reason = reason.map { WireText.fit($0) }
        guard var entry = self.machines[id],
            entry.machine.state != state || entry.machine.reason != reason || entry.machine.halt != halt
        else { return }
        entry.machine.state = state
        entry.machine.reason = reason
        entry.machine.halt = halt
        entry.machine.changed = max(now, entry.machine.changed)
        entry.revision += 1
        self.store(entry)
    }
}
