/// Messages that wait to be written together, and what may be said only once they are: group commit.
///
/// A value: the disk is elsewhere. Whoever decides something puts what must be written and what follows from it in one
/// call; what follows is handed back at once if nothing of that origin waits, and held until the write is done
/// otherwise. So the stanzas of one origin stay in order, those of others are not held up, and all that came while a
/// write was going on goes into the next one.
package struct CommitGroup<Entry: Sendable, Output: Sendable>: Sendable {
    /// One write and what it releases.
    package struct Batch: Sendable {
        package var entries: [Entry] = []
        /// In order.
        package var outputs: [Output] = []
        /// How much each origin has in it.
        fileprivate var shares: [String: Int] = [:]
        /// How many followers each origin has, and where among the outputs the last is, if it may give way.
        fileprivate var followers: [String: (count: Int, last: Int?)] = [:]

        fileprivate var isEmpty: Bool { self.shares.isEmpty }
    }

    /// What an origin may have waiting before it should be held back.
    package let limit: Int
    private var next = Batch()
    /// By origin, what waits or is being written.
    private var waiting: [String: Int] = [:]
    private var held: Set<String> = []

    package init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing waits for anything.
    package var isIdle: Bool { self.waiting.isEmpty }

    /// Takes what is to be written and what follows from it; returns what may be said at once.
    package mutating func admit(_ entries: [Entry], _ outputs: [Output], of origin: String) -> [Output] {
        guard !entries.isEmpty || self.waiting[origin] != nil else { return outputs }
        let count = entries.count + outputs.count
        guard count > 0 else { return [] }
        self.next.entries += entries
        self.next.outputs += outputs
        self.next.shares[origin, default: 0] += count
        self.waiting[origin, default: 0] += count
        return []
    }

    /// Takes what is to be said after all that waits now; false, and nothing taken, if nothing waits.
    package mutating func follow(_ output: Output) -> Bool {
        guard !self.isIdle else { return false }
        self.next.outputs.append(output)
        // Of no stream: an id of one is never empty.
        self.next.shares["", default: 0] += 1
        self.waiting["", default: 0] += 1
        return true
    }

    /// Takes what is to be said after all that an origin has waiting now; false, and nothing taken, if it has nothing.
    ///
    /// Of one origin no more than the limit waits in one write: beyond that the newest takes the place of the one before,
    /// if that may give way because the newer says what it would have said, and at the same moment.
    package mutating func follow(_ output: Output, of origin: String, mayGiveWay: Bool) -> Bool {
        guard self.waiting[origin] != nil else { return false }
        let followers = self.next.followers[origin] ?? (0, nil)
        if mayGiveWay, followers.count >= self.limit, let last = followers.last {
            self.next.outputs[last] = output
            return true
        }
        let place = mayGiveWay ? self.next.outputs.count : nil
        self.next.followers[origin] = (followers.count + 1, place)
        self.next.outputs.append(output)
        self.next.shares[origin, default: 0] += 1
        self.waiting[origin, default: 0] += 1
        return true
    }

    /// Whether the origin has enough waiting to be held back and is not held back yet.
    package func isFull(_ origin: String) -> Bool {
        (self.waiting[origin] ?? 0) >= self.limit && !self.held.contains(origin)
    }

    /// Holds the origin back, if it still has enough waiting, until it is released.
    package mutating func holdBack(_ origin: String) -> Bool {
        guard let count = self.waiting[origin], count >= self.limit else { return false }
        return self.held.insert(origin).inserted
    }

    /// What is to be written next; nil if there is nothing.
    package mutating func take() -> Batch? {
        guard !self.next.isEmpty else { return nil }
        defer { self.next = Batch() }
        return self.next
    }

    /// The batch has been written and what it held has been said; the origins to be held back no longer.
    package mutating func finish(_ batch: Batch) -> [String] {
        var released: [String] = []
        for (origin, count) in batch.shares.sorted(by: { $0.key < $1.key }) {
            let left = (self.waiting[origin] ?? 0) - count
            self.waiting[origin] = left > 0 ? left : nil
            if left < self.limit, self.held.remove(origin) != nil { released.append(origin) }
        }
        return released
    }
}
