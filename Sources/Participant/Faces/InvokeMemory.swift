import DequeModule

/// The requests that were performed or are being performed, by whom and key, with what came of them.
///
/// A request may arrive twice: its sender repeats what a lost connection may have swallowed. It is performed once. What
/// failed was not performed, and may be asked for again. A key stands for one request: whoever uses it for another is
/// told so.
struct InvokeMemory<Request: Hashable & Sendable, Outcome: Sendable, Waiter: Sendable>: Sendable {
    struct Key: Hashable, Sendable {
        /// The asking site's or person's address.
        let caller: String
        let key: String
    }

    enum OnBegin: Sendable {
        /// It has not been asked for before.
        case perform
        /// It is being performed: the waiter is told what comes of it.
        case wait
        case known(Outcome)
        /// The key was used for another request.
        case differs
    }

    private enum State: Sendable {
        case underWay([Waiter])
        case done(Outcome)
    }

    private struct Entry: Sendable {
        let request: Request
        var state: State
    }

    /// Outcomes that are remembered; one more makes the oldest forgotten.
    let limit: Int
    private var entries: [Key: Entry] = [:]
    private var finished: Deque<Key> = []

    init(limit: Int = 1_000) {
        self.limit = limit
    }

    mutating func begin(_ key: Key, _ request: Request, waiter: Waiter) -> OnBegin {
        guard let entry = self.entries[key] else {
            self.entries[key] = Entry(request: request, state: .underWay([]))
            return .perform
        }
        guard entry.request == request else { return .differs }
        switch entry.state {
        case .underWay(let waiters):
            self.entries[key]?.state = .underWay(waiters + [waiter])
            return .wait
        case .done(let outcome): return .known(outcome)
        }
    }

    /// It is performed, or has failed if there is no outcome: who waits to be told.
    mutating func finish(_ key: Key, _ outcome: Outcome?) -> [Waiter] {
        guard case .underWay(let waiters) = self.entries[key]?.state else { return [] }
        guard let outcome else {
            self.entries[key] = nil
            return waiters
        }
        self.entries[key]?.state = .done(outcome)
        self.finished.append(key)
        if self.finished.count > self.limit, let oldest = self.finished.popFirst() {
            self.entries[oldest] = nil
        }
        return waiters
    }
}
