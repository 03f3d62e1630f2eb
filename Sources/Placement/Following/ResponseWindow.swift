package import CloudModel

/// The responses of the last minutes at one place: a digest for each minute, of which the oldest is forgotten.
package struct ResponseWindow: Hashable, Sendable {
    package static let slot: Duration = .seconds(60)
    package static let slots = 5
    /// Those that say how it is just now: the one that runs and the one before.
    static let recentSlots = 2

    private var digests: [Int64: ResponseDigest] = [:]

    package init() {}

    package mutating func add(_ milliseconds: Double, count: Int, at now: Instant) {
        self.forget(now)
        self.digests[Self.slot(of: now), default: ResponseDigest()].add(milliseconds, count: count)
    }

    /// What is known of the last `slots` minutes, from the first whole one after `since`.
    package func digest(
        at now: Instant, since: Instant? = nil, slots: Int = Self.slots
    ) -> ResponseDigest {
        var sum = ResponseDigest()
        let first = max(since.map { Self.slot(of: $0) } ?? .min, Self.slot(of: now) - Int64(slots))
        for (slot, digest) in self.digests where self.isCurrent(slot, now) && slot > first {
            sum.merge(digest)
        }
        return sum
    }

    /// Forgets what is too old; true if nothing is left.
    @discardableResult
    package mutating func forget(_ now: Instant) -> Bool {
        for slot in self.digests.keys where !self.isCurrent(slot, now) { self.digests[slot] = nil }
        return self.digests.isEmpty
    }

    /// One of the future is from before the clock was set back.
    private func isCurrent(_ slot: Int64, _ now: Instant) -> Bool {
        let current = Self.slot(of: now)
        return slot <= current && slot > current - Int64(Self.slots)
    }

    private static func slot(of instant: Instant) -> Int64 {
        instant.millisecondsSinceEpoch / Self.slot.wholeMilliseconds
    }
}
