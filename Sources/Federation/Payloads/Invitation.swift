package import Gossip
package import XML
package import XMPP

/// Invites the receiver into the sender's alliance: `<invitation/>`, the first half of the double opt-in.
///
/// Answered with an empty result as soon as it is noted; an admin of the receiver decides later. The receiver shows the
/// key to that admin and pins it when the invitation is accepted.
package struct Invitation: Payload {
    package static let elementName = "invitation"
    package static let namespace = Namespace.federation

    /// The name of the sender's site for people.
    package let name: String
    package let role: MemberRole
    /// The key under which the sender signs its rows.
    package let key: SiteKey
    /// A line for the receiver's admins.
    package let note: String?

    package init(name: String, role: MemberRole, key: SiteKey, note: String? = nil) {
        self.name = name
        self.role = role
        self.key = key
        self.note = note
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(
            name: try reader.text("name"), role: try reader.choice("role"), key: try reader.key(),
            note: try reader.childText("note"))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["name": self.name, "role": self.role.rawValue],
            [.base64("key", self.key.bytes)]
                + (self.note.map { [Element("note", namespace: Self.namespace, text: $0)] } ?? []))
    }
}
