package import XML

/// A roster or a part of it: the question, its answer, a change a client asks for, or a push (RFC 6121 §2).
package struct RosterQuery: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.roster

    /// Where the two sides stand, seen from the owner of the roster (RFC 6121 §2.1.2.5).
    package enum Subscription: String, Hashable, Sendable {
        case none
        case to
        case from
        case both
        /// Only in a change or push: the item is to go, or is gone.
        case remove
    }

    package struct Item: Hashable, Sendable {
        package var address: JID
        package var name: String?
        package var subscription: Subscription
        /// Whether the owner has asked to see the contact's presence and has no answer.
        package var isAsking: Bool
        /// Whether the owner has agreed before being asked (RFC 6121 §3.4).
        package var isApproved: Bool
        package var groups: [String]

        package init(
            address: JID, name: String? = nil, subscription: Subscription = .none, isAsking: Bool = false,
            isApproved: Bool = false, groups: [String] = []
        ) {
            self.address = address
            self.name = name
            self.subscription = subscription
            self.isAsking = isAsking
            self.isApproved = isApproved
            self.groups = groups
        }
    }

    /// The version of the roster; empty if the client knows versions and has none (RFC 6121 §2.6).
    package var version: String?
    package var items: [Item]

    package init(version: String? = nil, items: [Item] = []) {
        self.version = version
        self.items = items
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.version = element[attribute: "ver"]
        self.items = []
        for child in element.children("item") {
            self.items.append(try Item(parsing: child))
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["ver": self.version], self.items.map(\.element))
    }
}

extension RosterQuery.Item {
    fileprivate init(parsing element: Element) throws(PayloadError) {
        self.init(
            address: try element.requiredAddress("jid"), name: element[attribute: "name"],
            // A value that is none of ours is to be ignored (RFC 6121 §2.1.2.5).
            subscription: element[attribute: "subscription"].flatMap(
                RosterQuery.Subscription.init(rawValue:)) ?? .none,
            isAsking: element[attribute: "ask"] == "subscribe",
            isApproved: element[attribute: "approved"].map { $0 == "true" || $0 == "1" } ?? false,
            groups: element.children("group").map(\.text))
    }

    fileprivate var element: Element {
        Element(
            "item", namespace: Namespace.roster,
            [
                "approved": self.isApproved ? "true" : nil,
                "ask": self.isAsking ? "subscribe" : nil,
                "jid": self.address.description,
                "name": self.name,
                "subscription": self.subscription.rawValue,
            ],
            self.groups.map { Element("group", namespace: Namespace.roster, text: $0) })
    }
}
