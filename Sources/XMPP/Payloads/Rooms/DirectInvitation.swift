package import XML

/// An invitation to a room that goes past the room (XEP-0249).
package struct DirectInvitation: Payload {
    package static let elementName = "x"
    package static let namespace = Namespace.directInvitation

    package var room: JID
    package var password: String?
    package var reason: String?
    /// Whether the room goes on from a conversation of two, and from which.
    package var continuation: RoomNotice.Continuation?

    package init(
        room: JID, password: String? = nil, reason: String? = nil,
        continuation: RoomNotice.Continuation? = nil
    ) {
        self.room = room
        self.password = password
        self.reason = reason
        self.continuation = continuation
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.room = try element.requiredAddress("jid")
        self.password = element[attribute: "password"]
        self.reason = element[attribute: "reason"]
        switch element[attribute: "continue"] {
        case "true", "1": self.continuation = .init(thread: element[attribute: "thread"])
        case .some, .none: self.continuation = nil
        }
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace,
            [
                "jid": self.room.description, "password": self.password, "reason": self.reason,
                "continue": self.continuation == nil ? nil : "true", "thread": self.continuation?.thread,
            ])
    }
}
