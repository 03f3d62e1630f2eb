import GRDB

/// A message kept until its addressee is there (XEP-0160).
package struct OfflineMessageRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "offlineMessage"

    /// Rises with the order of arrival; nil until stored.
    package var id: Int64?
    package var username: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var receivedAt: Int64
    /// The stanza as XML.
    package var stanza: String

    package init(username: String, receivedAt: Int64, stanza: String) {
        self.username = username
        self.receivedAt = receivedAt
        self.stanza = stanza
    }
}
