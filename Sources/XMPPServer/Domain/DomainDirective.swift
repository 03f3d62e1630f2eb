package import XMPP

/// What the shell does for a domain.
package enum DomainDirective: Hashable, Sendable {
    /// Hands the stanza to these sessions.
    case deliver(Stanza, [SessionID])
    /// Hands the stanza to the local service.
    case serve(Stanza)
    /// Sends the stanza to another domain.
    case sendRemote(Stanza)
    /// Comes back at once as `DomainEvent.routed`.
    case route(Stanza)
    /// Closes the session's stream.
    case close(SessionID, StreamError)
}
