/// A node as it is kept, with all that belongs to it.
package struct StoredPubSubNode: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package var id: String
        /// Who published it, a JID.
        package var publisher: String
        /// Milliseconds since 1970-01-01T00:00:00Z.
        package var publishedAt: Int64
        /// What was published, as XML.
        package var payload: String?

        package init(id: String, publisher: String, publishedAt: Int64, payload: String?) {
            self.id = id
            self.publisher = publisher
            self.publishedAt = publishedAt
            self.payload = payload
        }
    }

    /// The bare JID it belongs to.
    package var owner: String
    package var name: String
    /// The bare JID of whoever made it; nil for the owner itself.
    package var creator: String?
    /// By the names of the configuration form.
    package var configuration: [String: [String]]
    /// By bare JID.
    package var affiliations: [String: String] = [:]
    /// By JID, whether it is told of what happens.
    package var subscriptions: [String: Bool] = [:]
    /// In the order in which they were published.
    package var items: [Item] = []

    package init(
        owner: String, name: String, creator: String? = nil, configuration: [String: [String]]
    ) {
        self.owner = owner
        self.name = name
        self.creator = creator
        self.configuration = configuration
    }
}
