package import XML

/// Unblocks addresses, all of them if it names none (XEP-0191 §3.4, §3.5).
package struct Unblock: Payload {
    package static let elementName = "unblock"
    package static let namespace = Namespace.blocking

    package var addresses: [JID]

    package init(_ addresses: [JID] = []) {
        self.addresses = addresses
    }

    package init(parsing element: Element) throws(PayloadError) {
        try element.require(Self.self)
        self.addresses = try element.blockedAddresses()
    }

    package var element: Element { .blocking(Self.elementName, self.addresses) }
}
