package import XML
package import XMPP

/// A responder made of a function.
package struct Responder: IQResponder {
    private let body: @Sendable (IQ, Element, JID) async throws(StanzaError) -> Element?

    package init(
        _ body: @escaping @Sendable (IQ, Element, JID) async throws(StanzaError) -> Element?
    ) {
        self.body = body
    }

    package func respond(to iq: IQ, request: Element, from: JID) async throws(StanzaError) -> Element? {
        try await self.body(iq, request, from)
    }
}
