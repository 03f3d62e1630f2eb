import CloudModel
package import Operations
import Placement
import Synchronization
import XMPP

extension Coordinator {
    /// Offers the operations of the catalogue that coordinators perform.
    package func register(in table: inout OperationTable) {
        table.register("workload.plan") { invocation, _ throws(OperationError) in
            try await self.performPlan(invocation)
        }
        table.register("workload.place") { invocation, progress throws(OperationError) in
            try await self.performPlace(invocation, progress)
        }
        table.register("workload.list") { invocation, _ throws(OperationError) in
            try self.requireLoaded()
            let workloads = self.workloads(for: invocation.caller.address, scope: invocation.scope)
            return try OperationResult(site: self.configuration.address, encoding: workloads)
        }
        table.register("workload.show") { invocation, _ throws(OperationError) in
            var workload = try self.workload(
                try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope)
            workload.responses = self.responses(of: workload)
            return try OperationResult(site: self.configuration.address, encoding: workload)
        }
        table.register("workload.report") { invocation, _ throws(OperationError) in
            try self.performReport(invocation)
        }
        for feed in ["workload.watch", "workload.events"] {
            table.register(feed) { invocation, progress throws(OperationError) in
                try await self.performWatch(invocation, progress)
            }
        }
        table.register("workload.scale") { invocation, progress throws(OperationError) in
            try await self.performScale(invocation, progress)
        }
        table.register("workload.move") { invocation, progress throws(OperationError) in
            try await self.performMove(invocation, progress)
        }
        table.register("workload.rebalance") { invocation, _ throws(OperationError) in
            try await self.performRebalance(invocation)
        }
        table.register("workload.remove") { invocation, progress throws(OperationError) in
            try await self.performRemove(invocation, progress)
        }
        table.register("site.gone") { invocation, _ throws(OperationError) in
            try await self.performGone(invocation)
        }
        self.registerApplications(in: &table)
    }

    /// Unavailable until what was stored has been read: a list of it would be empty.
    func requireLoaded() throws(OperationError) {
        try self.state.withLock { state throws(OperationError) in try state.requireLoaded() }
    }

    private func performPlan(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let specification = try WorkloadSpecification(invocation).prepared()
        let plan = try await self.plan(specification, for: invocation.caller.address)
        let now = self.now()
        let waiting = self.state.withLock { $0.waiting(before: specification.priority, now: now) }
        return try OperationResult(
            site: self.configuration.address,
            encoding: PlanReport(
                plan, priority: specification.priority ?? WorkloadSpecification.usualPriority,
                waiting: waiting))
    }

    private func performPlace(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let accepted = try await self.place(
            try WorkloadSpecification(invocation).prepared(), owner: invocation.caller.address,
            idempotencyKey: invocation.idempotencyKey)
        let goal = Goal(of: invocation, otherwise: .placed)
        let reached = await self.wait(for: accepted.id, until: goal, telling: progress)
        let workload = reached ?? accepted
        return try OperationResult(
            site: self.configuration.address, encoding: workload, message: Self.summary(of: workload))
    }

    private func performRemove(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let workload = try self.workload(
            try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope)
        await self.remove(workload.id)
        let reached = await self.wait(for: workload.id, until: .removed, telling: progress)
        let left = reached ?? workload
        return try OperationResult(
            site: self.configuration.address, encoding: left, message: Self.summary(of: left))
    }

    /// `web: placed; web-0 at tokyo.test, web-1 at paris.test`.
    static func summary(of workload: Workload) -> String {
        let name = workload.specification.name
        let places = workload.replicas.compactMap { replica in
            replica.site.map { "\(name)-\(replica.index) at \($0)" }
        }
        var text = "\(name): \(workload.state.rawValue)"
        if !places.isEmpty { text += "; " + places.joined(separator: ", ") }
        if let reason = workload.reason { text += ". " + reason }
        return text
    }
}

extension WorkloadSpecification {
    /// The same with the addresses of sites as XMPP compares them (RFC 7622); what came from a user is only text.
    func prepared() throws(OperationError) -> Self {
        var prepared = self
        for (index, share) in self.audience.shares.enumerated() {
            guard case .site(let site) = share.place else { continue }
            prepared.audience.shares[index].place = .site(try site.prepared())
        }
        for (index, constraint) in self.constraints.enumerated() {
            switch constraint {
            case .only(let sites): prepared.constraints[index] = .only(try Self.prepared(sites))
            case .avoid(let sites): prepared.constraints[index] = .avoid(try Self.prepared(sites))
            case .country, .region, .label, .feature, .hypervisor, .latencyAtMost, .priceAtMost,
                .carbonAtMost,
                .beside, .apart, .within:
                break
            }
        }
        return prepared
    }

    private static func prepared(_ sites: [SiteID]) throws(OperationError) -> [SiteID] {
        var prepared: [SiteID] = []
        for site in sites { prepared.append(try site.prepared()) }
        return prepared
    }
}

extension SiteID {
    /// The same as XMPP compares it (RFC 7622); what came from a user is only text.
    func prepared() throws(OperationError) -> SiteID {
        do {
            return SiteID(try JID(self.address).bare.description)
        } catch {
            throw OperationError(
                .badRequest, "\(self.address.quoted) is no address of a site", next: "site list shows them")
        }
    }
}
