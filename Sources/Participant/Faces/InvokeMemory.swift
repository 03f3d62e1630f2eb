import DequeModule

/// The requests of other sites that were performed or are being performed, by whom and key, with what came of them.
///
/// A request may arrive twice: its sender repeats what a lost connection may have swallowed. It is performed once. What
/// failed was not performed, and may be asked for again.
struct InvokeMemory<Outcome: Sendable, Waiter: Sendable>: Sendable {
    struct Key: Hashable, Sendable {
        /// The asking site's address.
        let site: String
        let key: String
    }

    enum OnBegin: Sendable {
        /// It has not been asked for before.
        case perform
        /// It is being performed: the waiter is told what comes of it.
        case wait
        case known(Outcome)
    }

    private enum Entry: Sendable {
        case underWay([Waiter])
        case done(Outcome)
    }

    /// Outcomes that are remembered; one more makes the oldest forgotten.
    let limit: Int
    private var entries: [Key: Entry] = [:]
    private var finished: Deque<Key> = []

    init(limit: Int = 1_000) {
        self.limit = limit
    }

    mutating func begin(_ key: Key, waiter: Waiter) -> OnBegin {
        switch self.entries[key] {
        case .none:
            self.entries[key] = .underWay([])
            return .perform
        case .underWay(let waiters):
            self.entries[key] = .underWay(waiters + [waiter])
            return .wait
        case .done(let outcome): return .known(outcome)
        }
    }

    /// It is performed, or has failed if there is no outcome: who waits to be told.
    mutating func finish(_ key: Key, _ outcome: Outcome?) -> [Waiter] {
        guard case .underWay(let waiters) = self.entries[key] else { return [] }
        self.entries[key] = outcome.map(Entry.done)
        guard outcome != nil else { return waiters }
        self.finished.append(key)
        if self.finished.count > self.limit, let oldest = self.finished.popFirst() {
            self.entries[oldest] = nil
        }
        return waiters
    }
}
