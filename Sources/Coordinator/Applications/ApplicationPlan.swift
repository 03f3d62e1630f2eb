import CloudModel
package import Placement

/// What applying a document would change, as an operation answers it: the figures, and the same in words.
package struct ApplicationPlan: Hashable, Codable, Sendable {
    package let application: String
    package let changes: [ApplicationChange]
    /// Where each part that would be placed or grow would go; a part behind one without a site has none.
    package let plans: [String: PlanReport]
    package let text: String

    init(application: String, changes: [ApplicationChange], plans: [String: PlanReport]) {
        self.application = application
        self.changes = changes
        self.plans = plans
        let isStopped = plans.contains { !$0.value.isComplete }
        let lines = changes.flatMap { Self.lines($0, plans[$0.part], isStopped: isStopped) }
        self.text = ([Self.headline(application, changes)] + lines).joined(separator: "\n")
    }

    private static func headline(_ application: String, _ changes: [ApplicationChange]) -> String {
        let kinds: [(ApplicationChange.Kind, String)] = [
            (.add, "to add"), (.scale, "to scale"), (.replace, "to replace"), (.remove, "to remove"),
            (.unchanged, "unchanged"),
        ]
        let counts = kinds.compactMap { kind, words in
            let count = changes.count { $0.kind == kind }
            return count > 0 ? "\(count) \(words)" : nil
        }
        return "\(application): " + counts.joined(separator: ", ")
    }

    private static func lines(
        _ change: ApplicationChange, _ plan: PlanReport?, isStopped: Bool
    ) -> [String] {
        let differences = change.differences.joined(separator: ", ")
        let head: String
        switch change.kind {
        case .add: head = "+ \(change.part): add"
        case .scale: head = "~ \(change.part): scale, \(differences); the others are left alone"
        case .replace:
            head =
                "± \(change.part): replace (\(differences)); the new one is placed beside the old one, "
                + "which is removed once the new one runs"
        case .remove: head = "- \(change.part): remove"
        case .unchanged:
            head = "= \(change.part): unchanged" + (differences.isEmpty ? "" : "; \(differences)")
        }
        guard let plan else {
            let isPlaced = change.kind == .add || change.kind == .replace
            return [isPlaced && isStopped ? head + "; not planned, as the part above has no site" : head]
        }
        var lines = [plan.isComplete ? "\(head): \(Self.sites(of: plan))" : "\(head): NO SITE"]
        if !plan.isComplete, change.kind == .replace {
            lines.append(
                "    there is no room beside the one that runs, which stays; to make room, apply the document "
                    + "without \(change.part) first")
        }
        lines += plan.text.split(separator: "\n").map { "    \($0)" }
        return lines
    }

    /// `tokyo.test, paris.test (2)`.
    private static func sites(of plan: PlanReport) -> String {
        var counts: [SiteID: Int] = [:]
        for assignment in plan.assignments { counts[assignment.site, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }
            .map { $0.value == 1 ? "\($0.key)" : "\($0.key) (\($0.value))" }.joined(separator: ", ")
    }
}
