import GRDB
import Placement

/// One row of `workloadReplica`.
struct WorkloadReplicaRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "workloadReplica"

    let workload: String
    let replica: Int
    let placement: ReplicaPlacement
    let revision: Int
}
