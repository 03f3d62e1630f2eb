import CloudModel
import Operations
import Placement

/// `workload.rebalance`.
extension Coordinator {
    func performRebalance(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        let caller = invocation.caller.address
        var question = RebalancingQuestion(
            owner: invocation.scope == .site ? nil : caller, rules: self.configuration.rebalancing.rules)
        if let text = invocation["workload"]?.string {
            question.workload = try self.workload(text, for: caller, scope: invocation.scope).id
        }
        question.rules.moves = Int(try invocation.integer("moves"))
        if let least = invocation["minimum-gain"]?.number { question.rules.minimumGain = least }
        var report = await self.proposals(question)
        var names = Set(invocation.list("accept"))
        let proposed = Set(report.lines.map(\.proposal.name))
        if let unknown = names.subtracting(proposed).min() {
            throw OperationError(
                .conflict, "\(unknown) is not proposed, or no longer",
                next: "workload rebalance shows what is proposed now")
        }
        if invocation.flag("apply") { names = proposed }
        if !names.isEmpty {
            report = await self.carryOut(report, names, because: "\(caller) accepted it")
        }
        return try OperationResult(
            site: self.configuration.address, encoding: report, message: report.message)
    }
}
