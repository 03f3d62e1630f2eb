import XMPP

/// Why an attempt to reach another server came to nothing.
enum RemoteStreamError: Error, Sendable {
    /// DNS: there is no such domain, or it says that it has no XMPP server.
    case notFound(String)
    /// DNS did not answer.
    case unresolved(String)
    case unreachable(Route, reason: String)
    /// Policy blocks the domain.
    case blocked
    case negotiation(InitiatingRemoteStream.Failure)
    /// The stream ended before it had begun.
    case ended(StreamEnd)
    /// It took too long.
    case timedOut
    case shuttingDown

    /// What the senders of waiting stanzas are told (RFC 6120 §8.3.3.16–17).
    ///
    /// No more than that: what is behind an address, and what the other side said, is for the log. Otherwise anybody could
    /// look at the ports of whatever this process can reach.
    func stanzaError(_ remote: String) -> StanzaError {
        switch self {
        case .notFound: StanzaError(.remoteServerNotFound, text: "there is no server for \(remote)")
        case .blocked: StanzaError(.notAllowed, text: "nothing is exchanged with \(remote) here")
        case .negotiation(.untrustedPeer):
            StanzaError(.remoteServerTimeout, text: "\(remote) does not prove who it is as it should")
        case .unresolved, .unreachable, .negotiation, .ended, .timedOut:
            StanzaError(.remoteServerTimeout, text: "\(remote) cannot be reached")
        case .shuttingDown: StanzaError(.serviceUnavailable, text: "shutting down")
        }
    }

    /// For the log: what went wrong and where, in one line and not a long one, for some of it is the other side's words.
    var reason: String {
        switch self {
        case .notFound(let reason), .unresolved(let reason): LogText.escaped(reason)
        case .unreachable(let route, let reason): LogText.escaped("cannot be reached at \(route): \(reason)")
        case .blocked: "policy blocks it"
        case .negotiation(let failure): LogText.escaped("no stream: \(failure)")
        case .ended(let end): LogText.escaped("no stream: \(end)")
        case .timedOut: "it took too long"
        case .shuttingDown: "shutting down"
        }
    }
}
