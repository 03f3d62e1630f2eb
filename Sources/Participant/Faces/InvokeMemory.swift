import CloudModel
import DequeModule

/// The requests that were performed or are being performed, by whom and key, with what came of them.
///
/// A request may arrive twice: its sender repeats what a lost connection may have swallowed. It is performed once. What
/// failed was not performed, and may be asked for again. A key stands for one request: whoever uses it for another is
/// told so. A caller with many keys pushes out their own, never those of others.
struct InvokeMemory<Request: Hashable & Sendable, Outcome: Sendable, Waiter: Sendable>: Sendable {
    /// How much is remembered.
    struct Limits: Hashable, Sendable {
        /// Outcomes of all callers, and those of one among them.
        var outcomes = 10_000
        var outcomesPerCaller = 1_000
        /// What one caller's outcomes may cost in memory, in bytes; a single one that costs more is not remembered at
        /// all.
        var bytesPerCaller = 1_024 * 1_024
        /// The same of all callers.
        var bytes = 16 * 1_024 * 1_024
        /// How long an outcome is remembered.
        var age: Duration = .seconds(86_400)
        /// Requests of one caller that are under way, together with their repetitions that wait.
        var openPerCaller = 1_000
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
        /// The caller has as many requests under way as they may.
        case tooMany
    }

    private enum State: Sendable {
        /// Who waits, by the number that each gave.
        case underWay([Int: Waiter])
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
    /// How many requests of each caller are under way or wait.
    private var open: [String: Int] = [:]
    /// How many outcomes are remembered.
    private(set) var count = 0
    private var bytes = 0
    /// When the outcomes of all callers were last looked through for old ones.
    private var swept: Instant?

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// - Parameter number: names the waiter among those of this key.
    mutating func begin(
        _ key: Key, _ request: Request, waiter: Waiter, number: Int, now: Instant
    ) -> OnBegin {
        self.sweep(now: now)
        self.forgetOld(of: key.caller, now: now)
        let open = self.open[key.caller, default: 0]
        guard let entry = self.entries[key] else {
            guard open < self.limits.openPerCaller else { return .tooMany }
            self.entries[key] = Entry(request: request, state: .underWay([:]))
            self.open[key.caller] = open + 1
            return .perform
        }
        guard entry.request == request else { return .differs }
        switch entry.state {
        case .underWay(var waiters):
            guard open < self.limits.openPerCaller else { return .tooMany }
            waiters[number] = waiter
            self.entries[key]?.state = .underWay(waiters)
            self.open[key.caller] = open + 1
            return .wait
        case .done(let outcome, _, _): return .known(outcome)
        }
    }

    /// The waiter of that number waits no longer; nil if it was told already.
    mutating func leave(_ key: Key, number: Int) -> Waiter? {
        guard case .underWay(var waiters)? = self.entries[key]?.state,
            let waiter = waiters.removeValue(forKey: number)
        else { return nil }
        self.entries[key]?.state = .underWay(waiters)
        self.close(1, of: key.caller)
        return waiter
    }

    /// It is performed, or has failed if there is no outcome: who waits to be told.
    ///
    /// - Parameter cost: what it takes to remember the outcome, in bytes.
    mutating func finish(_ key: Key, _ outcome: Outcome?, cost: Int, now: Instant) -> [Waiter] {
        guard case .underWay(let numbered)? = self.entries[key]?.state else { return [] }
        let waiters = numbered.sorted { $0.key < $1.key }.map(\.value)
        self.close(1 + waiters.count, of: key.caller)
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

    private mutating func close(_ number: Int, of caller: String) {
        let left = self.open[caller, default: 0] - number
        self.open[caller] = left > 0 ? left : nil
    }

    /// Forgets also what is old of those who do not come back.
    private mutating func sweep(now: Instant) {
        let last = self.swept ?? now
        self.swept = last
        guard last.duration(to: now) >= self.limits.age else { return }
        self.swept = now
        for caller in self.callers.keys.sorted() { self.forgetOld(of: caller, now: now) }
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
