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

    /// The address as stanzas carry it.
    package func jid() throws(SiteAddressError) -> JID {
        do {
            return try JID(self.address)
        } catch {
            throw SiteAddressError(problem: "\(self.address.prefix(64)) is not an XMPP address: \(error)")
        }
    }
}
