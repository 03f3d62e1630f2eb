import NIOCore
import XMPP

/// Which outbound streams exist, what waits for them, and when an unreachable domain may be tried again.
///
/// Pure: time and randomness come in as arguments. The shell calls it under a lock and carries the answers out.
struct RemoteStreamsState<Stream: Sendable>: Sendable {
    private enum Pair: Sendable {
        case connecting(waiting: [Stanza], failures: Int)
        case connected(Stream, id: Int)
        case backingOff(until: NIODeadline, failures: Int, StanzaError)
    }

    /// What to do with a stanza.
    enum OnSend: Sendable {
        /// By its number the stream is reported as ended if it turns out to be over.
        case write(Stream, id: Int)
        /// It waits; somebody is connecting.
        case wait
        /// It waits, and the caller must have the pair connected.
        case connect
        case refuse(StanzaError)
    }

    /// What is left of an attempt that failed: the stanzas to give back, with the reason.
    struct OnFailure: Sendable {
        var undeliverable: [Stanza]
        var retryIn: TimeAmount
    }

    private let limits: TransportLimits
    private var pairs: [DomainPair: Pair] = [:]
    private var isClosed = false
    private var nextID = 0

    init(limits: TransportLimits) {
        self.limits = limits
    }

    var pairCount: Int { self.pairs.count }

    func stream(for pair: DomainPair) -> Stream? {
        if case .connected(let stream, _) = self.pairs[pair] { stream } else { nil }
    }

    mutating func send(_ stanza: Stanza, over pair: DomainPair, at now: NIODeadline) -> OnSend {
        guard !self.isClosed else { return .refuse(StanzaError(.serviceUnavailable, text: "shutting down")) }
        switch self.pairs[pair] {
        case .connected(let stream, let id):
            return .write(stream, id: id)
        case .connecting(var waiting, let failures):
            guard waiting.count < self.limits.connectingStanzas else {
                return .refuse(StanzaError(.resourceConstraint, text: "too much waits for \(pair.remote)"))
            }
            waiting.append(stanza)
            self.pairs[pair] = .connecting(waiting: waiting, failures: failures)
            return .wait
        case .backingOff(let until, _, let error) where now < until:
            return .refuse(error)
        case .backingOff(_, let failures, _):
            self.pairs[pair] = .connecting(waiting: [stanza], failures: failures)
            return .connect
        case nil:
            guard self.makeRoom(at: now) else {
                return .refuse(StanzaError(.resourceConstraint, text: "too many other servers"))
            }
            self.pairs[pair] = .connecting(waiting: [stanza], failures: 0)
            return .connect
        }
    }

    /// Forgets domains whose pause is over, if the table is full.
    private mutating func makeRoom(at now: NIODeadline) -> Bool {
        if self.pairs.count < self.limits.remotePairs { return true }
        self.pairs = self.pairs.filter { _, pair in
            if case .backingOff(let until, _, _) = pair { now < until } else { true }
        }
        return self.pairs.count < self.limits.remotePairs
    }

    /// The stream is up: what waited for it, to be written first, and the number by which it ends; nil if it came too late.
    mutating func connected(_ pair: DomainPair, _ stream: Stream) -> (waiting: [Stanza], id: Int)? {
        guard !self.isClosed, case .connecting(let waiting, _) = self.pairs[pair] else { return nil }
        self.nextID += 1
        self.pairs[pair] = .connected(stream, id: self.nextID)
        return (waiting, self.nextID)
    }

    /// No candidate worked: the domain rests for a while that doubles with each failure.
    ///
    /// The pause is drawn from the upper half of its range, so that servers that lost a peer together do not return
    /// together.
    mutating func failed(
        _ pair: DomainPair, _ error: StanzaError, at now: NIODeadline,
        using random: inout some RandomNumberGenerator
    ) -> OnFailure {
        guard case .connecting(let waiting, let failures) = self.pairs[pair] else {
            return OnFailure(undeliverable: [], retryIn: .zero)
        }
        let longest = Self.backOff(afterFailures: failures + 1, limits: self.limits).nanoseconds
        let pause = TimeAmount.nanoseconds(Int64.random(in: longest / 2...longest, using: &random))
        self.pairs[pair] = .backingOff(until: now + pause, failures: failures + 1, error)
        return OnFailure(undeliverable: waiting, retryIn: pause)
    }

    /// The stream with that number is over, and whoever had it made sees to what comes next: stanzas wait until then.
    ///
    /// `settle` must follow.
    mutating func broke(_ pair: DomainPair, id: Int) {
        guard case .connected(_, id) = self.pairs[pair] else { return }
        self.pairs[pair] = .connecting(waiting: [], failures: 0)
    }

    /// Whether a stream of the pair is to be made again, because something waits or `hasUnacknowledged` is to be sent
    /// again; if not, the pair is forgotten.
    mutating func settle(_ pair: DomainPair, hasUnacknowledged: Bool) -> Bool {
        guard case .connecting(let waiting, _) = self.pairs[pair] else { return false }
        if !waiting.isEmpty || hasUnacknowledged { return true }
        self.pairs[pair] = nil
        return false
    }

    /// Takes nothing from now on: the open streams, and what will never be sent.
    mutating func close() -> (streams: [Stream], undeliverable: [Stanza]) {
        self.isClosed = true
        var streams: [Stream] = []
        var undeliverable: [Stanza] = []
        for (_, pair) in self.pairs.sorted(by: { $0.key < $1.key }) {
            switch pair {
            case .connected(let stream, _): streams.append(stream)
            case .connecting(let waiting, _): undeliverable += waiting
            case .backingOff: break
            }
        }
        self.pairs = [:]
        return (streams, undeliverable)
    }

    /// `min(longest, shortest × 2^(failures − 1))`.
    static func backOff(afterFailures failures: Int, limits: TransportLimits) -> TimeAmount {
        let doublings = min(max(failures - 1, 0), 30)
        let (grown, overflow) = limits.shortestBackOff.nanoseconds.multipliedReportingOverflow(
            by: 1 << doublings)
        return overflow ? limits.longestBackOff : min(.nanoseconds(grown), limits.longestBackOff)
    }
}
