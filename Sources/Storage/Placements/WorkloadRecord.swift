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
}
