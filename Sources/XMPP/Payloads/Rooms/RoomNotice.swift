package import XML

/// What a room says about people in it, and what people say to each other through it (XEP-0045 §19.2).
package struct RoomNotice: Payload {
    package static let elementName = "x"
    package static let namespace = Namespace.roomUser

    /// An invitation (XEP-0045 §7.8.2): with `to` on the way to the room, with `from` on the way to the invited.
    package struct Invitation: Hashable, Sendable {
        package var to: JID?
        package var from: JID?
        package var reason: String?
        /// Whether the room goes on from a conversation of two (XEP-0045 §7.9).
        package var continuation: Continuation?

        package init(
            to: JID? = nil, from: JID? = nil, reason: String? = nil, continuation: Continuation? = nil
        ) {
            self.to = to
            self.from = from
            self.reason = reason
            self.continuation = continuation
        }
    }

    package struct Continuation: Hashable, Sendable {
        package var thread: String?

        package init(thread: String? = nil) {
            self.thread = thread
        }
    }

    package struct Decline: Hashable, Sendable {
        package var to: JID?
        package var from: JID?
        package var reason: String?

        package init(to: JID? = nil, from: JID? = nil, reason: String? = nil) {
            self.to = to
            self.from = from
            self.reason = reason
        }
    }

    package var item: RoomItem?
    /// The codes; those that no registry has are left out.
    package var statuses: [RoomStatus]
    package var invitations: [Invitation]
    package var decline: Decline?
    package var password: String?
    /// The room is gone.
    package var destruction: RoomDestruction?

    package init(
        item: RoomItem? = nil, statuses: [RoomStatus] = [], invitations: [Invitation] = [],
        decline: Decline? = nil, password: String? = nil, destruction: RoomDestruction? = nil
    ) {
        self.item = item
        self.statuses = statuses
        self.invitations = invitations
        self.decline = decline
        self.password = password
        self.destruction = destruction
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.init()
        for child in element.elements where child.namespace == Self.namespace {
            switch child.name {
            case RoomItem.elementName: self.item = try RoomItem(parsing: child)
            case "status":
                let code = Int(child[attribute: "code"] ?? "").flatMap(RoomStatus.init(rawValue:))
                if let code { self.statuses.append(code) }
            case "invite":
                self.invitations.append(
                    Invitation(
                        to: try child.address("to"), from: try child.address("from"),
                        reason: child.child("reason")?.text,
                        continuation: child.child("continue").map {
                            Continuation(thread: $0[attribute: "thread"])
                        }))
            case "decline":
                self.decline = Decline(
                    to: try child.address("to"), from: try child.address("from"),
                    reason: child.child("reason")?.text)
            case "password": self.password = child.text
            case RoomDestruction.elementName: self.destruction = try RoomDestruction(parsing: child)
            default: continue
            }
        }
    }

    package var element: Element {
        var children = self.invitations.map(Self.element)
        if let decline { children.append(Self.element(decline)) }
        if let item { children.append(item.element(in: Self.namespace)) }
        if let destruction { children.append(destruction.element(in: Self.namespace)) }
        if let password {
            children.append(Element("password", namespace: Self.namespace, text: password))
        }
        children += self.statuses.map {
            Element("status", namespace: Self.namespace, ["code": String($0.rawValue)])
        }
        return Element(Self.elementName, namespace: Self.namespace, [:], children)
    }

    private static func element(_ invitation: Invitation) -> Element {
        var children = Self.reason(invitation.reason)
        if let continuation = invitation.continuation {
            children.append(
                Element("continue", namespace: Self.namespace, ["thread": continuation.thread]))
        }
        return Element(
            "invite", namespace: Self.namespace,
            ["from": invitation.from?.description, "to": invitation.to?.description], children)
    }

    private static func element(_ decline: Decline) -> Element {
        Element(
            "decline", namespace: Self.namespace,
            ["from": decline.from?.description, "to": decline.to?.description],
            Self.reason(decline.reason))
    }

    private static func reason(_ text: String?) -> [Element] {
        text.map { [Element("reason", namespace: Self.namespace, text: $0)] } ?? []
    }
}
