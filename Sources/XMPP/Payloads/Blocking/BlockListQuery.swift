package import XML

/// The addresses somebody wants to hear nothing of: the question and its answer (XEP-0191 §3.2).
package struct BlockListQuery: Payload {
    package static let elementName = "blocklist"
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

extension Element {
    func blockedAddresses() throws(PayloadError) -> [JID] {
        var addresses: [JID] = []
        for item in self.children("item") { addresses.append(try item.requiredAddress("jid")) }
        return addresses
    }

    static func blocking(_ name: String, _ addresses: [JID]) -> Element {
        Element(
            name, namespace: Namespace.blocking, [:],
            addresses.map { Element("item", namespace: Namespace.blocking, ["jid": $0.description]) })
    }
}
