package import CloudModel
import Logging
package import Operations
package import Placement
import Storage
import Synchronization

/// Moving replicas to sites that have become better, within a budget.
extension Coordinator {
    /// Whom proposals are made for, and which of the workloads.
    package struct RebalancingQuestion: Sendable {
        /// Who asks; nil for the coordinator itself, whose next look goes on where this one ended if not all workloads
        /// have their turn.
        package var caller: String?
        /// Only this one's workloads, and only half of the budget; nil for all.
        package var owner: String?
        /// Only these workloads; nil for all.
        package var workloads: Set<WorkloadID>?
        package var rules: RebalancingRules

        package init(
            caller: String? = nil, owner: String? = nil, workloads: Set<WorkloadID>? = nil,
            rules: RebalancingRules
        ) {
            self.caller = caller
            self.owner = owner
            self.workloads = workloads
            self.rules = rules
        }
    }

    /// The moves that are worth their cost now; nothing is moved.
    ///
    /// One look at a time: it keeps a processor busy, for about a second where there is much to compare.
    package func proposals(_ question: RebalancingQuestion) async throws(OperationError) -> RebalancingReport
    {
        try await self.inTurn(of: question.caller, among: \.looking, asking: "moves") {
            await self.look(question)
        }
    }

    private func look(_ question: RebalancingQuestion) async -> RebalancingReport {
        let view = await self.sites.view()
        let now = self.now()
        let coolDown = self.configuration.rebalancing.coolDown
        let (snapshot, subjects, last, made) = self.state.withLock { state in
            state.learn(view, now: now)
            let subjects = state.rebalancingSubjects(coolDown: coolDown, now: now) { placement in
                (question.owner.map { $0 == placement.owner } ?? true)
                    && question.workloads?.contains(placement.id) ?? true
            }
            return (
                state.snapshot(now: now), subjects, state.lastBalanced, state.movesOfTheLastHour(now: now)
            )
        }
        let rebalancer = Rebalancer(rules: question.rules, planning: self.configuration.rules)
        // Outside the lock: it takes as long as many plans.
        let outcome = rebalancer.propose(
            for: subjects, over: snapshot, after: question.caller == nil ? last : nil)
        if question.caller == nil { self.state.withLock { $0.lastBalanced = outcome.last } }
        return RebalancingReport(
            outcome, budget: max(0, self.budget(isOwn: question.owner != nil) - made))
    }

    /// Moves an hour: callers who may move only their own workloads do not use up what is left for all.
    private func budget(isOwn: Bool) -> Int {
        let all = self.configuration.rebalancing.movesPerHour
        return isOwn ? (all + 1) / 2 : all
    }

    /// Carries out what was proposed, as far as the budget goes, and notes what became of each.
    package func carryOut(
        _ report: RebalancingReport, _ names: Set<String>, isOwn: Bool = false, because reason: String
    ) async -> RebalancingReport {
        var report = report
        let limit = self.budget(isOwn: isOwn)
        for index in report.lines.indices where names.contains(report.lines[index].proposal.name) {
            let proposal = report.lines[index].proposal
            do throws(OperationError) {
                try await self.move(
                    proposal.workload, replica: proposal.replica, to: proposal.to,
                    for: .balance(limit: limit),
                    because: "\(proposal.reason); \(reason)")
                report.lines[index].outcome = .underWay
            } catch {
                // What speaks against it by now is for whoever accepted it to read.
                report.lines[index].outcome = .refused
                report.lines[index].reason = error.message
            }
        }
        return report
    }

    /// Looks by itself, again and again, until cancelled; only if that is configured.
    func rebalance() async {
        guard self.configuration.rebalancing.isAutomatic else { return }
        while !Task.isCancelled {
            do {
                try await self.pause(self.configuration.rebalancing.interval)
            } catch {
                return
            }
            await self.rebalanceOnce()
        }
    }

    /// Moves what is worth it now, as far as the budget goes.
    package func rebalanceOnce() async {
        let rules = self.configuration.rebalancing.rules
        let report: RebalancingReport
        do throws(OperationError) {
            report = try await self.proposals(RebalancingQuestion(rules: rules))
        } catch {
            // It has been told to end.
            return
        }
        guard !report.lines.isEmpty, report.budget > 0 else { return }
        let names = Set(report.lines.prefix(report.budget).map(\.proposal.name))
        let done = await self.carryOut(report, names, because: "moved for balance")
        for line in done.lines where names.contains(line.proposal.name) {
            self.logger.info(
                "a replica is moved for balance",
                metadata: [
                    "move": "\(line.proposal.name)", "outcome": "\(line.reason ?? line.outcome.rawValue)",
                ])
        }
    }
}
