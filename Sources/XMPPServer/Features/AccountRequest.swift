package import CloudModel
package import XML
package import XMPP

/// An IQ request that the server answers in the name of an account (RFC 6121 §8.5.2.1.3).
package struct AccountRequest: Hashable, Sendable {
    /// The request with its `from`, which is proven.
    package let iq: IQ
    /// The one child of the request.
    package let query: Element
    /// The bare JID of the account that is asked.
    package let account: JID
    /// The client that asks its own account; nil if somebody else asks.
    package let session: ClientSession?
    package let now: Instant

    package init(iq: IQ, query: Element, account: JID, session: ClientSession?, now: Instant) {
        self.iq = iq
        self.query = query
        self.account = account
        self.session = session
        self.now = now
    }

    /// The bare JID of whoever asks.
    package var asker: JID { self.session?.address.bare ?? self.iq.from?.bare ?? self.account }

    package var isFromOwner: Bool { self.session != nil || self.iq.from?.bare == self.account }
}
