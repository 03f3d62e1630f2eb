import GRDB

/// Something an account put down here as XML: its vCard, or a client's private data.
package struct AccountDocumentRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "accountDocument"

    package var username: String
    /// `vcard` or `private`.
    package var area: String
    /// The qualified name of the element.
    package var name: String
    package var namespace: String
    package var content: String

    package init(username: String, area: String, name: String, namespace: String, content: String) {
        self.username = username
        self.area = area
        self.name = name
        self.namespace = namespace
        self.content = content
    }
}
