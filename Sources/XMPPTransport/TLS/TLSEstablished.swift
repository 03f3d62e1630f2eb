import XMPP

/// The event a channel's handlers see once its TLS handshake has finished.
struct TLSEstablished: Sendable {
    let facts: TLSFacts
}
