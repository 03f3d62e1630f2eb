import GRDB
import Placement

/// One row of `application`.
struct ApplicationRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "application"

    let id: String
    let name: String
    let owner: String
    let saga: ApplicationSaga
    let created: Int64
    let revision: Int
}
