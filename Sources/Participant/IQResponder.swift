package import XML
package import XMPP

/// Answers requests of one kind; registered with `StanzaDispatcher`.
package protocol IQResponder: Sendable {
    /// The child of the result, or nil for an empty one.
    ///
    /// `from` is what the stream proved; whether it may ask is for the responder to decide.
    func respond(to iq: IQ, request: Element, from: JID) async throws(StanzaError) -> Element?
}
