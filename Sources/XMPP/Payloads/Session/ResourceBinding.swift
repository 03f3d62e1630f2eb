package import XML

/// A client asks for a resource, and the server says which full address it has (RFC 6120 §7).
package struct ResourceBinding: Payload {
    package static let elementName = "bind"
    package static let namespace = Namespace.bind

    /// What the client asks for, not yet prepared; nil if the server is to choose.
    package var resource: String?
    /// What the server answers.
    package var address: JID?

    package init(resource: String? = nil) {
        self.resource = resource
    }

    package init(address: JID) {
        self.address = address
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.resource = element.child("resource")?.text
        guard let text = element.child("jid")?.text else { return }
        do {
            self.address = try JID(text)
        } catch {
            throw PayloadError("<bind/> holds no address: \(error)")
        }
    }

    package var element: Element {
        let parts = [("resource", self.resource), ("jid", self.address?.description)]
        return Element(
            Self.elementName, namespace: Self.namespace, [:],
            parts.compactMap { name, text in
                text.map { Element(name, namespace: Self.namespace, text: $0) }
            })
    }
}
