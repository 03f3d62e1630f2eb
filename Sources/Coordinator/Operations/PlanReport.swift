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
    package let priority: Int
    /// How many workloads wait for room that are served before one of that priority.
    package let waiting: Int
    /// One line for each site, and one about the priority where that matters.
    package let text: String

    package init(_ plan: Plan, priority: Int, waiting: Int) {
        self.workload = plan.workload
        self.isComplete = plan.isComplete
        self.assignments = plan.assignments
        self.unassigned = plan.unassigned
        self.alternatives = plan.alternatives
        self.verdicts = plan.verdicts
        self.priority = priority
        self.waiting = waiting
        self.text = (plan.lines + Self.turn(priority, waiting)).joined(separator: "\n")
    }

    /// Whose turn it is; nothing for the usual priority while nobody waits.
    private static func turn(_ priority: Int, _ waiting: Int) -> [String] {
        guard priority != WorkloadSpecification.usualPriority || waiting > 0 else { return [] }
        let others = waiting == 0 ? "no workload" : waiting.counted("workload")
        let (wait, come) = waiting > 1 ? ("wait", "come") : ("waits", "comes")
        return ["priority \(priority): \(others) that \(wait) for room \(come) first"]
    }
}
