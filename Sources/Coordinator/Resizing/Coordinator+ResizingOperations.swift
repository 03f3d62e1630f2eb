import CloudModel
import Operations
import Placement

/// `workload.scale` and `workload.move`.
extension Coordinator {
    func performScale(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let workload = try self.workload(
            try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope)
        let count = Int(try invocation.integer("replicas"))
        let accepted = try await self.resize(
            workload.id, to: count, because: "\(invocation.caller.address) asks for it")
        let reached = await self.answer(accepted, to: invocation, progress)
        var message = Self.summary(of: reached)
        let wanted = reached.specification.replicas
        if wanted != count { message += ". It has \(wanted) replicas, not \(count): workload show says why" }
        return try OperationResult(
            site: self.configuration.address, encoding: reached, message: message)
    }

    func performMove(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let workload = try self.workload(
            try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope)
        let site: SiteID? =
            if let text = invocation["to"]?.string { try SiteID(text).prepared() } else { nil }
        try await self.move(
            workload.id, replica: Int(try invocation.integer("replica")), to: site,
            because: "\(invocation.caller.address) asks for it")
        let reached = await self.answer(workload, to: invocation, progress)
        return try OperationResult(
            site: self.configuration.address, encoding: reached, message: Self.summary(of: reached))
    }

    /// The workload once it is as far as the caller waits for.
    private func answer(
        _ workload: Workload, to invocation: Invocation, _ progress: @escaping ProgressSink
    ) async -> Workload {
        let goal = Goal(of: invocation, otherwise: .placed)
        return await self.wait(for: workload.id, until: goal, telling: progress) ?? workload
    }
}
