import CloudModel
import Storage

/// The place of a workload among those that wait for room: the one of higher priority comes first, of two with the
/// same the older.
struct WaitingRank: Hashable, Comparable {
    let priority: Int
    let created: Instant
    let id: WorkloadID

    init(_ placement: StoredPlacement) {
        self.priority = placement.specification.priority ?? WorkloadSpecification.usualPriority
        self.created = placement.created
        self.id = placement.id
    }

    /// Whether it comes before a workload of that priority that nobody has asked for yet.
    func precedesNewcomer(of priority: Int?) -> Bool {
        self.priority >= priority ?? WorkloadSpecification.usualPriority
    }

    static func < (lhs: Self, rhs: Self) -> Bool {
        (-lhs.priority, lhs.created, lhs.id) < (-rhs.priority, rhs.created, rhs.id)
    }
}
