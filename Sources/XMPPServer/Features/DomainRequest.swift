package import CloudModel
package import XML
package import XMPP

/// An IQ request to the domain itself that the server may answer before the local service sees it.
package struct DomainRequest: Hashable, Sendable {
    /// The request with its `from`, which is proven.
    package let iq: IQ
    /// The one child of the request.
    package let query: Element
    package let now: Instant

    package init(iq: IQ, query: Element, now: Instant) {
        self.iq = iq
        self.query = query
        self.now = now
    }
}
