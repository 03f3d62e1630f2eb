package import CloudModel
import Logging
import Operations
package import Placement
import Storage
import Synchronization

/// Moving replicas to sites that have become better, within a budget.
extension Coordinator {
    /// Whom proposals are made for, and which of the workloads.
    package struct RebalancingQuestion: Sendable {
        /// Only this one's workloads; nil for all.
        package var owner: String?
        /// Only this workload.
        package var workload: WorkloadID?
        package var rules: RebalancingRules

        package init(owner: String? = nil, workload: WorkloadID? = nil, rules: RebalancingRules) {
            self.owner = owner
            self.workload = workload
            self.rules = rules
        }
    }

    /// The moves that are worth their cost now; nothing is moved.
    ///
    /// Of more workloads than can be compared at once, the next call looks at the next ones.
    package func proposals(_ question: RebalancingQuestion) async -> RebalancingReport {
        let view = await self.sites.view()
        let now = self.now()
        let policy = self.configuration.rebalancing
        let (snapshot, subjects, last, made) = self.state.withLock { state in
            state.learn(view, now: now)
            let subjects = state.rebalancingSubjects(coolDown: policy.coolDown, now: now) { placement in
                (question.owner.map { $0 == placement.owner } ?? true)
                    && (question.workload.map { $0 == placement.id } ?? true)
            }
            return (
                state.snapshot(now: now), subjects, state.lastBalanced, state.movesOfTheLastHour(now: now)
            )
        }
        let rebalancer = Rebalancer(rules: question.rules, planning: self.configuration.rules)
        // Outside the lock: it takes as long as many plans.
        let outcome = rebalancer.propose(for: subjects, over: snapshot, after: last)
        if question.workload == nil { self.state.withLock { $0.lastBalanced = outcome.last } }
        return RebalancingReport(outcome, budget: max(0, policy.movesPerHour - made))
    }

    /// Carries out what was proposed, as far as the budget goes, and notes what became of each.
    package func carryOut(
        _ report: RebalancingReport, _ names: Set<String>, because reason: String
    ) async -> RebalancingReport {
        var report = report
        let limit = self.configuration.rebalancing.movesPerHour
        for index in report.lines.indices where names.contains(report.lines[index].proposal.name) {
            // Counted before each: others may accept moves at the same time.
            let now = self.now()
            guard self.state.withLock({ $0.movesOfTheLastHour(now: now) }) < limit else {
                report.lines[index].outcome = "not now: the \(limit) of this hour are used up"
                continue
            }
            let proposal = report.lines[index].proposal
            do throws(OperationError) {
                try await self.move(
                    proposal.workload, replica: proposal.replica, to: proposal.to,
                    because: "\(proposal.reason); \(reason)")
                report.lines[index].outcome = "under way"
            } catch {
                // What speaks against it by now is for whoever accepted it to read.
                report.lines[index].outcome = error.message
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
        let report = await self.proposals(RebalancingQuestion(rules: rules))
        guard !report.lines.isEmpty, report.budget > 0 else { return }
        let names = Set(report.lines.prefix(report.budget).map(\.proposal.name))
        let done = await self.carryOut(report, names, because: "moved for balance")
        for line in done.lines where names.contains(line.proposal.name) {
            self.logger.info(
                "a replica is moved for balance",
                metadata: ["move": "\(line.proposal.name)", "outcome": "\(line.outcome)"])
        }
    }
}
