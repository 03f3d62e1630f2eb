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
    case shuttingDown

    /// What the senders of waiting stanzas are told (RFC 6120 §8.3.3.16–17).
    func stanzaError(_ remote: String) -> StanzaError {
        switch self {
        case .notFound(let reason): StanzaError(.remoteServerNotFound, text: reason)
        case .unresolved(let reason): StanzaError(.remoteServerTimeout, text: reason)
        case .unreachable(let route, let reason):
            StanzaError(.remoteServerTimeout, text: "\(remote) cannot be reached at \(route): \(reason)")
        case .blocked:
            StanzaError(.notAllowed, text: "nothing is exchanged with \(remote) here")
        case .negotiation(let failure):
            StanzaError(.remoteServerTimeout, text: "no stream to \(remote): \(failure)")
        case .ended(let end):
            StanzaError(.remoteServerTimeout, text: "no stream to \(remote): \(end)")
        case .shuttingDown: StanzaError(.serviceUnavailable, text: "shutting down")
        }
    }
}
