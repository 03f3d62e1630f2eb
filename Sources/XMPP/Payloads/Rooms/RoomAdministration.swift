package import XML

/// Asks for the people of an affiliation or role, lists them, or changes what they are (XEP-0045 §8, §9).
package struct RoomAdministration: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.roomAdmin

    package var items: [RoomItem]

    package init(items: [RoomItem] = []) {
        self.items = items
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.items = []
        for child in element.children(RoomItem.elementName) {
            self.items.append(try RoomItem(parsing: child))
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, [:],
            self.items.map { $0.element(in: Self.namespace) })
    }
}
