package import XML
package import XMPP

/// Marks what a process says in a chat by itself, so that no other answers it and the two talk in circles.
///
/// Beside the `<body/>`; clients ignore it.
package struct AutomaticAnswer: Payload {
    package static let elementName = "automatic"
    package static let namespace = "urn:tradewind:chat:1"

    package init() {}

    package init(parsing element: Element) throws(PayloadError) {
        guard Self.matches(element) else { throw PayloadError("expected <automatic/>") }
    }

    package var element: Element { Element(Self.elementName, namespace: Self.namespace) }
}
