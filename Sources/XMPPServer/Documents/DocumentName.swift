import XMPP

/// Which of an account's documents: its vCard, or a private one by the qualified name of its element (XEP-0049).
package struct DocumentName: Hashable, Sendable {
    package enum Area: String, Hashable, Sendable, CaseIterable {
        case vCard = "vcard"
        case privateData = "private"
    }

    package let area: Area
    package let name: String
    package let namespace: String

    package init(area: Area, name: String, namespace: String) {
        self.area = area
        self.name = name
        self.namespace = namespace
    }

    package static let vCard = Self(area: .vCard, name: "vCard", namespace: Namespace.vCard)
}
