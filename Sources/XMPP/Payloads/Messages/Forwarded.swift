package import XML

/// A stanza passed on inside another, with the moment it first came (XEP-0297).
package struct Forwarded: Payload {
    package static let elementName = "forwarded"
    package static let namespace = Namespace.forwarding

    /// When the stanza was received by whoever forwards it.
    package var delay: Delay?
    /// The stanza as an element in `jabber:client`; nothing in it has been checked.
    package var stanza: Element

    package init(_ stanza: Element, delay: Delay? = nil) {
        self.stanza = stanza
        self.delay = delay
    }

    package init(_ message: Message, delay: Delay? = nil) {
        self.init(Stanza.message(message).element(), delay: delay)
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.delay = try element.firstChild(Delay.self)
        let names: Set = ["message", "presence", "iq"]
        let stanza = element.elements.first { child in
            child.namespace == Namespace.client && names.contains(child.name)
        }
        guard let stanza else { throw PayloadError("<forwarded/> holds no stanza") }
        self.stanza = stanza
    }

    package var element: Element {
        let delays = self.delay.map { [$0.element] } ?? []
        return Element(Self.elementName, namespace: Self.namespace, [:], delays + [self.stanza])
    }
}
