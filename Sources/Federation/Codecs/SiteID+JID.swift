package import CloudModel
package import XMPP

extension SiteID {
    /// The site at `address`, whatever resource it sent from.
    package init(_ address: JID) {
        self.init(address.bare.description)
    }

    /// Prepares an address that a person or a peer wrote (RFC 7622).
    package init(preparing text: String) throws(SiteAddressError) {
        let address: JID
        do {
            address = try JID(text)
        } catch {
            throw SiteAddressError(problem: "\(text.prefix(64)) is not an XMPP address: \(error)")
        }
        guard address.isBare else {
            throw SiteAddressError(problem: "\(text.prefix(64)) must not have a resource")
        }
        self.init(address)
    }

    /// The resource under which the process of a site that is an account is found.
    ///
    /// What is sent to an account itself is answered, or handed to any of its clients, by its server (RFC 6121 §8.5.2).
    package static let accountResource = "tradewind"

    /// Where stanzas for the site go: its domain, or for an account the one resource that is the site's process.
    package func jid() throws(SiteAddressError) -> JID {
        do {
            let address = try JID(self.address)
            guard let local = address.local else { return address }
            return JID(preparedLocal: local, domain: address.domain, resource: Self.accountResource)
        } catch {
            throw SiteAddressError(problem: "\(self.address.prefix(64)) is not an XMPP address: \(error)")
        }
    }
}
