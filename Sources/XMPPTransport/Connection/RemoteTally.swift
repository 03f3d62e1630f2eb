import Cryptography
import Synchronization
import XMPP

/// What has been received on a managed stream of another server, over as many connections as it took (XEP-0198).
final class RemoteTally: Sendable {
    private struct State {
        var management = StreamManagement<Never>(limits: .init(stanzas: 0, bytes: 0))
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

    init(peer: String, stream: String, seconds: UInt32) {
        var random = SecureRandom()
        self.peer = peer
        self.source = stream
        self.token = Hexadecimal.encode(random.bytes(Self.tokenLength))
        self.seconds = seconds
        self.state = Mutex(State(stream: stream))
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

    /// Goes on over `stream`; what was received until now.
    func move(to stream: String) -> UInt32 {
        self.state.withLock { state in
            state.stream = stream
            return state.management.handled
        }
    }
}
