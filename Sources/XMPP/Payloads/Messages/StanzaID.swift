package import XML

/// The id under which an entity on the way knows a message (XEP-0359 §3).
///
/// To be believed only if whoever it says gave it vouches for that: a server takes out those that claim to be its own.
package struct StanzaID: Payload {
    package static let elementName = "stanza-id"
    package static let namespace = Namespace.stanzaIDs

    package var id: String
    /// Who gave the id.
    package var by: JID

    package init(id: String, by: JID) {
        self.id = id
        self.by = by
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.id = try element.requiredAttribute("id")
        self.by = try element.requiredAddress("by")
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, ["id": self.id, "by": self.by.description])
    }
}
