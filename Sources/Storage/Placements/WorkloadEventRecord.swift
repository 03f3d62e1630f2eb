import CloudModel
import GRDB

/// One row of `workloadEvent`.
struct WorkloadEventRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "workloadEvent"

    let workload: String
    let number: Int
    let event: WorkloadEvent

    /// Adds events to a workload's log and drops those that are too old to be kept.
    static func append(
        _ events: [WorkloadEvent], to placement: StoredPlacement, in connection: GRDB.Database
    ) throws {
        guard let last = events.last else { return }
        let workload = placement.id.description
        let insert = try connection.cachedStatement(
            sql: "INSERT OR REPLACE INTO workloadEvent (workload, number, event) VALUES (?, ?, ?)")
        for event in events {
            try insert.execute(arguments: [workload, event.number, try Self.text(of: event)])
        }
        guard last.number > StoredPlacement.eventLimit else { return }
        let delete = try connection.cachedStatement(
            sql: "DELETE FROM workloadEvent WHERE workload = ? AND number <= ?")
        try delete.execute(arguments: [workload, last.number - StoredPlacement.eventLimit])
    }
}
