package import CloudModel
import Federation
package import MachineDrivers
package import Storage

/// Making the ledger and the hypervisors agree, after a restart or when events were lost.
extension SiteLedger {
    /// What is left to do for machines, whatever happened before.
    package struct Work: Hashable, Sendable {
        /// Accepted, but not on the hypervisor: to be made, then started.
        package var toCreate: [SiteMachine] = []
        /// On the hypervisor, to be started.
        package var toStart: [SiteMachine] = []
        /// To be deleted.
        package var toDelete: [SiteMachine] = []

        package init() {}
    }

    /// Takes the full list of what the hypervisors run.
    ///
    /// Machines that carry our definition and are unknown here are adopted; those without one only take room. Only
    /// those in `expected` are missed if they are not in the list: others may have been made since it was taken.
    package mutating func reconcile(
        _ listing: [DriverMachine], expecting expected: Set<MachineID>, now: Instant
    ) {
        self.hasSeenMachines = true
        self.foreign = [:]
        var seen: Set<MachineID> = []
        for found in listing.sorted(by: { $0.id < $1.id }) {
            seen.insert(found.id)
            guard let definition = found.definition, definition.site == self.site else {
                self.foreign[found.host] = (self.foreign[found.host] ?? .zero) + found.resources
                continue
            }
            if self.machines[found.id] == nil { self.adopt(definition, as: found, now: now) }
            self.defined(found.id, now: now)
            self.observe(found.id, found.state, reason: found.reason, from: .listing, now: now)
        }
        for id in expected.sorted() where !seen.contains(id) {
            self.vanished(id, now: now)
        }
    }

    /// What the ledger still wants done; the same question after a crash has the same answer.
    package var work: Work {
        var work = Work()
        for id in self.tally.due.keys {
            guard let entry = self.machines[id] else { continue }
            if entry.isDoomed {
                work.toDelete.append(entry)
            } else if entry.machine.state == .creating {
                work.toCreate.append(entry)
            } else if entry.machine.state == .starting, entry.isDefined {
                work.toStart.append(entry)
            }
        }
        // Most machines want nothing done: only those that do are put in order.
        work.toCreate.sort { $0.machine.id < $1.machine.id }
        work.toStart.sort { $0.machine.id < $1.machine.id }
        work.toDelete.sort { $0.machine.id < $1.machine.id }
        return work
    }

    /// The machines that the hypervisors should have now.
    package var defined: Set<MachineID> {
        Set(self.machines.values.filter { $0.isDefined || $0.isDoomed }.map(\.machine.id))
    }

    /// The checksums of the images that machines boot from or write over; their files must stay.
    package var imagesInUse: Set<String> {
        self.machines.values.filter(\.occupies)
            .reduce(into: []) { $0.formUnion($1.machine.specification.image.checksums) }
    }

    /// Machines whose holder has not been told of the latest change, oldest change first.
    package var unreported: [SiteMachine] {
        self.tally.unreported.keys.compactMap { self.machines[$0] }
            .sorted { ($0.machine.changed, $0.machine.id) < ($1.machine.changed, $1.machine.id) }
    }

    /// The holder knows of `revision`.
    package mutating func reported(_ id: MachineID, revision: Int) {
        guard var entry = self.machines[id], entry.reportedRevision < revision else { return }
        entry.reportedRevision = min(revision, entry.revision)
        self.store(entry)
    }

    /// A machine of ours that we had forgotten: the database was lost, or is older than the machine.
    private mutating func adopt(_ definition: MachineDefinition, as found: DriverMachine, now: Instant) {
        self.store(
            SiteMachine(
                machine: Machine(
                    id: definition.id, site: self.site, specification: definition.specification,
                    state: found.state, reason: found.reason.map { WireText.fit($0) },
                    replica: definition.replica,
                    created: definition.created, changed: now),
                holder: definition.holder, reservation: definition.reservation, host: found.host,
                isDefined: true))
        guard self.reservations[definition.reservation]?.reservation.state != .committed else { return }
        self.store(
            SiteReservation(
                reservation: Reservation(
                    id: definition.reservation, holder: definition.holder,
                    specification: definition.specification, replica: definition.replica, expires: now,
                    state: .committed, machine: definition.id),
                host: found.host, heldFor: SiteRules.holdDefault))
    }
}
