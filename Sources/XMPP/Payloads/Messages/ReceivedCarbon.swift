package import XML

/// A copy of what another client of the account got (XEP-0280 §7).
///
/// To be believed only if it comes from the account's own bare address (§11).
package struct ReceivedCarbon: Payload {
    package static let elementName = "received"
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

extension Element {
    /// The stanza that an element holds which is nothing without one.
    func requiredForwarded() throws(PayloadError) -> Forwarded {
        guard let forwarded = try self.firstChild(Forwarded.self) else {
            throw PayloadError("<\(self.name)/> holds no forwarded message")
        }
        return forwarded
    }
}
