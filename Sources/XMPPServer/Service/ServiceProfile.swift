package import XMPP

/// What a domain says of itself and its local service to service discovery (XEP-0030) and to version queries (XEP-0092).
package struct ServiceProfile: Hashable, Sendable {
    /// One identity (category and type are registered at xmpp.org/registrar/disco-categories.html).
    package struct Identity: Hashable, Sendable {
        package var category: String
        package var type: String
        package var name: String?

        package init(category: String, type: String, name: String? = nil) {
            self.category = category
            self.type = type
            self.name = name
        }
    }

    /// An entity that belongs to the domain.
    package struct Item: Hashable, Sendable {
        package var address: JID
        package var node: String?
        package var name: String?

        package init(address: JID, node: String? = nil, name: String? = nil) {
            self.address = address
            self.node = node
            self.name = name
        }
    }

    /// Besides `server/im`, which every XMPP server has.
    package var identities: [Identity]
    /// Besides those of the server itself.
    package var features: [String]
    package var items: [Item]
    /// The program's name and version, for those who ask.
    package var softwareName: String
    package var softwareVersion: String

    package init(
        identities: [Identity] = [], features: [String] = [], items: [Item] = [],
        softwareName: String = "Tradewind", softwareVersion: String = "1"
    ) {
        self.identities = identities
        self.features = features
        self.items = items
        self.softwareName = softwareName
        self.softwareVersion = softwareVersion
    }
}
