package import XML

/// Asks for a room's configuration form, submits it, or ends the room (XEP-0045 §10).
package struct RoomOwnership: Payload {
    package static let elementName = "query"
    package static let namespace = Namespace.roomOwner

    package var form: DataForm?
    package var destruction: RoomDestruction?

    package init(form: DataForm? = nil, destruction: RoomDestruction? = nil) {
        self.form = form
        self.destruction = destruction
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.form = try element.firstChild(DataForm.self)
        self.destruction = try element.child(RoomDestruction.elementName).map {
            child throws(PayloadError) in try RoomDestruction(parsing: child)
        }
    }

    package var element: Element {
        var children: [Element] = []
        if let form { children.append(form.element) }
        if let destruction { children.append(destruction.element(in: Self.namespace)) }
        return Element(Self.elementName, namespace: Self.namespace, [:], children)
    }
}
