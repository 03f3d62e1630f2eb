import GRDB

/// What the conversation of one room is about.
package struct RoomSubjectRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "roomSubject"

    package var room: String
    /// A message with the subject in it, in all its languages, as XML.
    package var message: String
    /// Who set it, by the nickname of that time.
    package var nickname: String
    /// The occupant id (XEP-0421) of who set it.
    package var author: String
    /// Milliseconds since the epoch.
    package var changedAt: Int64

    package init(room: String, message: String, nickname: String, author: String, changedAt: Int64) {
        self.room = room
        self.message = message
        self.nickname = nickname
        self.author = author
        self.changedAt = changedAt
    }
}
