import DequeModule
import NIOCore
import XML
import XMPP

/// Everything an attached link decides about what it sends: order, pace, what the server took note of, what is said again.
///
/// By stream management (XEP-0198) where the server has it; elsewhere, as for every component, by marks: now and then a
/// ping to our own address, which the server sends back after it has routed everything before it.
///
/// Pure: time comes in as an argument, what is to be written goes out.
struct AttachmentCore: Sendable {
    /// What may be written now, and when to ask again if more waits only for its time.
    struct Release: Hashable, Sendable {
        var bytes: [[UInt8]] = []
        var askAgain: NIODeadline?
    }

    /// What follows from an element of stream management.
    enum Consequence: Hashable, Sendable {
        case write([UInt8])
        /// The former stream goes on.
        case resumed
        /// There is no former stream any more: have an address bound.
        case bind
        case close(StreamError)
    }

    private enum Connection: Hashable, Sendable {
        case down
        case resuming
        case up
    }

    private struct Mark: Sendable {
        let id: String
        /// What had been sent before it, modulo 2^32.
        let count: UInt32
    }

    /// How the ids of marks begin; no request of a role has such an id.
    static let markPrefix = "mark-"

    private let contentNamespace: String
    private let limits: AttachmentLimits
    private var queue: AttachmentQueue
    private var bucket: TokenBucket
    private var connection = Connection.down
    private var management: StreamManagementInitiator<AttachmentItem>
    private var marks: StreamManagement<AttachmentItem>
    private var mark: Mark?
    private var markNumber: UInt64 = 0
    /// From and to which address marks go.
    private var markRoute: (from: JID?, to: JID)
    /// The sizes of what is under way, oldest first.
    private var flight: Deque<Int> = []
    private var flightBytes = 0
    /// Since when a sign of life is waited for.
    private var asked: NIODeadline?
    private var lastSign: NIODeadline

    init(
        contentNamespace: String, limits: AttachmentLimits, markRoute: (from: JID?, to: JID),
        now: NIODeadline
    ) {
        self.contentNamespace = contentNamespace
        self.limits = limits
        self.queue = AttachmentQueue(limits: limits)
        self.bucket = TokenBucket(rate: limits.bytesPerSecond, burst: limits.burstBytes)
        // The flight is bounded here, where its parts are known; a single large stanza must not be stuck for ever.
        self.management = StreamManagementInitiator(limits: .init(stanzas: .max, bytes: .max))
        self.marks = StreamManagement(limits: .init(stanzas: .max, bytes: .max))
        self.markRoute = markRoute
        self.lastSign = now
    }

    var isUp: Bool { self.connection == .up }
    var waitingCount: Int { self.queue.commandCount + self.queue.rowCount }
    var flightCount: Int { self.flight.count }

    // MARK: What the role says

    /// Takes a stanza; it is written by the next `release`.
    mutating func offer(
        _ bytes: [UInt8], _ traffic: TrafficClass, request: AttachmentItem.RequestKey? = nil
    ) throws(StanzaError) {
        if traffic == .probe, !self.isUp {
            throw StanzaError(
                .remoteServerTimeout, text: "there is no connection to the XMPP server at present")
        }
        try self.queue.offer(bytes, traffic, request: request)
    }

    /// The request was answered, or nobody waits for its answer any more.
    mutating func forget(_ request: AttachmentItem.RequestKey) { self.queue.forget(request) }

    /// Takes out what waits and has more bytes than that.
    mutating func remove(longerThan longest: Int) -> [AttachmentItem] {
        self.queue.remove(longerThan: longest)
    }

    // MARK: What the stream says

    /// A client has authenticated: the element by which it resumes its former stream; nil if it has to bind.
    mutating func authenticated(offersManagement: Bool) -> Element? {
        guard self.management.canResume else { return nil }
        guard offersManagement else {
            _ = self.consequences(of: self.management.giveUp(), at: .uptimeNanoseconds(0))
            return nil
        }
        self.connection = .resuming
        for case .send(let element) in self.management.resume() { return element }
        return nil
    }

    /// The stream is up, and new: what to write before anything else, such as presence.
    mutating func ready(
        offersManagement: Bool, greeting: [[UInt8]], at now: NIODeadline
    ) -> [[UInt8]] {
        self.connection = .up
        self.lastSign = now
        var bytes: [[UInt8]] = []
        if offersManagement {
            for case .send(let element) in self.management.enable() { bytes += self.print(element) }
        }
        for greeting in greeting {
            bytes.append(greeting)
            self.count(
                AttachmentItem(number: 0, bytes: greeting, traffic: .probe, request: nil), &bytes, at: now)
        }
        return bytes
    }

    /// A stanza arrived, and is this side's responsibility.
    mutating func handled() { self.management.handle() }

    /// Something arrived: the server is alive.
    mutating func heard(at now: NIODeadline) { self.lastSign = now }

    /// An element of stream management arrived.
    mutating func received(management element: Element, at now: NIODeadline) -> [Consequence] {
        let consequences = self.consequences(of: self.management.receive(element), at: now)
        self.trimFlight()
        if !self.management.isActive || self.management.unacknowledgedCount == 0 { self.asked = nil }
        return consequences
    }

    private mutating func consequences(
        of directives: [StreamManagementInitiator<AttachmentItem>.Directive], at now: NIODeadline
    ) -> [Consequence] {
        var consequences: [Consequence] = []
        for directive in directives {
            switch directive {
            case .send(let element):
                if element.name == "r" { self.asked = now }
                consequences += self.print(element).map(Consequence.write)
            case .enabled, .refused: break
            case .resumed(let items):
                self.connection = .up
                self.lastSign = now
                consequences.append(.resumed)
                consequences += items.map { .write($0.bytes) }
            case .lost(let items):
                self.clearFlight()
                self.queue.sendAgain(items)
                if self.connection == .resuming { consequences.append(.bind) }
            case .close(let error): consequences.append(.close(error))
            }
        }
        return consequences
    }

    /// A stanza from our own address arrived; whether it was the mark that is out.
    mutating func returned(markID id: String, at now: NIODeadline) -> Bool {
        guard let mark, mark.id == id else { return false }
        self.mark = nil
        self.asked = nil
        self.lastSign = now
        do {
            _ = try self.marks.acknowledge(mark.count)
        } catch {
            // Cannot be: the mark was made from what was sent.
            return true
        }
        self.trimFlight()
        return true
    }

    /// The connection is gone.
    ///
    /// Of a stream that can be resumed everything is kept for that; of another one what matters is sent again.
    mutating func disconnected() {
        self.connection = .down
        self.asked = nil
        self.mark = nil
        _ = self.consequences(of: self.management.disconnected(), at: .uptimeNanoseconds(0))
        guard !self.management.canResume else { return }
        let lost = self.marks.unacknowledged
        self.marks = StreamManagement(limits: .init(stanzas: .max, bytes: .max))
        self.clearFlight()
        self.queue.sendAgain(lost)
    }

    /// What to say before the stream is closed on purpose, so that nothing is sent twice (XEP-0198 §4).
    var farewell: [[UInt8]] { self.management.farewell.map(self.print) ?? [] }
}

// MARK: Writing

extension AttachmentCore {
    /// What may be written now.
    mutating func release(at now: NIODeadline) -> Release {
        var release = Release()
        guard self.isUp else { return release }
        while let item = self.queue.first {
            guard self.flight.count < self.limits.flightStanzas,
                self.flight.isEmpty || self.flightBytes + item.bytes.count <= self.limits.flightBytes
            else { break }
            if let later = self.bucket.take(item.bytes.count, at: now) {
                release.askAgain = later
                break
            }
            self.queue.removeFirst()
            release.bytes.append(item.bytes)
            self.count(item, &release.bytes, at: now)
        }
        if !self.management.isActive, self.marks.unacknowledgedCount > 0, self.mark == nil {
            release.bytes += self.makeMark(at: now)
        }
        return release
    }

    /// Whether the server is still there: what to write to find out, or nil if it has been silent for too long.
    mutating func check(at now: NIODeadline) -> [[UInt8]]? {
        guard self.isUp else { return [] }
        if let asked, now - asked > self.limits.checkTime { return self.lastSign > asked ? [] : nil }
        guard self.asked == nil, now - self.lastSign >= self.limits.checkPeriod else { return [] }
        guard self.management.isActive else { return self.makeMark(at: now) }
        self.asked = now
        return self.print(StreamManagementElement.request.element)
    }

    private mutating func count(_ item: AttachmentItem, _ bytes: inout [[UInt8]], at now: NIODeadline) {
        self.flight.append(item.bytes.count)
        self.flightBytes += item.bytes.count
        guard self.management.isActive else {
            _ = self.marks.send(item, bytes: item.bytes.count)
            return
        }
        guard self.management.send(item, bytes: item.bytes.count) == .kept(mustRequest: true) else {
            return
        }
        self.asked = self.asked ?? now
        bytes += self.print(StreamManagementElement.request.element)
    }

    private mutating func makeMark(at now: NIODeadline) -> [[UInt8]] {
        self.markNumber += 1
        let id = "\(Self.markPrefix)\(self.markNumber)"
        self.mark = Mark(id: id, count: self.marks.sent)
        self.asked = now
        let ping = IQ(
            to: self.markRoute.to, from: self.markRoute.from, id: id, body: .get(Ping().element))
        let bytes = self.print(Stanza.iq(ping).element(in: self.contentNamespace))
        // The mark is paid for like everything else, and nothing waits for it.
        for mark in bytes { _ = self.bucket.take(mark.count, at: now) }
        return bytes
    }

    /// Forgets the sizes of what the server has taken note of since.
    private mutating func trimFlight() {
        let left =
            self.management.isActive
            ? self.management.unacknowledgedCount : self.marks.unacknowledgedCount
        while self.flight.count > left, let size = self.flight.popFirst() { self.flightBytes -= size }
    }

    private mutating func clearFlight() {
        self.flight = []
        self.flightBytes = 0
    }

    private func print(_ element: Element) -> [[UInt8]] {
        StreamWriter.bytes(of: element, contentNamespace: self.contentNamespace).map { [$0] } ?? []
    }
}
