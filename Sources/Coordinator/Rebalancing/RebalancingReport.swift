package import Placement

/// Moves that are worth their cost, and what became of those that were accepted.
package struct RebalancingReport: Hashable, Codable, Sendable {
    package struct Line: Hashable, Codable, Sendable {
        package let proposal: MoveProposal
        /// `proposed`, `under way`, or why it was not carried out.
        package var outcome: String
    }

    package var lines: [Line]
    /// Workloads that were compared with all sites.
    package let looked: Int
    /// Whether that was all of them.
    package let isComplete: Bool
    /// Moves that may still be made for balance now.
    package let budget: Int

    package init(_ outcome: Rebalancer.Outcome, budget: Int) {
        self.lines = outcome.proposals.map { Line(proposal: $0, outcome: "proposed") }
        self.looked = outcome.looked
        self.isComplete = outcome.last == nil
        self.budget = budget
    }

    /// One sentence for people.
    package var message: String {
        var text =
            self.lines.isEmpty
            ? "no move would gain enough" : "\(self.lines.count) \(self.lines.count == 1 ? "move" : "moves")"
        text += "; \(self.looked) \(self.looked == 1 ? "workload" : "workloads") looked at"
        if !self.isComplete { text += ", name one of the others to look at it" }
        return text + "; up to \(self.budget) may be made now"
    }
}
