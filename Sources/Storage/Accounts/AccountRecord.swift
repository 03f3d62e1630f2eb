import GRDB

/// One account of the embedded server.
package struct AccountRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "account"

    /// The local part of the account's JID, prepared (RFC 7622 §3.3).
    package var username: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var createdAt: Int64
    /// Whether nobody may log in to it.
    package var isDisabled: Bool

    package init(username: String, createdAt: Int64, isDisabled: Bool = false) {
        self.username = username
        self.createdAt = createdAt
        self.isDisabled = isDisabled
    }
}
