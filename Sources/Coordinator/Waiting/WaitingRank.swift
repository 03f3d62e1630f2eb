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

    static func < (lhs: Self, rhs: Self) -> Bool {
        (-lhs.priority, lhs.created, lhs.id) < (-rhs.priority, rhs.created, rhs.id)
    }
}
