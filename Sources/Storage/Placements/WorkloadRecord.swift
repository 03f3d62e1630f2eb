import CloudModel
import GRDB

/// One row of `workload`.
struct WorkloadRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "workload"

    let id: String
    let owner: String
    let idempotencyKey: String?
    let specification: WorkloadSpecification
    let state: Workload.State
    let reason: String?
    let isRemoving: Bool
    let created: Int64
    let changed: Int64
    let revision: Int

    /// Adds the row, as `MachineRecord` does.
    func insert(in connection: GRDB.Database) throws {
        let insert = try connection.cachedStatement(
            sql: """
                INSERT INTO workload (id, owner, idempotencyKey, specification, state, reason, isRemoving, created,
                    changed, revision)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            self.id, self.owner, self.idempotencyKey,
            try Self.text(of: self.specification), self.state.rawValue, self.reason,
            self.isRemoving, self.created, self.changed, self.revision,
        ])
    }
}
