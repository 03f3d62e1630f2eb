package import XMPP

/// The addresses one account wants to hear nothing of (XEP-0191).
package struct BlockList: Hashable, Sendable {
    package private(set) var addresses: Set<JID>

    package init(_ addresses: Set<JID> = []) {
        self.addresses = addresses
    }

    package var isEmpty: Bool { self.addresses.isEmpty }

    /// As clients are shown it, by address.
    package var listed: [JID] { self.addresses.sorted() }

    /// Whether stanzas of and to `address` are stopped: the address itself, its bare form, its domain with that resource
    /// or its whole domain is blocked (XEP-0191 §6).
    package func blocks(_ address: JID) -> Bool {
        if self.addresses.isEmpty { return false }
        if self.addresses.contains(address) || self.addresses.contains(address.domainJID) { return true }
        guard let resource = address.resource else { return false }
        return self.addresses.contains(address.bare)
            || self.addresses.contains(
                JID(preparedLocal: nil, domain: address.domain, resource: resource))
    }

    package mutating func block(_ addresses: [JID]) { self.addresses.formUnion(addresses) }

    package mutating func unblock(_ addresses: [JID]) { self.addresses.subtract(addresses) }
}
