import CloudModel
import GRDB

/// One row of `workloadEvent`.
struct WorkloadEventRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "workloadEvent"
    static let persistenceConflictPolicy = PersistenceConflictPolicy(insert: .replace, update: .replace)

    let workload: String
    let number: Int
    let event: WorkloadEvent

    /// Adds events to a workload's log and drops those that are too old to be kept.
    static func append(
        _ events: [WorkloadEvent], to placement: StoredPlacement, in connection: GRDB.Database
    ) throws {
        guard let last = events.last else { return }
        let workload = placement.id.description
        for event in events {
            try Self(workload: workload, number: event.number, event: event).insert(connection)
        }
        try connection.execute(
            sql: "DELETE FROM workloadEvent WHERE workload = ? AND number <= ?",
            arguments: [workload, last.number - StoredPlacement.eventLimit])
    }
}
