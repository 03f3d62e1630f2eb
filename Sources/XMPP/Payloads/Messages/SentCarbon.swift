package import XML

/// A copy of what another client of the account sent (XEP-0280 §8).
///
/// To be believed only if it comes from the account's own bare address (§11).
package struct SentCarbon: Payload {
    package static let elementName = "sent"
    package static let namespace = Namespace.carbons

    package var forwarded: Forwarded

    package init(_ forwarded: Forwarded) {
        self.forwarded = forwarded
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.forwarded = try element.requiredForwarded()
    }

    package var element: Element {
        Element(Self.elementName, namespace: Self.namespace, [:], [self.forwarded.element])
    }
}
