import Synchronization
import XML
import XMPP

/// Stream management of the stanzas from one domain here to one elsewhere, over as many connections as it takes
/// (XEP-0198).
///
/// Safe to use from any thread. What is kept and what is written never differ: both happen under one lock.
final class OutboundManagement: StanzaKeeper {
    typealias Initiator = StreamManagementInitiator<Stanza>

    /// What comes the other way is one sequence, over however many connections (XEP-0288).
    let source = StreamEnvironment.makeStreamID()
    private let state: Mutex<Initiator>
    private let isReturned = Atomic(false)
    private let onLost: @Sendable ([Stanza]) -> Void

    /// `onLost` gets what the other server never acknowledged and may or may not have handled.
    init(
        limits: StreamManagement<Stanza>.Limits, onLost: @escaping @Sendable ([Stanza]) -> Void
    ) {
        self.state = Mutex(Initiator(limits: limits))
        self.onLost = onLost
    }

    var acknowledgedCount: UInt32 { self.state.withLock { $0.acknowledgedCount } }

    var unacknowledgedCount: Int { self.state.withLock { $0.unacknowledgedCount } }

    /// Whether there is a former stream to go on with.
    var canResume: Bool { self.state.withLock { $0.canResume } }

    /// Whether a stream that broke may have left something to be sent again: by this side or by the other one, as nobody
    /// here knows what was on its way back (XEP-0288).
    var isUnfinished: Bool {
        let isReturned = self.isReturned.load(ordering: .relaxed)
        return self.state.withLock { $0.unacknowledgedCount > 0 || (isReturned && $0.canResume) }
    }

    /// Whether the stream that begins is used in both directions.
    func begins(isReturned: Bool) { self.isReturned.store(isReturned, ordering: .relaxed) }

    /// What asks the other server to go on with the former stream; nil if there is none.
    func resume() -> Element? { self.state.withLock { Self.element(in: $0.resume()) } }

    /// What asks the other server for stream management of a new stream.
    func enable() -> Element? {
        // Not resumed, because it is not offered any more: what was left is lost.
        self.giveUp()
        return self.state.withLock { Self.element(in: $0.enable()) }
    }

    /// A stanza of the other server was received, on a stream that is used in both directions.
    func handle() { self.state.withLock { $0.handle() } }

    func receive(_ element: Element) -> [Initiator.Directive] {
        let directives = self.state.withLock { $0.receive(element) }
        self.report(directives)
        return directives
    }

    /// Writes a stanza and keeps it until it is acknowledged; false if the stream is over and nothing was kept.
    func send(_ stanza: Stanza, _ bytes: [UInt8], into queue: OutboundQueue) throws(StanzaError) -> Bool {
        try self.state.withLock { state throws(StanzaError) in
            guard !queue.isClosed else { return false }
            guard case .kept(let mustRequest) = state.send(stanza, bytes: bytes.count) else {
                throw StanzaError(
                    .resourceConstraint, text: "the other server does not acknowledge what is sent to it")
            }
            switch queue.append(bytes) {
            case .queued:
                if mustRequest, let request = Self.request { _ = queue.append(request) }
                return true
            // Kept all the same: it goes by the next connection, or back to its sender.
            case .closed, .overflowed:
                guard !state.isActive else { return true }
                throw StanzaError(
                    .resourceConstraint, text: "the other server does not read what is sent to it")
            }
        }
    }

    /// The connection is over.
    func ended(_ end: StreamEnd) {
        switch end {
        case .lost:
            let directives = self.state.withLock { $0.disconnected() }
            self.report(directives)
        // Also after a good-bye nobody says that what was written before it has arrived.
        case .closedHere, .closedByPeer, .refusedByPeer: self.giveUp()
        }
    }

    /// The former stream will not go on.
    func giveUp() {
        let directives = self.state.withLock { $0.giveUp() }
        self.report(directives)
    }

    private func report(_ directives: [Initiator.Directive]) {
        for case .lost(let stanzas) in directives where !stanzas.isEmpty { self.onLost(stanzas) }
    }

    private static func element(in directives: [Initiator.Directive]) -> Element? {
        for case .send(let element) in directives { return element }
        return nil
    }

    private static let request = StreamWriter.bytes(
        of: StreamManagementElement.request.element, contentNamespace: Namespace.server)
}
