import XML

/// The end of a room and where to go instead: `<destroy/>` of `muc#owner` and `muc#user` (XEP-0045 §10.9).
package struct RoomDestruction: Hashable, Sendable {
    /// Another room.
    package var alternative: JID?
    /// What opens the other room.
    package var password: String?
    package var reason: String?

    package init(alternative: JID? = nil, password: String? = nil, reason: String? = nil) {
        self.alternative = alternative
        self.password = password
        self.reason = reason
    }

    static let elementName = "destroy"

    init(parsing element: Element) throws(PayloadError) {
        self.alternative = try element.address("jid")
        self.password = element.child("password")?.text
        self.reason = element.child("reason")?.text
    }

    func element(in namespace: String) -> Element {
        var children: [Element] = []
        if let password { children.append(Element("password", namespace: namespace, text: password)) }
        if let reason { children.append(Element("reason", namespace: namespace, text: reason)) }
        return Element(
            Self.elementName, namespace: namespace, ["jid": self.alternative?.description], children)
    }
}
