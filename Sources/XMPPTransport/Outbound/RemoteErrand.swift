import XMPP

/// What another server is to be reached for.
struct RemoteErrand: Sendable {
    let pair: DomainPair
    var purpose: InitiatingRemoteStream.Purpose
    /// For whom DNS is asked.
    let asker: Resolver.Asker
    let management: OutboundManagement
    /// Gets what comes the other way, where the other side uses the stream in both directions (XEP-0288).
    let receiver: (any RemoteStanzaReceiver)?
}
