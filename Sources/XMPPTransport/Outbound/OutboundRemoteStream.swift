import NIOCore
import Synchronization
import XML
import XMPP

/// An authenticated stream on which stanzas are written to another server, whichever side opened it.
final class OutboundRemoteStream: Sendable {
    /// Completed when the connection is gone.
    let ended: EventLoopFuture<Void>
    private let queue: OutboundQueue
    private let keeper: any StanzaKeeper
    /// What the peer says it takes at most (XEP-0478), in bytes; nil if it does not say.
    private let longestStanza: Int?
    private let closing: @Sendable (StreamError?) -> Void
    private let wasUsed = Atomic(true)

    init(
        queue: OutboundQueue, keeper: any StanzaKeeper, ended: EventLoopFuture<Void>,
        longestStanza: Int?,
        closing: @escaping @Sendable (StreamError?) -> Void
    ) {
        self.queue = queue
        self.keeper = keeper
        self.ended = ended
        self.longestStanza = longestStanza
        self.closing = closing
    }

    /// Queues the stanza; false if the stream is over, so that it has to go by a new one.
    ///
    /// Throws what its sender is to be told if it cannot be sent at all.
    func send(_ stanza: Stanza) throws(StanzaError) -> Bool {
        let element = stanza.element(in: Namespace.server)
        guard let bytes = StreamWriter.bytes(of: element, contentNamespace: Namespace.server) else {
            throw StanzaError(.badRequest, text: "the stanza holds what XML cannot carry")
        }
        if let longestStanza, bytes.count > longestStanza {
            throw StanzaError(
                .policyViolation,
                text: "\(bytes.count) bytes; the other server takes \(longestStanza) at most")
        }
        self.wasUsed.store(true, ordering: .relaxed)
        return try self.keeper.send(stanza, bytes, into: self.queue)
    }

    /// Queues what is kept already, or is not counted.
    func write(_ element: Element) {
        guard let bytes = StreamWriter.bytes(of: element, contentNamespace: Namespace.server) else { return }
        _ = self.queue.append(bytes)
    }

    /// How many stanzas the other server said it had handled; none without stream management.
    var acknowledgedCount: UInt32 { self.keeper.acknowledgedCount }

    /// Something came on the stream, so that it is of use.
    func touch() { self.wasUsed.store(true, ordering: .relaxed) }

    var isOpen: Bool { !self.queue.isClosed }

    func wasUsedSinceLastAsked() -> Bool {
        self.wasUsed.exchange(false, ordering: .relaxed)
    }

    func close(_ error: StreamError?) { self.closing(error) }
}
