import CloudModel
package import Placement

/// Moves that are worth their cost, and what became of those that were accepted.
package struct RebalancingReport: Hashable, Codable, Sendable {
    package enum Outcome: String, Hashable, Codable, Sendable {
        case proposed
        /// The replica is on its way.
        case underWay = "under-way"
        /// It was accepted, and could not be made.
        case refused
    }

    package struct Line: Hashable, Codable, Sendable {
        package let proposal: MoveProposal
        package var outcome: Outcome
        /// Why it was refused.
        package var reason: String?
    }

    package var lines: [Line]
    /// Workloads that were compared with all sites.
    package let looked: Int
    /// Whether that was all of them.
    package let isComplete: Bool
    /// Moves that may still be made for balance now.
    package let budget: Int

    package init(_ outcome: Rebalancer.Outcome, budget: Int) {
        self.lines = outcome.proposals.map { Line(proposal: $0, outcome: .proposed) }
        self.looked = outcome.looked
        self.isComplete = outcome.last == nil
        self.budget = budget
    }

    /// One sentence for people.
    package var message: String {
        var text = self.lines.isEmpty ? "no move would gain enough" : self.lines.count.counted("move")
        text += "; \(self.looked.counted("workload")) looked at"
        if !self.isComplete { text += ", name one of the others to look at it" }
        return text + "; up to \(self.budget) may be made now"
    }
}
