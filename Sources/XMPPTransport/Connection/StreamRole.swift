import NIOCore
import XML
import XMPP

/// What one kind of stream makes of the events of its connection.
///
/// Confined to the event loop of its channel.
protocol StreamRole: AnyObject {
    var kind: TransportMetrics.Kind { get }
    /// `jabber:client` or `jabber:server`.
    var contentNamespace: String { get }

    /// The connection is up; with direct TLS, after `established`.
    func started(on stream: StreamHandler)
    func established(_ facts: TLSFacts, on stream: StreamHandler)
    func received(_ header: StreamHeader, on stream: StreamHandler)
    func received(_ element: Element, on stream: StreamHandler)
    /// The time to authenticate is over.
    func timedOut(on stream: StreamHandler)
    /// How long the peer may be silent once it has authenticated; nil for as long as it likes.
    var longestSilence: TimeAmount? { get }
    /// The peer was silent for so long; whether it has been asked to say something.
    func silent(on stream: StreamHandler) -> Bool
    /// The peer was asked, and has said nothing at all for `TransportLimits.clientAnswer`.
    func unanswered(on stream: StreamHandler)
    /// In what the peer failed before it had proved who it is; nil if it proved it, or did nothing wrong.
    var failure: String? { get }
    /// A session of TLS for STARTTLS on this stream.
    func makeTLSSession() throws(TLSError) -> TLSSession
    /// What to answer a header with that was refused before the role could see it; nil for who opened the stream.
    func headerForRefusal() -> StreamHeader?
    /// The stream is over; nothing follows. Called once.
    func ended(_ end: StreamEnd)
}

extension StreamRole {
    /// Most peers may be silent for as long as they like.
    var longestSilence: TimeAmount? { nil }

    func silent(on stream: StreamHandler) -> Bool { false }

    func unanswered(on stream: StreamHandler) {
        stream.close(StreamError(.connectionTimeout, text: "nothing was heard for too long"))
    }

    var failure: String? { nil }
}
