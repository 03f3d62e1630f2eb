import GRDB

/// One grant, each part in the form that people write.
package struct GrantRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "grant"

    /// An address, `domain:…` or `role:…`.
    package var subject: String
    /// `machine.start`, `machine` or `all`.
    package var permissions: String
    /// `site` or `own`.
    package var scope: String

    package init(subject: String, permissions: String, scope: String) {
        self.subject = subject
        self.permissions = permissions
        self.scope = scope
    }
}
