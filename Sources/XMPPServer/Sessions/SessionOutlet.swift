import CloudModel
import Cryptography
import NIOCore
import Synchronization
import XML
import XMPP
import XMPPTransport

/// Where the stanzas for a session go: to its stream, or, while the connection is broken, to a queue from which the
/// client gets them when it comes back (XEP-0198).
///
/// Safe to use from any thread. What is counted and what is written never differ: both happen under one lock.
final class SessionOutlet: Sendable {
    enum OnSend: Hashable, Sendable {
        case taken
        /// XML cannot carry it: nothing was sent, which is an error of whoever made it.
        case unprintable
        /// The client leaves too much unacknowledged: the session is over, and this is what it never got.
        case overflowed([UndeliveredStanza])
    }

    /// What the end of a stream means for its session.
    enum OnEnd: Hashable, Sendable {
        /// The session goes on: over another stream already, or for so many seconds without one.
        case goesOn
        case hibernates(seconds: UInt32)
        case over([UndeliveredStanza])
    }

    /// What a request to resume comes to.
    enum OnResume: Sendable {
        /// The session has left `replaced`, the stream it had until now, and waits for `resume(on:)`.
        case begun(replaced: ClientStream?)
        /// The session ended a moment ago.
        case gone
    }

    /// A client that is back, and is not told so yet.
    private struct Newcomer {
        let stream: ClientStream
        /// What the client has handled.
        let count: UInt32
        /// What was handled of the client's before it came back.
        let handled: UInt32
    }

    private struct State {
        var stream: ClientStream?
        var newcomer: Newcomer?
        var attention: ClientStateQueue
        var management: StreamManagement<UndeliveredStanza>?
        var terms = StreamManagementElement.Terms()
        var expiry: Scheduled<Void>?
        /// Since when there is no stream; nil before there ever was none.
        var alone: NIODeadline?
        var isOver = false
    }

    let session: ClientSession
    /// The id of the session's first stream: what the client sends is handled in order, whatever stream it comes by.
    let key: String
    private let limits: SessionLimits
    private let state: Mutex<State>

    init(_ session: ClientSession, stream: ClientStream, limits: SessionLimits) {
        self.session = session
        self.key = stream.id
        self.limits = limits
        self.state = Mutex(
            State(
                stream: stream,
                attention: ClientStateQueue(limit: limits.inactiveStanzas, bytes: limits.inactiveBytes)))
    }

    // MARK: Out

    func send(_ stanza: Stanza, to recipients: [SessionID], now: () -> Instant) -> OnSend {
        self.state.withLock { state in
            guard !state.isOver else { return .taken }
            guard state.management != nil || state.attention.isInactive else {
                guard let bytes = ClientStream.bytes(of: stanza.element(in: Namespace.client)) else {
                    return .unprintable
                }
                state.stream?.send(bytes: bytes)
                return .taken
            }
            let item = UndeliveredStanza(stanza, recipients: recipients, sentAt: now())
            return Self.transmit(state.attention.offer(item), &state)
        }
    }

    private static func transmit(_ items: [UndeliveredStanza], _ state: inout State) -> OnSend {
        var outcome = OnSend.taken
        for (index, item) in items.enumerated() {
            switch Self.transmit(item, &state) {
            case .taken: continue
            case .unprintable: outcome = .unprintable
            case .overflowed(let rest): return .overflowed(rest + items[(index + 1)...])
            }
        }
        return outcome
    }

    private static func transmit(_ item: UndeliveredStanza, _ state: inout State) -> OnSend {
        guard let bytes = ClientStream.bytes(of: item.stanza.element(in: Namespace.client)) else {
            return .unprintable
        }
        switch state.management?.send(item, bytes: bytes.count) {
        case .kept(let mustRequest):
            state.stream?.send(bytes: bytes)
            if mustRequest { state.stream?.send(StreamManagementElement.request.element) }
            return .taken
        case .full: return .overflowed(Self.finish(&state) + [item])
        case nil:
            state.stream?.send(bytes: bytes)
            return .taken
        }
    }

    // MARK: In

    /// The client sent a stanza on `stream`; false if the session has left that stream, and then it does not count.
    func handled(on stream: ClientStream) -> Bool {
        self.state.withLock { state in
            guard !state.isOver, state.stream === stream || state.newcomer?.stream === stream else {
                return false
            }
            state.management?.handle()
            return true
        }
    }

    /// How much was handled so far; nil if that is not counted on this stream.
    func handledCount(on stream: ClientStream) -> UInt32? {
        self.state.withLock { $0.stream === stream ? $0.management?.handled : nil }
    }

    /// Says how much was handled; nothing if the session has left the stream meanwhile.
    func acknowledge(_ count: UInt32, on stream: ClientStream) {
        self.state.withLock { state in
            guard state.stream === stream else { return }
            stream.send(StreamManagementElement.answer(handled: count).element)
        }
    }

    /// The client said how much it has handled; throws what to close its stream with if that cannot be.
    func acknowledged(_ count: UInt32, on stream: ClientStream) throws(StreamError) {
        try self.state.withLock { state throws(StreamError) in
            guard state.stream === stream, var management = state.management else { return }
            let mustRequest = try management.acknowledge(count)
            state.management = management
            if mustRequest { stream.send(StreamManagementElement.request.element) }
        }
    }

    // MARK: Stream management

    /// Begins to count, and answers the request; false if that was done before (XEP-0198 §3).
    func enable(token: String?, wish: UInt32?, on stream: ClientStream) -> Bool {
        self.state.withLock { state in
            guard !state.isOver, state.stream === stream, state.management == nil else { return false }
            let time = min(wish ?? .max, self.limits.resumptionSeconds)
            // A stream that is not kept at all is not one to be resumed.
            let token = time > 0 ? token : nil
            state.terms = StreamManagementElement.Terms(
                token: token, resumptionTime: token == nil ? nil : time)
            state.management = StreamManagement(limits: self.limits.unacknowledged)
            stream.send(StreamManagementElement.enabled(state.terms).element)
            return true
        }
    }

    /// Whether `token` is the one given for this session; takes the same time wherever they differ.
    func isNamed(_ token: String) -> Bool {
        guard let own = self.state.withLock({ $0.terms.token }) else { return false }
        return ConstantTime.areEqual(Array(own.utf8), Array(token.utf8))
    }

    /// The client is back on `stream`, and has handled so much; nothing counts any more that comes by another stream.
    ///
    /// Throws what to close that stream with if the count cannot be; the session then stays as it was.
    func beginResumption(on stream: ClientStream, handled count: UInt32) throws(StreamError) -> OnResume {
        try self.state.withLock { state throws(StreamError) in
            guard !state.isOver, var management = state.management, state.terms.token != nil else {
                return .gone
            }
            _ = try management.resume(from: count)
            state.management = management
            let replaced = state.stream ?? state.newcomer?.stream
            state.stream = nil
            state.newcomer = Newcomer(stream: stream, count: count, handled: management.handled)
            return .begun(replaced: replaced)
        }
    }

    /// Goes on over `stream`: tells the client how much of its was handled, and sends again what it has not handled.
    ///
    /// To be called once all that was handled has had its effect: the client will not send it again. Nothing happens if
    /// the client has gone, or come by yet another stream, meanwhile.
    func resume(on stream: ClientStream) throws(StreamError) -> OnSend {
        try self.state.withLock { state throws(StreamError) in
            guard !state.isOver, let newcomer = state.newcomer, newcomer.stream === stream,
                var management = state.management, let token = state.terms.token
            else { return .taken }
            let again = try management.resume(from: newcomer.count)
            management.limits = self.limits.unacknowledged
            state.management = management
            state.expiry?.cancel()
            state.expiry = nil
            state.newcomer = nil
            state.stream = stream
            stream.settled()
            stream.send(StreamManagementElement.resumed(token: token, handled: newcomer.handled).element)
            for item in again { stream.send(item.stanza) }
            if !again.isEmpty { stream.send(StreamManagementElement.request.element) }
            // XEP-0352 §5.1: somebody looks, until the client says otherwise again.
            return Self.transmit(state.attention.activate(), &state)
        }
    }

    // MARK: Attention

    /// Somebody looks at the client again, or nobody does any more (XEP-0352).
    func turn(isActive: Bool, on stream: ClientStream) -> OnSend {
        self.state.withLock { state in
            guard !state.isOver, state.stream === stream else { return .taken }
            guard isActive else {
                state.attention.deactivate()
                return .taken
            }
            return Self.transmit(state.attention.activate(), &state)
        }
    }

    /// Asks a silent client for an acknowledgement; false if it does not do stream management.
    func requestAcknowledgement(on stream: ClientStream) -> Bool {
        self.state.withLock { state in
            guard state.stream === stream, state.management != nil else { return false }
            state.management?.request()
            return stream.send(StreamManagementElement.request.element)
        }
    }

    // MARK: The end

    /// A stream of the session is over; `isFinal` if the client cannot mean to come back.
    func ended(_ stream: ClientStream, isFinal: Bool) -> OnEnd {
        self.state.withLock { state in
            guard !state.isOver, state.stream === stream || state.newcomer?.stream === stream else {
                return .goesOn
            }
            state.stream = nil
            state.newcomer = nil
            let time = state.terms.resumptionTime ?? 0
            guard !isFinal, time > 0 else { return .over(Self.finish(&state)) }
            state.management?.limits = self.limits.hibernated
            state.alone = stream.eventLoop.now
            // Nobody can look at what is not there: presence does not fill the queue meanwhile.
            state.attention.deactivate()
            return .hibernates(seconds: time)
        }
    }

    /// Keeps the task that will end the hibernation, unless that is over already.
    func expires(by expiry: Scheduled<Void>) {
        let isMoot = self.state.withLock { state in
            guard !state.isOver, state.stream == nil, state.newcomer == nil else { return true }
            state.expiry?.cancel()
            state.expiry = expiry
            return false
        }
        if isMoot { expiry.cancel() }
    }

    /// Since when the session has no stream; nil if it has one, or is over.
    var hibernatesSince: NIODeadline? {
        self.state.withLock { state in
            state.isOver || state.stream != nil || state.newcomer != nil ? nil : state.alone
        }
    }

    /// The session hibernates no longer; what its client never got, or nil if it came back or is over.
    func expire() -> [UndeliveredStanza]? {
        self.state.withLock { state in
            guard !state.isOver, state.stream == nil, state.newcomer == nil else { return nil }
            return Self.finish(&state)
        }
    }

    /// Closes the stream; false if there is none, because the session hibernates.
    func close(_ error: StreamError) -> Bool {
        guard let stream = self.state.withLock({ $0.stream ?? $0.newcomer?.stream }) else { return false }
        stream.close(error)
        return true
    }

    private static func finish(_ state: inout State) -> [UndeliveredStanza] {
        state.isOver = true
        state.expiry?.cancel()
        state.expiry = nil
        defer { state.management = nil }
        return state.management?.unacknowledged ?? []
    }
}

extension StreamEnd {
    /// Whether the client may mean to come back: it said no good-bye and did nothing wrong (XEP-0198 §7).
    var maySessionGoOn: Bool {
        switch self {
        case .lost: true
        case .closedByPeer, .refusedByPeer: false
        case .closedHere(let error):
            error?.condition == .resourceConstraint || error?.condition == .connectionTimeout
        }
    }
}
