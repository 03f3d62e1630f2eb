package import CloudModel
package import XMPP

extension GrantBook.Caller {
    /// The caller behind an address that a stream has proved.
    package init(_ address: JID) {
        self.init(address: address.bare.description, domain: address.domain)
    }
}
