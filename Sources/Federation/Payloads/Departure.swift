package import XML
package import XMPP

/// Says that the sender is no longer allied with the receiver: `<departure/>`, answered with an empty result.
///
/// Nothing that runs is touched; only rows, reservations and commands end.
package struct Departure: Payload {
    package static let elementName = "departure"
    package static let namespace = Namespace.federation

    /// For the other site's admins.
    package let reason: String?

    package init(reason: String? = nil) {
        self.reason = reason
    }

    package init(parsing element: Element) throws(PayloadError) {
        let reader = try ElementReader(element, named: Self.elementName)
        self.init(reason: try reader.childText("reason"))
    }

    package var element: Element {
        Element(
            Self.elementName, namespace: Self.namespace, [:],
            self.reason.map { [Element("reason", namespace: Self.namespace, text: $0)] } ?? [])
    }
}
