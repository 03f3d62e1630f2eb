package import CloudModel
import Federation
import Storage

extension SiteService {
    /// Starts a machine of `holder` again that ended by itself; one that runs is left alone.
    ///
    /// `SiteWork` carries it out, so that a start that a crash interrupts is taken up again.
    package func restart(
        _ id: MachineID, as replica: ReplicaReference, by holder: SiteID
    ) async throws(SiteRefusal) -> Machine {
        let (now, uptime) = (self.now(), self.uptime())
        return try await self.keeper.change { ledger throws(SiteRefusal) in
            try ledger.restart(id, as: replica, by: holder, now: now, uptime: uptime)
        }
    }
}

extension SiteLedger {
    /// Writes down that the machine is to be started, if it ended by itself or as its lease ran out.
    package mutating func restart(
        _ id: MachineID, as replica: ReplicaReference, by holder: SiteID, now: Instant, uptime: Uptime
    ) throws(SiteRefusal) -> Machine {
        let machine = try self.machine(id, of: holder).machine
        let name = machine.specification.name
        guard machine.replica == replica else {
            throw SiteRefusal(
                .conflict, "machine \(name) at \(self.site) is not that replica in epoch \(replica.epoch)",
                next: "ask for the machines of the workload")
        }
        switch machine.state {
        case .creating, .starting, .running, .suspended: return machine
        case .stopping, .stopped, .failed, .deleted: break
        }
        guard machine.halt != .ordered else {
            throw SiteRefusal(
                .conflict, "machine \(name) at \(self.site) was stopped on order",
                next: "whoever stopped it can start it")
        }
        self.forgetLeaseIfOver(of: id, at: uptime)
        return try self.prepare(.start, on: id, now: now).machine
    }
}
