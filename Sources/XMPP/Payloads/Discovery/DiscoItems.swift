package import XML

/// What belongs to an entity (XEP-0030 §4): the question is the same element with nothing in it.
package struct DiscoItems: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.discoItems

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

    package var node: String?
    package var items: [Item]

    package init(node: String? = nil, items: [Item] = []) {
        self.node = node
        self.items = items
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.node = element[attribute: "node"]
        self.items = []
        for child in element.children("item") {
            self.items.append(
                Item(
                    address: try child.requiredAddress("jid"), node: child[attribute: "node"],
                    name: child[attribute: "name"]))
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["node": self.node],
            self.items.map { item in
                Element(
                    "item", namespace: Self.namespace,
                    ["jid": item.address.description, "node": item.node, "name": item.name])
            })
    }
}
