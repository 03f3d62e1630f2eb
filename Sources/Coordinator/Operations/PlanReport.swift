package import CloudModel
package import Placement

/// A plan as an operation answers it: the figures, and the same in words.
package struct PlanReport: Hashable, Codable, Sendable {
    package let workload: String
    package let isComplete: Bool
    package let assignments: [Plan.Assignment]
    package let unassigned: [Int]
    /// Where a refused replica would go next, the best first.
    package let alternatives: [SiteID]
    package let verdicts: [Verdict]
    /// One line for each site.
    package let text: String

    package init(_ plan: Plan) {
        self.workload = plan.workload
        self.isComplete = plan.isComplete
        self.assignments = plan.assignments
        self.unassigned = plan.unassigned
        self.alternatives = plan.alternatives
        self.verdicts = plan.verdicts
        self.text = plan.lines.joined(separator: "\n")
    }
}
