import CloudModel
import Cryptography
import Federation
import MachineDrivers
import Operations
import Participant

/// The operations that the agent of a site performs: hosts, machines, reservations, and who gets in.
struct AgentOperations: Sendable {
    /// How long a long operation waits for a machine to run before it answers with what there is.
    static let bootWaitMax = RemoteOperations.waitMax

    let service: SiteService

    func register(in table: inout OperationTable) {
        table.register("host.list") { invocation, _ throws(OperationError) in
            try await self.hosts(invocation)
        }
        table.register("machine.list") { invocation, _ throws(OperationError) in
            try await self.list(invocation)
        }
        table.register("machine.show") { invocation, _ throws(OperationError) in
            try self.result(try await self.machine(invocation))
        }
        table.register("machine.create") { invocation, progress throws(OperationError) in
            try await self.create(invocation, progress)
        }
        table.register("machine.delete") { invocation, _ throws(OperationError) in
            try await self.delete(invocation)
        }
        table.register("machine.console") { invocation, _ throws(OperationError) in
            try await self.console(invocation)
        }
        let orders: [(name: String, order: SiteLedger.Order)] = [
            ("start", .start), ("shutdown", .shutdown), ("reboot", .reboot), ("force-off", .forceOff),
            ("suspend", .suspend), ("resume", .resume),
        ]
        for (name, order) in orders {
            table.register("machine.\(name)") { invocation, progress throws(OperationError) in
                try await self.order(order, invocation, progress)
            }
        }
        table.register("reservation.list") { invocation, _ throws(OperationError) in
            try await self.reservations(invocation)
        }
        table.register("reservation.release") { invocation, _ throws(OperationError) in
            try await self.release(invocation)
        }
        table.register("site.drain") { _, _ throws(OperationError) in
            try await self.drain()
        }
        table.register("site.undrain") { _, _ throws(OperationError) in
            try await self.setPolicy(.open, "takes new work; what it has stays")
        }
        table.register("site.close") { _, _ throws(OperationError) in
            try await self.setPolicy(.closed, "takes nothing new from now on; what runs goes on")
        }
        table.register("site.open") { _, _ throws(OperationError) in
            try await self.setPolicy(.open, "takes new work")
        }
    }

    private func hosts(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let hosts = self.service.keeper.read { ledger in
            ledger.hosts.values.sorted { $0.name < $1.name }
        }
        return try OperationResult(site: self.service.site, encoding: hosts)
    }

    private func list(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        var machines = self.service.machines(by: invocation.holder, isAdmin: invocation.isAdmin)
        if let state = invocation["state"]?.string {
            machines.removeAll { $0.state.rawValue != state }
        }
        return try OperationResult(site: self.service.site, encoding: machines)
    }

    private func delete(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let machine = try await self.machine(invocation)
        try await self.asked { () throws(SiteRefusal) in
            _ = try await self.service.delete(
                machine.id, by: invocation.holder, isAdmin: invocation.isAdmin)
        }
        return OperationResult(
            site: self.service.site,
            message: "machine \(machine.specification.name) at \(self.service.site) is being deleted")
    }

    private func console(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let machine = try await self.machine(invocation)
        let tail = try await self.asked { () throws(SiteRefusal) in
            try await self.service.console(
                machine.id, by: invocation.holder, isAdmin: invocation.isAdmin)
        }
        let count = Int(try invocation.integer("lines"))
        let lines = tail.text.split(separator: "\n", omittingEmptySubsequences: false)
        // The text ends with a line's end, not with an empty line.
        let whole = lines.last?.isEmpty == true ? lines.dropLast() : lines[...]
        let shown = ConsoleTail(
            text: whole.suffix(count).joined(separator: "\n"),
            isTruncated: tail.isTruncated || whole.count > count)
        return try OperationResult(site: self.service.site, encoding: shown)
    }

    private func order(
        _ order: SiteLedger.Order, _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let machine = try await self.machine(invocation)
        var answer = try await self.asked { () throws(SiteRefusal) in
            try await self.service.order(
                order, machine.id, by: invocation.holder, isAdmin: invocation.isAdmin)
        }
        if order == .start { answer = await self.waitUntilSettled(answer, progress) }
        return try self.result(answer)
    }

    private func reservations(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        try OperationResult(
            site: self.service.site,
            encoding: self.service.reservations(by: invocation.holder, isAdmin: invocation.isAdmin))
    }

    private func release(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let text = try invocation.text("reservation")
        guard let id = ReservationID(text) else {
            throw OperationError(
                .badRequest, "\(text.quoted) is not the id of a reservation", next: "see: reservation list")
        }
        let reservation = try await self.asked { () throws(SiteRefusal) in
            try await self.service.release(id, by: invocation.holder, isAdmin: invocation.isAdmin)
        }
        return try OperationResult(
            site: self.service.site, encoding: reservation,
            message: "reservation \(id) at \(self.service.site) is \(reservation.state.rawValue)")
    }

    private func setPolicy(
        _ policy: AdmissionPolicy, _ meaning: String
    ) async throws(OperationError) -> OperationResult {
        try await self.asked { () throws(SiteRefusal) in try await self.service.setPolicy(policy) }
        return OperationResult(
            site: self.service.site, value: .string(policy.rawValue),
            message: "\(self.service.site) \(meaning)")
    }

    /// The machine that the invocation names.
    private func machine(_ invocation: Invocation) async throws(OperationError) -> Machine {
        let text = try invocation.text("machine")
        return try await self.asked { () throws(SiteRefusal) in
            try self.service.machine(
                named: text, by: invocation.holder, isAdmin: invocation.isAdmin)
        }
    }
}
