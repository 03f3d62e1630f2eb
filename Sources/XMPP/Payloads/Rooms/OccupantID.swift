package import XML

/// Tells the people of a room apart without telling who they are (XEP-0421).
package struct OccupantID: Payload {
    package static let elementName = "occupant-id"
    package static let namespace = Namespace.occupantID

    /// The same for one person in one room for ever; says nothing by itself.
    package var id: String

    package init(id: String) {
        self.id = id
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.id = try element.requiredAttribute("id")
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, ["id": self.id])
    }
}
