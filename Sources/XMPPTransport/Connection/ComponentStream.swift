package import XMPP

/// An external component's stream after its handshake: where stanzas for its domain are written to.
///
/// Safe to use from any thread.
package final class ComponentStream: Sendable {
    /// The stream id we gave it.
    package let id: String
    /// The domain it speaks for.
    package let domain: JID
    private let queue: OutboundQueue
    private let gate: ReadGate
    private let closing: @Sendable (StreamError?) -> Void

    init(
        id: String, domain: JID, queue: OutboundQueue, gate: ReadGate,
        closing: @escaping @Sendable (StreamError?) -> Void
    ) {
        self.id = id
        self.domain = domain
        self.queue = queue
        self.gate = gate
        self.closing = closing
    }

    /// Queues a stanza, without blocking; false if the stream is closed or closing, or the stanza is no XML.
    package func send(_ stanza: Stanza) -> Bool {
        let element = stanza.element(in: Namespace.component)
        guard let bytes = StreamWriter.bytes(of: element, contentNamespace: Namespace.component) else {
            return false
        }
        return self.queue.append(bytes) == .queued
    }

    /// Stops reading from the component; counted, pair with `resumeReading()`.
    package func pauseReading() { self.gate.pause() }

    package func resumeReading() { self.gate.resume() }

    package func close(_ error: StreamError?) { self.closing(error) }
}

/// Takes the streams of external components.
package protocol ComponentStreamAcceptor: Sendable {
    /// The component proved that it knows the secret; false if another speaks for the domain already.
    func accept(_ stream: ComponentStream) -> Bool

    /// A stanza of the component, from an address in its domain, with a recipient.
    func received(_ stanza: Stanza, on stream: ComponentStream)

    /// The stream is over; called once for each that was accepted.
    func ended(_ end: StreamEnd, on stream: ComponentStream)
}

/// What a listener needs to serve external components (XEP-0114).
package struct ComponentService: Sendable {
    /// By domain, prepared as in a `JID`.
    package var secrets: [String: String]
    package var acceptor: any ComponentStreamAcceptor

    package init(secrets: [String: String], acceptor: any ComponentStreamAcceptor) {
        self.secrets = secrets
        self.acceptor = acceptor
    }
}
