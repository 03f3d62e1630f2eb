import GRDB

/// A chat room that the process was let into, and has not left since.
struct VisitRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    static let databaseTableName = "visit"

    /// A bare address.
    var room: String
}
