package import XML

/// Blocks addresses, or tells a client that another has (XEP-0191 §3.3).
package struct Block: Payload {
    package static let elementName = "block"
    package static let namespace = Namespace.blocking

    package var addresses: [JID]

    package init(_ addresses: [JID]) {
        self.addresses = addresses
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.addresses = try element.blockedAddresses()
        if self.addresses.isEmpty { throw PayloadError("<block/> needs at least one item") }
    }

    package var element: Element { .blocking(Self.elementName, self.addresses) }
}
