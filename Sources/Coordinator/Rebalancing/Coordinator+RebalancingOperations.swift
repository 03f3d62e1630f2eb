import CloudModel
import Operations
import Placement
import Storage
import Synchronization

/// `workload.rebalance`.
extension Coordinator {
    func performRebalance(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let caller = invocation.caller.address
        let isOwn = invocation.scope != .site
        var question = RebalancingQuestion(
            caller: caller, owner: isOwn ? caller : nil, rules: self.configuration.rebalancing.rules)
        var names = Set(invocation.list("accept"))
        question.rules.moves = max(Int(try invocation.integer("moves")), names.count)
        if let least = invocation["minimum-gain"]?.number {
            // Callers who move only their own workloads make no trouble for less than is usual.
            question.rules.minimumGain = isOwn ? max(least, question.rules.minimumGain) : least
        }
        if let text = invocation["workload"]?.string {
            question.workloads = [try self.workload(text, for: caller, scope: invocation.scope).id]
        } else if !names.isEmpty {
            question.workloads = self.workloads(named: names)
        }
        var report = try await self.proposals(question)
        let proposed = Set(report.lines.map(\.proposal.name))
        if let unknown = names.subtracting(proposed).min() {
            throw OperationError(
                .conflict, "\(unknown.quoted) is not proposed, or no longer",
                next: "workload rebalance shows what is proposed now")
        }
        if invocation.flag("apply") { names = proposed }
        if !names.isEmpty {
            guard invocation.flag("destroy") else { throw Self.unconfirmed(names) }
            report = await self.carryOut(report, names, isOwn: isOwn, because: "\(caller) accepted it")
        }
        return try OperationResult(
            site: self.configuration.address, encoding: report, message: report.message)
    }

    private static func unconfirmed(_ moves: Set<String>) -> OperationError {
        OperationError(
            .unconfirmed,
            "moving them deletes machines with what is on their disks: "
                + moves.sorted().joined(separator: ", "),
            next: "add destroy=yes to do it; each begins anew from its image")
    }

    /// The workloads whose moves are named: `web-0:tokyo.example` is one of `web`.
    private func workloads(named moves: Set<String>) -> Set<WorkloadID> {
        let names = moves.compactMap { move in
            move.split(separator: ":", maxSplits: 1).first.flatMap { replica in
                replica.lastIndex(of: "-").map { String(replica[..<$0]) }
            }
        }
        return self.state.withLock { state in Set(names.compactMap { state.workload(ofName: $0)?.id }) }
    }
}
