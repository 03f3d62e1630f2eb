import Cryptography
import Synchronization
import XMPP

/// What has been received on a managed stream of another server, and sent where it is used in both directions, over as
/// many connections as it took (XEP-0198).
final class RemoteTally: Sendable {
    private struct State {
        var management: StreamManagement<Stanza>
        var stream: String
    }

    /// Random bytes in a token.
    private static let tokenLength = 32

    /// The domain whose stream it is.
    let peer: String
    /// The id of the first stream.
    let source: String
    /// What the stream is resumed by.
    let token: String
    /// How long it may be resumed after its connection broke.
    let seconds: UInt32
    private let state: Mutex<State>

    /// - Parameter limits: of what may be sent and not acknowledged; nothing is, on a stream that goes one way.
    init(
        peer: String, stream: String, seconds: UInt32,
        limits: StreamManagement<Stanza>.Limits = .init(stanzas: 0, bytes: 0)
    ) {
        var random = SecureRandom()
        self.peer = peer
        self.source = stream
        self.token = Hexadecimal.encode(random.bytes(Self.tokenLength))
        self.seconds = seconds
        self.state = Mutex(State(management: StreamManagement(limits: limits), stream: stream))
    }

    var count: UInt32 { self.state.withLock { $0.management.handled } }

    /// A stanza came on `stream`; false if the peer has resumed over another one, and then it does not count.
    func handle(on stream: String) -> Bool {
        self.state.withLock { state in
            guard state.stream == stream else { return false }
            state.management.handle()
            return true
        }
    }

    /// Whether it goes on over `stream`, and not over one by which the peer has resumed it.
    func isCarried(by stream: String) -> Bool { self.state.withLock { $0.stream == stream } }

    /// Goes on over `stream`: what comes on any other does not count any more.
    func move(to stream: String) { self.state.withLock { $0.stream = stream } }
}

// MARK: What is sent the other way (XEP-0288)

extension RemoteTally {
    private static let request = StreamWriter.bytes(
        of: StreamManagementElement.request.element, contentNamespace: Namespace.server)

    /// What was sent and is acknowledged, modulo 2^32.
    var acknowledgedCount: UInt32 {
        self.state.withLock { state in
            state.management.sent &- UInt32(truncatingIfNeeded: state.management.unacknowledgedCount)
        }
    }

    /// What was sent and is not acknowledged.
    var unacknowledgedCount: Int { self.state.withLock { $0.management.unacknowledgedCount } }

    /// Their bytes.
    var unacknowledgedBytes: Int { self.state.withLock { $0.management.unacknowledgedBytes } }

    /// Writes a stanza on `stream` and keeps it until it is acknowledged; false if the peer is elsewhere or gone, and
    /// then nothing was kept.
    func send(
        _ stanza: Stanza, _ bytes: [UInt8], on stream: String, into queue: OutboundQueue
    ) throws(StanzaError) -> Bool {
        try self.state.withLock { state throws(StanzaError) in
            guard state.stream == stream, !queue.isClosed else { return false }
            guard case .kept(let mustRequest) = state.management.send(stanza, bytes: bytes.count) else {
                throw StanzaError(
                    .resourceConstraint, text: "the other server does not acknowledge what is sent to it")
            }
            // Kept all the same if the stream has just ended: it goes by the next connection, or back to its sender.
            if queue.append(bytes) == .queued, mustRequest, let request = Self.request {
                _ = queue.append(request)
            }
            return true
        }
    }

    /// The peer has handled so many; whether it is to be asked again.
    func acknowledge(_ count: UInt32) throws(StreamError) -> Bool {
        try self.state.withLock { state throws(StreamError) in try state.management.acknowledge(count) }
    }

    /// The peer has handled so many before it came back: what must be sent again, in order.
    func resume(from count: UInt32) throws(StreamError) -> [Stanza] {
        try self.state.withLock { state throws(StreamError) in try state.management.resume(from: count) }
    }

    /// What was sent and never acknowledged, if the peer has not come back since `stream`; it is not kept any more.
    ///
    /// - Parameter stream: nil for whichever it is.
    func abandon(after stream: String? = nil) -> [Stanza] {
        self.state.withLock { state in
            guard stream == nil || state.stream == stream else { return [] }
            let left = state.management.unacknowledged
            state.management = StreamManagement(
                limits: .init(stanzas: 0, bytes: 0), handled: state.management.handled,
                sent: state.management.sent)
            return left
        }
    }
}
