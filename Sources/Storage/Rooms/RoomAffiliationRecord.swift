import GRDB

/// What one address is to one room.
package struct RoomAffiliationRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "roomAffiliation"

    package var room: String
    /// A bare JID, or a domain for all its people.
    package var address: String
    /// `owner`, `admin`, `member` or `outcast`.
    package var affiliation: String
    /// The nickname that nobody else may use.
    package var nickname: String?
    package var reason: String?

    package init(room: String, address: String, affiliation: String, nickname: String?, reason: String?) {
        self.room = room
        self.address = address
        self.affiliation = affiliation
        self.nickname = nickname
        self.reason = reason
    }
}
