package import CloudModel
package import XMPP

/// Lets each sender through at a bounded rate after a burst.
///
/// Holds one number for each sender that is not at rest: the moment at which all that was let through will have been
/// earned. At rest means earned, and then the sender is forgotten.
package struct FloodGate: Hashable, Sendable {
    /// How much is let through.
    package struct Rate: Hashable, Sendable {
        /// Events at once, after a rest.
        package var burst: Int
        /// The time that earns one more.
        package var interval: Duration

        package init(burst: Int, every interval: Duration) {
            self.burst = burst
            self.interval = interval
        }
    }

    package let rate: Rate
    /// Senders that are kept count of; when so many are busy, one more is refused.
    package let senders: Int
    /// In milliseconds since the epoch.
    private var earned: [JID: Int64] = [:]
    /// Before this moment no sender comes to rest, so looking for one is of no use.
    private var nextSweep: Int64 = .min

    package init(_ rate: Rate, senders: Int) {
        self.rate = rate
        self.senders = senders
    }

    /// The senders that are kept count of.
    package var watched: Int { self.earned.count }

    /// Whether one more event of the sender may pass; if so, it is counted.
    package mutating func admits(_ sender: JID, at now: Instant) -> Bool {
        let now = now.millisecondsSinceEpoch
        let interval = max(1, self.rate.interval.wholeMilliseconds)
        let start = max(self.earned[sender] ?? now, now)
        guard start - now <= interval * Int64(max(0, self.rate.burst - 1)) else { return false }
        if self.earned[sender] == nil, self.earned.count >= self.senders {
            self.sweep(at: now)
            guard self.earned.count < self.senders else { return false }
        }
        self.earned[sender] = start + interval
        return true
    }

    /// Whether one more event of the sender may pass; nothing is counted.
    package mutating func isOpen(for sender: JID, at now: Instant) -> Bool {
        guard let before = self.earned[sender] else {
            guard self.admits(sender, at: now) else { return false }
            self.earned[sender] = nil
            return true
        }
        defer { self.earned[sender] = before }
        return self.admits(sender, at: now)
    }

    /// Takes back one admission: the event will come again.
    package mutating func refund(_ sender: JID) {
        self.earned[sender]? -= max(1, self.rate.interval.wholeMilliseconds)
    }

    private mutating func sweep(at now: Int64) {
        guard now >= self.nextSweep else { return }
        self.earned = self.earned.filter { $0.value > now }
        self.nextSweep = self.earned.values.min() ?? .min
    }
}
