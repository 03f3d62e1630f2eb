import Synchronization
import XML
import XMPP

/// Writes stanzas to a stream that another server has opened and uses in both directions (XEP-0288).
///
/// They are kept once the other side has enabled stream management, and then for as long as the stream may be resumed.
final class ReturnKeeper: StanzaKeeper {
    private let stream: String
    private let tally = Mutex<RemoteTally?>(nil)

    /// `stream` is the id of the connection's stream, as the tally knows it.
    init(stream: String) {
        self.stream = stream
    }

    var acknowledgedCount: UInt32 { self.tally.withLock { $0?.acknowledgedCount ?? 0 } }

    /// Writes what tells the other side that stream management begins or goes on, and what is to be sent again: all that
    /// is sent from here on is counted.
    func begin(_ tally: RemoteTally, with elements: [Element], into queue: OutboundQueue) {
        self.tally.withLock { current in
            for element in elements {
                guard let bytes = StreamWriter.bytes(of: element, contentNamespace: Namespace.server) else {
                    continue
                }
                _ = queue.append(bytes)
            }
            current = tally
        }
    }

    func send(_ stanza: Stanza, _ bytes: [UInt8], into queue: OutboundQueue) throws(StanzaError) -> Bool {
        try self.tally.withLock { tally throws(StanzaError) in
            if let tally { return try tally.send(stanza, bytes, on: self.stream, into: queue) }
            switch queue.append(bytes) {
            case .queued: return true
            case .closed: return false
            case .overflowed:
                throw StanzaError(
                    .resourceConstraint, text: "the other server does not read what is sent to it")
            }
        }
    }
}
