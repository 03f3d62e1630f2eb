package import XMPP

/// How a role speaks XMPP, whether it is the server of its domain, a component or a client of somebody else's.
///
/// Nothing above this port knows which of them it is.
package protocol XMPPLink: Sendable {
    /// The bare JID under which this process is known to the others.
    var address: JID { get }

    /// Hands a stanza to routing. `from` is filled in if absent.
    ///
    /// Returns once the stanza is taken, not delivered: that it cannot be delivered is told by an error stanza that comes
    /// back, if at all. Throws `StanzaError` if it is not taken: `not-allowed` for a `from` that is not ours; of an
    /// attached process also `bad-request` for what XML cannot carry, and `resource-constraint` if too much waits.
    func send(_ stanza: Stanza) async throws

    /// Sends a request and waits for its answer; the result's child.
    ///
    /// Throws the peer's `StanzaError`, or `remote-server-timeout` after `timeout`. An answer counts only if both `id`
    /// and `from` match the request. A time-out is not a refusal: the peer may have acted.
    func request(_ iq: IQ, timeout: Duration) async throws -> IQ
}

/// Receives what is addressed to this process, after authentication: `from` is what the stream proved.
package protocol StanzaHandler: Sendable {
    /// Handles one stanza. An IQ request must be answered, by the handler, through the link.
    ///
    /// Called in order per sender; must not block on long work, or it holds up that sender.
    func handle(_ stanza: Stanza, on link: any XMPPLink) async
}
