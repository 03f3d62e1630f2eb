import XML

/// One side of a managed stream (XEP-0198): what it has handled, and what it sent that the peer has not handled yet.
///
/// The same for both sides and for every kind of stream. `Item` is whatever the side needs to send a stanza again, or to
/// deal with it in another way once the stream is over for good. Counting begins when `<enable/>` or `<enabled/>` has
/// been sent and received.
package struct StreamManagement<Item: Sendable>: Sendable {
    /// What may wait for the peer's acknowledgement.
    package struct Limits: Hashable, Sendable {
        package var stanzas: Int
        package var bytes: Int

        package init(stanzas: Int, bytes: Int) {
            self.stanzas = stanzas
            self.bytes = bytes
        }
    }

    package enum OnSend: Hashable, Sendable {
        /// Kept; if `mustRequest`, `<r/>` is to follow the stanza.
        case kept(mustRequest: Bool)
        /// As much waits as may: the item is not kept and the stanza must not be sent.
        case full
    }

    private struct Entry: Sendable {
        let item: Item
        let bytes: Int
    }

    /// May be lowered at any time: what waits already stays.
    package var limits: Limits
    /// The stanzas received and taken responsibility for, modulo 2^32: the `h` of what is sent next.
    package private(set) var handled: UInt32
    /// The stanzas sent, modulo 2^32.
    package private(set) var sent: UInt32
    /// Whether `<r/>` was sent and not answered yet.
    package private(set) var isRequested = false
    /// What waits, oldest first, from `first` on; what lies before is done with and makes room from time to time.
    private var entries: [Entry?] = []
    private var first = 0
    private var bytes = 0

    /// The counters begin at zero, except in tests of what happens at 2^32.
    package init(limits: Limits, handled: UInt32 = 0, sent: UInt32 = 0) {
        self.limits = limits
        self.handled = handled
        self.sent = sent
    }

    /// How many stanzas the peer has not acknowledged.
    package var unacknowledgedCount: Int { self.entries.count - self.first }

    /// Their bytes, as they were counted.
    package var unacknowledgedBytes: Int { self.bytes }

    /// What the peer has not acknowledged, oldest first.
    package var unacknowledged: [Item] { self.entries[self.first...].compactMap { $0?.item } }

    /// A stanza is about to be sent.
    ///
    /// An acknowledgement is asked for whenever none is under way: a peer that answers at once is asked once per round
    /// trip, a slow one as seldom as it answers.
    package mutating func send(_ item: Item, bytes: Int) -> OnSend {
        guard self.unacknowledgedCount < self.limits.stanzas, self.bytes + bytes <= self.limits.bytes else {
            return .full
        }
        self.entries.append(Entry(item: item, bytes: bytes))
        self.bytes += bytes
        self.sent &+= 1
        defer { self.isRequested = true }
        return .kept(mustRequest: !self.isRequested)
    }

    /// A stanza was received, and is this side's responsibility from now on.
    package mutating func handle() {
        self.handled &+= 1
    }

    /// The peer acknowledged by `<a/>`; whether `<r/>` is to be sent because more was sent since it was last asked.
    ///
    /// Throws what to close the stream with if the peer claims what cannot be.
    package mutating func acknowledge(_ count: UInt32) throws(StreamError) -> Bool {
        try self.forget(count)
        self.isRequested = self.unacknowledgedCount > 0
        return self.isRequested
    }

    /// The stream goes on over another connection, on which the peer said what it had handled.
    ///
    /// Returns what must be sent again, in order, followed by `<r/>` if there is anything. Throws as `acknowledge`.
    package mutating func resume(from count: UInt32) throws(StreamError) -> [Item] {
        try self.forget(count)
        self.isRequested = self.unacknowledgedCount > 0
        return self.unacknowledged
    }

    /// `<r/>` is sent for another reason than a stanza: to see whether the peer is still there.
    package mutating func request() {
        self.isRequested = true
    }

    private mutating func forget(_ count: UInt32) throws(StreamError) {
        // Counted from what was acknowledged before, so that passing 2^32 makes no difference.
        let acknowledged = self.sent &- UInt32(truncatingIfNeeded: self.unacknowledgedCount)
        let news = Int(count &- acknowledged)
        guard news <= self.unacknowledgedCount else {
            throw StreamError.handledCountTooHigh(count, sent: self.sent)
        }
        for index in self.first..<(self.first + news) {
            self.bytes -= self.entries[index]?.bytes ?? 0
            self.entries[index] = nil
        }
        self.first += news
        // Moving what waits costs no more than what was acknowledged since the last time.
        guard self.first > self.unacknowledgedCount else { return }
        self.entries.removeFirst(self.first)
        self.first = 0
    }
}

extension StreamError {
    /// The peer acknowledged what it was never sent, or took an acknowledgement back (XEP-0198 §6).
    package static func handledCountTooHigh(_ count: UInt32, sent: UInt32) -> StreamError {
        StreamError(
            .undefinedCondition, text: "\(count) stanzas cannot have been handled: \(sent) were sent",
            detail: Element(
                "handled-count-too-high", namespace: Namespace.streamManagement,
                ["h": String(count), "send-count": String(sent)]))
    }
}
