package import NIOCore
package import XML
package import XMPP

/// A client's stream after authentication: where its session sends to.
///
/// Safe to use from any thread.
package final class ClientStream: Sendable {
    /// The stream id we gave it (RFC 6120 §4.7.3).
    package let id: String
    /// Who authenticated: a bare JID of a domain served here.
    package let account: JID
    /// The SASL mechanism it was done with.
    package let mechanism: String
    package let remoteAddress: String
    /// Nil only where configuration allows clients without TLS.
    package let tls: TLSFacts?
    /// The event loop on which the delegate is called.
    package let eventLoop: any EventLoop

    private let queue: OutboundQueue
    private let gate: ReadGate
    private let settling: @Sendable () -> Void
    private let closing: @Sendable (StreamError?) -> Void

    init(
        id: String, account: JID, mechanism: String, remoteAddress: String, tls: TLSFacts?,
        eventLoop: any EventLoop, queue: OutboundQueue, gate: ReadGate,
        settling: @escaping @Sendable () -> Void,
        closing: @escaping @Sendable (StreamError?) -> Void
    ) {
        self.id = id
        self.account = account
        self.mechanism = mechanism
        self.remoteAddress = remoteAddress
        self.tls = tls
        self.eventLoop = eventLoop
        self.queue = queue
        self.gate = gate
        self.settling = settling
        self.closing = closing
    }

    /// Queues a stanza for the client, without blocking; false if the stream is closed or closing.
    ///
    /// A client that does not read is closed with `resource-constraint` at the limits of `TransportLimits`. A stanza
    /// with characters that XML forbids is refused: that is an error of whoever made it, and nothing is sent.
    @discardableResult
    package func send(_ stanza: Stanza) -> Bool {
        self.send(stanza.element(in: Namespace.client))
    }

    /// Queues a first-level element that need not be a stanza.
    @discardableResult
    package func send(_ element: Element) -> Bool {
        guard let bytes = Self.bytes(of: element) else { return false }
        return self.send(bytes: bytes)
    }

    /// The bytes of a first-level element as any client gets it; nil if it holds what XML cannot carry.
    package static func bytes(of element: Element) -> [UInt8]? {
        StreamWriter.bytes(of: element, contentNamespace: Namespace.client)
    }

    /// Queues what `bytes(of:)` made.
    @discardableResult
    package func send(bytes: [UInt8]) -> Bool {
        self.queue.append(bytes) == .queued
    }

    /// To be called once a resource is bound or a session resumed: until then the time to authenticate goes on.
    package func settled() { self.settling() }

    /// Stops reading from the client: TCP then holds it back.
    ///
    /// Counted; pair with `resumeReading()`.
    package func pauseReading() { self.gate.pause() }

    package func resumeReading() { self.gate.resume() }

    /// Writes what is queued, then the error if there is one, then `</stream:stream>`, and closes the connection.
    package func close(_ error: StreamError? = nil) { self.closing(error) }
}
