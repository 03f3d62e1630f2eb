import CloudModel
import DequeModule

/// The requests that were performed or are being performed, by whom and key, with what came of them.
///
/// A request may arrive twice: its sender repeats what a lost connection may have swallowed. It is performed once. What
/// failed was not performed, and may be asked for again. A key stands for one request: whoever uses it for another is
/// told so. Who has many keys pushes out his own, never those of others.
struct InvokeMemory<Request: Hashable & Sendable, Outcome: Sendable, Waiter: Sendable>: Sendable {
    /// How much is remembered.
    struct Limits: Hashable, Sendable {
        /// Outcomes of all callers, and those of one among them.
        var outcomes = 10_000
        var outcomesPerCaller = 1_000
        /// What one caller's requests and outcomes may cost in memory, in bytes; a single one that costs more is not
        /// remembered at all.
        var bytesPerCaller = 1_024 * 1_024
        /// The same of all callers.
        var bytes = 16 * 1_024 * 1_024
        /// How long an outcome is remembered.
        var age: Duration = .seconds(86_400)
    }

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
        case done(Outcome, cost: Int, at: Instant)
    }

    private struct Entry: Sendable {
        let request: Request
        var state: State
    }

    /// What is remembered of one caller, the oldest first.
    private struct Caller: Sendable {
        var finished: Deque<String> = []
        var bytes = 0
    }

    let limits: Limits
    private var entries: [Key: Entry] = [:]
    private var callers: [String: Caller] = [:]
    private var count = 0
    private var bytes = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    mutating func begin(_ key: Key, _ request: Request, waiter: Waiter, now: Instant) -> OnBegin {
        self.forgetOld(of: key.caller, now: now)
        guard let entry = self.entries[key] else {
            self.entries[key] = Entry(request: request, state: .underWay([]))
            return .perform
        }
        guard entry.request == request else { return .differs }
        switch entry.state {
        case .underWay(let waiters):
            self.entries[key]?.state = .underWay(waiters + [waiter])
            return .wait
        case .done(let outcome, _, _): return .known(outcome)
        }
    }

    /// It is performed, or has failed if there is no outcome: who waits to be told.
    ///
    /// - Parameter cost: what it takes to remember the request and the outcome, in bytes.
    mutating func finish(_ key: Key, _ outcome: Outcome?, cost: Int, now: Instant) -> [Waiter] {
        guard case .underWay(let waiters) = self.entries[key]?.state else { return [] }
        guard let outcome, cost <= self.limits.bytesPerCaller else {
            self.entries[key] = nil
            return waiters
        }
        self.entries[key]?.state = .done(outcome, cost: cost, at: now)
        self.callers[key.caller, default: Caller()].finished.append(key.key)
        self.callers[key.caller]?.bytes += cost
        self.count += 1
        self.bytes += cost
        while let caller = self.callers[key.caller],
            caller.finished.count > self.limits.outcomesPerCaller
                || caller.bytes > self.limits.bytesPerCaller
        {
            self.forgetOldest(of: key.caller)
        }
        while self.count > self.limits.outcomes || self.bytes > self.limits.bytes {
            // Whoever has most pays; of two that have as much, always the same.
            let most = self.callers.max { ($0.value.bytes, $0.key) < ($1.value.bytes, $1.key) }
            guard let most else { break }
            self.forgetOldest(of: most.key)
        }
        return waiters
    }

    private mutating func forgetOld(of caller: String, now: Instant) {
        while let key = self.callers[caller]?.finished.first,
            case .done(_, _, let at)? = self.entries[Key(caller: caller, key: key)]?.state,
            at.duration(to: now) > self.limits.age
        {
            self.forgetOldest(of: caller)
        }
    }

    private mutating func forgetOldest(of caller: String) {
        guard let key = self.callers[caller]?.finished.popFirst() else { return }
        if case .done(_, let cost, _)? = self.entries.removeValue(forKey: Key(caller: caller, key: key))?
            .state
        {
            self.callers[caller]?.bytes -= cost
            self.bytes -= cost
        }
        self.count -= 1
        if self.callers[caller]?.finished.isEmpty == true { self.callers[caller] = nil }
    }
}
