package import XMPP

/// What happens to a domain.
package enum DomainEvent: Hashable, Sendable {
    /// A client sent a stanza; its `from` has been checked against the session.
    case fromClient(Stanza, SessionID)
    /// The local service sent a stanza.
    case fromService(Stanza)
    /// A stanza for this domain whose `from` is proven: by the stream of another server, or because it was made here.
    case routed(Stanza)
    /// A session is over, however it came to that.
    case sessionEnded(SessionID)
    /// A session that is over left this unacknowledged.
    case undelivered(UndeliveredStanza)
}
