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
    /// Writes a message into an archive; what follows from the same event is carried out when that is done.
    case archive(ArchiveEntry)
    /// Closes the session's stream.
    case close(SessionID, StreamError)

    /// Whether it comes back as an event.
    var isRouting: Bool {
        if case .route = self { true } else { false }
    }
}
