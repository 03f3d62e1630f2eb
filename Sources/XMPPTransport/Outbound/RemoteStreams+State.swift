import NIOCore
import XMPP

/// Which outbound streams exist, what waits for them, and when an unreachable domain may be tried again.
///
/// Pure: time and randomness come in as arguments. The shell calls it under a lock and carries the answers out.
struct RemoteStreamsState<Stream: Sendable>: Sendable {
    private enum Pair: Sendable {
        case connecting(Waiting, failures: Int)
        case connected(Stream, id: Int)
        case backingOff(until: NIODeadline, failures: Int, StanzaError)
    }

    /// Stanzas for a stream that is being made.
    private struct Waiting: Sendable {
        var stanzas: [Stanza] = []
        var bytes = 0
    }

    /// What to do with a stanza.
    enum OnSend: Sendable {
        /// By its number the stream is reported as ended if it turns out to be over.
        case write(Stream, id: Int)
        /// It waits; somebody is connecting.
        case wait
        /// It waits, and the caller must have the pair connected.
        ///
        /// DNS is asked for whoever the stream is for.
        case connect(Resolver.Asker)
        case refuse(StanzaError)
    }

    /// What is left of an attempt that failed: the stanzas to give back, with the reason.
    struct OnFailure: Sendable {
        var undeliverable: [Stanza]
        var retryIn: TimeAmount
    }

    /// For whom a stream was made, where that is counted.
    private enum Cause: Sendable {
        /// Somebody here (a bare JID), who has something to say.
        case sender(JID)
        /// The same, with an answer for who is not here: gone again, or never come and never asked.
        case answers(JID)
        /// Those who have come to us and are only answered.
        case visitors

        /// What is to have room for it, the narrowest first.
        var shares: [Share] {
            switch self {
            case .sender(let sender): [.sender(sender)]
            case .answers(let sender): [.answers(of: sender), .allAnswers, .visitors]
            case .visitors: [.visitors]
            }
        }

        /// For whom DNS is asked.
        var asker: Resolver.Asker {
            switch self {
            case .sender: .people
            case .answers: .absent
            case .visitors: .strangers
            }
        }
    }

    /// The pairs that are counted together.
    private enum Share: Hashable, Sendable {
        case sender(JID)
        case answers(of: JID)
        case allAnswers
        case visitors
    }

    private struct Members: Sendable {
        var pairs: Set<DomainPair> = []
        /// Before that none of their pauses is over.
        var firstRest = NIODeadline.distantFuture

        /// One of them has a pause until then.
        mutating func rests(until time: NIODeadline) { self.firstRest = min(self.firstRest, time) }
    }

    private let limits: TransportLimits
    /// The domains whose own address is bound by no number of pairs: whoever runs the server speaks by it.
    private let domains: Set<String>
    private var pairs: [DomainPair: Pair] = [:]
    /// For whom the streams of a pair were made, where that counts, until the pair is forgotten.
    private var causes: [DomainPair: Cause] = [:]
    /// Which pairs are in each share; none is empty.
    private var shares: [Share: Members] = [:]
    /// Streams by which each remote domain has proved itself here.
    private var visits: [String: Int] = [:]
    /// Streams that the other side has opened and takes stanzas on, the newest last (XEP-0288).
    private var returns: [DomainPair: [(stream: Stream, id: Int)]] = [:]
    private var isClosed = false
    private var nextID = 0
    /// The bytes that wait for all pairs together.
    private(set) var waitingBytes = 0

    init(limits: TransportLimits, domains: Set<String> = []) {
        self.limits = limits
        self.domains = domains
    }

    var pairCount: Int { self.pairs.count }

    /// How many pairs count for a sender (a bare JID).
    func pairCount(of sender: JID) -> Int { self.pairCount(in: .sender(sender)) }

    /// How many pairs are there because visitors, or those who were, are answered.
    var visitorPairCount: Int { self.pairCount(in: .visitors) }

    private func pairCount(in share: Share) -> Int { self.shares[share]?.pairs.count ?? 0 }

    /// By how many streams the domain has proved itself that are still there.
    func visitCount(of domain: String) -> Int { self.visits[domain] ?? 0 }

    func stream(for pair: DomainPair) -> Stream? {
        if case .connected(let stream, _) = self.pairs[pair] { stream } else { nil }
    }

    /// `weigh` says how many bytes the stanza has; it is asked only if the stanza is to wait.
    mutating func send(
        _ stanza: Stanza, over pair: DomainPair, at now: NIODeadline, weigh: () -> Int = { 0 }
    ) -> OnSend {
        guard !self.isClosed else { return .refuse(StanzaError(.serviceUnavailable, text: "shutting down")) }
        switch self.pairs[pair] {
        case .connected(let stream, let id):
            return .write(stream, id: id)
        case .connecting(let waiting, let failures):
            return self.wait(stanza, weigh(), waiting, failures, pair) ?? .wait
        case .backingOff, nil:
            // What the other side has opened spares us from opening another, and may be the only way to it.
            if let way = self.returns[pair]?.last { return .write(way.stream, id: way.id) }
            return self.connect(pair, for: stanza, weigh(), at: now)
        }
    }

    /// Has the stanza wait; the refusal if too much waits already.
    private mutating func wait(
        _ stanza: Stanza, _ bytes: Int, _ waiting: Waiting, _ failures: Int, _ pair: DomainPair
    ) -> OnSend? {
        guard waiting.stanzas.count < self.limits.connectingStanzas,
            waiting.bytes + bytes <= self.limits.connectingBytes,
            self.waitingBytes + bytes <= self.limits.connectingBytesInAll
        else { return .refuse(StanzaError(.resourceConstraint, text: "too much waits for \(pair.remote)")) }
        var waiting = waiting
        waiting.stanzas.append(stanza)
        waiting.bytes += bytes
        self.waitingBytes += bytes
        self.pairs[pair] = .connecting(waiting, failures: failures)
        return nil
    }

    private mutating func connect(
        _ pair: DomainPair, for stanza: Stanza, _ bytes: Int, at now: NIODeadline
    ) -> OnSend {
        switch self.pairs[pair] {
        case .connected, .connecting: return .wait
        case .backingOff(let until, _, let error) where now < until:
            return .refuse(error)
        case .backingOff(_, let failures, _):
            return self.begin(pair, for: stanza, bytes, failures, at: now)
        case nil:
            guard self.makeRoom(at: now) else {
                return .refuse(StanzaError(.resourceConstraint, text: "too many other servers"))
            }
            return self.begin(pair, for: stanza, bytes, 0, at: now)
        }
    }

    private mutating func begin(
        _ pair: DomainPair, for stanza: Stanza, _ bytes: Int, _ failures: Int, at now: NIODeadline
    ) -> OnSend {
        self.release(pair)
        let cause = self.cause(of: stanza, to: pair)
        for share in cause?.shares ?? [] where !self.makeRoom(in: share, at: now) {
            return .refuse(self.tooMany(in: share, pair))
        }
        if let refusal = self.wait(stanza, bytes, Waiting(), failures, pair) { return refusal }
        guard let cause else { return .connect(.ourselves) }
        self.causes[pair] = cause
        for share in cause.shares { self.shares[share, default: Members()].pairs.insert(pair) }
        return .connect(cause.asker)
    }

    private func tooMany(in share: Share, _ pair: DomainPair) -> StanzaError {
        let text =
            switch share {
            case .visitors, .allAnswers: "too many other servers wait for an answer"
            case .answers(let sender):
                """
                \(sender) answers \(self.limits.remotePairsPerSender) other servers already that are not here; \
                \(pair.remote) can be answered when it is, or once one of them was silent for a while
                """
            case .sender(let sender):
                """
                \(sender) has \(self.limits.remotePairsPerSender) other servers to talk to already; \
                \(pair.remote) can be reached once one of them was silent for a while
                """
            }
        return StanzaError(.resourceConstraint, text: text)
    }

    /// Forgets domains whose pause is over, if the table is full.
    private mutating func makeRoom(at now: NIODeadline) -> Bool {
        if self.pairs.count < self.limits.remotePairs { return true }
        for pair in self.pairs.keys where self.isRested(pair, at: now) { self.forget(pair) }
        return self.pairs.count < self.limits.remotePairs
    }

    private func isRested(_ pair: DomainPair, at now: NIODeadline) -> Bool {
        if case .backingOff(let until, _, _) = self.pairs[pair] { now >= until } else { false }
    }

    private mutating func forget(_ pair: DomainPair) {
        self.pairs[pair] = nil
        self.release(pair)
    }

    // MARK: For whom streams are made

    /// For whom a pair that the stanza has connected counts; nil if for nobody.
    ///
    /// What the domain itself says on its own account is not counted. Its answers, and whatever goes where the other side
    /// has come to us by itself, count for nobody here: visitors without end must not use up what a person may have, nor,
    /// for they have a share of the table, what all others may. Anybody can send an answer that nobody asked for: to who is
    /// not here, answers are counted by who sends them, apart from what he has to say, for he may have been asked.
    private func cause(of stanza: Stanza, to pair: DomainPair) -> Cause? {
        guard let sender = stanza.from?.bare else { return nil }
        let isOwn = sender.local == nil && self.domains.contains(sender.domain)
        if isOwn { return stanza.isAnswer ? .visitors : nil }
        if self.visits[pair.remote] != nil { return .visitors }
        return stanza.isAnswer ? .answers(sender) : .sender(sender)
    }

    /// Those who are or were here get half of the table at most, and those who are not half of that.
    private func limit(of share: Share) -> Int {
        switch share {
        case .sender, .answers: self.limits.remotePairsPerSender
        case .allAnswers: self.limits.remotePairs / 4
        case .visitors: self.limits.remotePairs / 2
        }
    }

    /// Forgets the share's domains whose pause is over, if there are too many.
    ///
    /// They are looked through only if that can be of use: whoever is at the limit may send on, stanza by stanza.
    private mutating func makeRoom(in share: Share, at now: NIODeadline) -> Bool {
        let limit = self.limit(of: share)
        guard let members = self.shares[share], members.pairs.count >= limit else { return limit > 0 }
        guard now >= members.firstRest else { return false }
        var firstRest = NIODeadline.distantFuture
        for pair in members.pairs {
            guard case .backingOff(let until, _, _) = self.pairs[pair] else { continue }
            if now < until { firstRest = min(firstRest, until) } else { self.forget(pair) }
        }
        self.shares[share]?.firstRest = firstRest
        return self.pairCount(in: share) < limit
    }

    private mutating func release(_ pair: DomainPair) {
        guard let cause = self.causes.removeValue(forKey: pair) else { return }
        for share in cause.shares {
            self.shares[share]?.pairs.remove(pair)
            if self.pairCount(in: share) == 0 { self.shares[share] = nil }
        }
    }

    /// A remote domain has proved itself on a stream of its own; `left` follows when that ends.
    mutating func visited(_ domain: String) { self.visits[domain, default: 0] += 1 }

    mutating func left(_ domain: String) {
        let rest = self.visits[domain, default: 1] - 1
        self.visits[domain] = rest > 0 ? rest : nil
    }

    // MARK: What became of a stream

    /// The stream is up: what waited for it, to be written first, and the number by which it ends; nil if it came too late.
    mutating func connected(_ pair: DomainPair, _ stream: Stream) -> (waiting: [Stanza], id: Int)? {
        guard !self.isClosed, case .connecting(let waiting, _) = self.pairs[pair] else { return nil }
        self.nextID += 1
        self.pairs[pair] = .connected(stream, id: self.nextID)
        self.waitingBytes -= waiting.bytes
        return (waiting.stanzas, self.nextID)
    }

    /// No candidate worked: the domain rests for a while that doubles with each failure.
    ///
    /// The pause is drawn from the upper half of its range, so that servers that lost a peer together do not return
    /// together. If nothing waits, and nothing of the former stream is to be sent again either, nobody here wanted it: the
    /// pair is forgotten, and whoever sends next has it tried at once.
    mutating func failed(
        _ pair: DomainPair, _ error: StanzaError, hasUnacknowledged: Bool = false, at now: NIODeadline,
        using random: inout some RandomNumberGenerator
    ) -> OnFailure {
        guard case .connecting(let waiting, let failures) = self.pairs[pair] else {
            return OnFailure(undeliverable: [], retryIn: .zero)
        }
        guard hasUnacknowledged || !waiting.stanzas.isEmpty else {
            self.forget(pair)
            return OnFailure(undeliverable: [], retryIn: .zero)
        }
        let longest = Self.backOff(afterFailures: failures + 1, limits: self.limits).nanoseconds
        let pause = TimeAmount.nanoseconds(Int64.random(in: longest / 2...longest, using: &random))
        let until = now + pause
        self.pairs[pair] = .backingOff(until: until, failures: failures + 1, error)
        for share in self.causes[pair]?.shares ?? [] { self.shares[share]?.rests(until: until) }
        self.waitingBytes -= waiting.bytes
        return OnFailure(undeliverable: waiting.stanzas, retryIn: pause)
    }

    /// The stream with that number is over, and whoever had it made sees to what comes next: stanzas wait until then.
    ///
    /// `settle` must follow.
    mutating func broke(_ pair: DomainPair, id: Int) {
        self.returnEnded(pair, id: id)
        guard case .connected(_, id) = self.pairs[pair] else { return }
        self.pairs[pair] = .connecting(Waiting(), failures: 0)
    }

    /// Whether a stream of the pair is to be made again, because something waits or the stream `isUnfinished`, so that one
    /// side may have something to send again; if not, the pair is forgotten.
    mutating func settle(_ pair: DomainPair, isUnfinished: Bool) -> Bool {
        guard case .connecting(let waiting, _) = self.pairs[pair] else { return false }
        if !waiting.stanzas.isEmpty || isUnfinished { return true }
        self.forget(pair)
        return false
    }

    /// The other side takes stanzas of the pair on a stream that it has opened; the number by which that ends, or nil if
    /// there are too many.
    mutating func returning(_ pair: DomainPair, _ stream: Stream) -> Int? {
        guard !self.isClosed, self.returns[pair] != nil || self.returns.count < self.limits.remotePairs
        else { return nil }
        self.nextID += 1
        self.returns[pair, default: []].append((stream, self.nextID))
        return self.nextID
    }

    mutating func returnEnded(_ pair: DomainPair, id: Int) {
        self.returns[pair]?.removeAll { $0.id == id }
        if self.returns[pair]?.isEmpty == true { self.returns[pair] = nil }
    }

    /// The stream by which stanzas of the pair can go that the other side has opened.
    func wayBack(of pair: DomainPair) -> Stream? { self.returns[pair]?.last?.stream }

    /// Takes nothing from now on: the open streams, and what will never be sent.
    mutating func close() -> (streams: [Stream], undeliverable: [Stanza]) {
        self.isClosed = true
        var streams: [Stream] = []
        var undeliverable: [Stanza] = []
        for (_, pair) in self.pairs.sorted(by: { $0.key < $1.key }) {
            switch pair {
            case .connected(let stream, _): streams.append(stream)
            case .connecting(let waiting, _): undeliverable += waiting.stanzas
            case .backingOff: break
            }
        }
        (self.pairs, self.causes, self.shares) = ([:], [:], [:])
        self.returns = [:]
        self.waitingBytes = 0
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
