import GRDB
import Placement

/// One row of `workloadReplica`.
struct WorkloadReplicaRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "workloadReplica"

    let workload: String
    let replica: Int
    let placement: ReplicaPlacement
    let revision: Int

    /// Adds the row, as `MachineRecord` does.
    func insert(in connection: GRDB.Database) throws {
        let insert = try connection.cachedStatement(
            sql: "INSERT INTO workloadReplica (workload, replica, placement, revision) VALUES (?, ?, ?, ?)")
        try insert.execute(arguments: [
            self.workload, self.replica, try Self.text(of: self.placement), self.revision,
        ])
    }
}
