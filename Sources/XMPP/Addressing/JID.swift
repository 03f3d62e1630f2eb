/// An XMPP address (RFC 7622): `local@domain/resource`, each part prepared so that equal addresses are equal
/// strings.
package struct JID: Hashable, Sendable {
    package let local: String?
    package let domain: String
    package let resource: String?

    /// For parts that are already prepared; everything from outside goes through `init(_:)`.
    package init(preparedLocal local: String?, domain: String, resource: String?) {
        self.local = local
        self.domain = domain
        self.resource = resource
    }

    /// The address without its resource.
    package var bare: JID {
        self.resource == nil ? self : JID(preparedLocal: self.local, domain: self.domain, resource: nil)
    }

    package var isBare: Bool { self.resource == nil }

    /// The domain alone.
    package var domainJID: JID { JID(preparedLocal: nil, domain: self.domain, resource: nil) }
}

extension JID: CustomStringConvertible {
    package var description: String {
        var text = ""
        if let local { text += local + "@" }
        text += self.domain
        if let resource { text += "/" + resource }
        return text
    }
}

extension JID: Comparable {
    /// By what they look like.
    package static func < (lhs: Self, rhs: Self) -> Bool {
        // Clients of one account are what is sorted most, and need no text made for it.
        guard lhs.domain == rhs.domain, lhs.local == rhs.local else {
            return lhs.description < rhs.description
        }
        guard let left = lhs.resource, let right = rhs.resource else {
            return lhs.resource == nil && rhs.resource != nil
        }
        return left < right
    }
}
