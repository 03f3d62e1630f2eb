/// The ad-hoc commands that people have begun and not finished, and what each has said so far.
///
/// A session belongs to the full address that began it; for anybody else it does not exist. Sessions expire,
/// are limited in number, and are remembered for a while after they expired, so that whoever comes late
/// learns why.
package struct CommandSessions<State: Sendable>: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Open sessions of one full address; one more closes its oldest.
        package var perOwner: Int
        /// Open sessions of all; one more is refused.
        package var total: Int
        /// How long a session stays open after its last step.
        package var lifetime: Duration

        package init(perOwner: Int = 8, total: Int = 1_000, lifetime: Duration = .seconds(600)) {
            precondition(perOwner > 0 && total > 0, "a table of no sessions serves nobody")
            self.perOwner = perOwner
            self.total = total
            self.lifetime = lifetime
        }
    }

    private struct Entry: Sendable {
        let owner: JID
        let node: String
        var state: State
        var lastStep: DateTime
        /// Rises by one with each session, so that the oldest of two of one moment is known.
        let order: UInt64
    }

    package let limits: Limits
    private var entries: [String: Entry] = [:]
    private var opened: UInt64 = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    package var count: Int { self.entries.count }

    /// Begins a session; `id` is fresh and hard to guess.
    ///
    /// Throws `resource-constraint` when there are too many sessions of others.
    package mutating func open(
        id: String, owner: JID, node: String, state: State, now: DateTime
    ) throws(StanzaError) {
        precondition(self.entries[id] == nil, "the session id \(id) is not fresh")
        self.expire(now: now)
        let own = self.entries.filter { $0.value.owner == owner }
        if own.count >= self.limits.perOwner, let oldest = own.min(by: { $0.value.order < $1.value.order }) {
            self.entries[oldest.key] = nil
        }
        if self.entries.count >= self.limits.total {
            self.entries = self.entries.filter { !self.isOver($0.value, now: now) }
        }
        guard self.entries.count < self.limits.total else {
            throw StanzaError(
                .resourceConstraint, text: "too many commands are open; try again in a few minutes")
        }
        self.opened += 1
        self.entries[id] = Entry(owner: owner, node: node, state: state, lastStep: now, order: self.opened)
    }

    /// What was said so far in a session, for its owner; the session then stays open for another lifetime.
    package mutating func resume(
        id: String, owner: JID, node: String, now: DateTime
    ) throws(CommandError) -> State {
        guard var entry = self.entries[id], entry.owner == owner, entry.node == node else {
            throw .badSessionID
        }
        guard !self.isOver(entry, now: now) else {
            self.entries[id] = nil
            throw .sessionExpired
        }
        entry.lastStep = now
        self.entries[id] = entry
        return entry.state
    }

    /// Keeps what was said in a step; nothing happens if the session is closed by now.
    package mutating func update(id: String, state: State) {
        self.entries[id]?.state = state
    }

    /// Ends a session.
    package mutating func close(id: String) {
        self.entries[id] = nil
    }

    /// Ends all sessions of an address that went away.
    package mutating func close(owner: JID) {
        self.entries = self.entries.filter { $0.value.owner != owner }
    }

    /// Forgets the sessions that have been over for one more lifetime.
    package mutating func expire(now: DateTime) {
        let age = Self.milliseconds(self.limits.lifetime) * 2
        self.entries = self.entries.filter {
            $0.value.lastStep.millisecondsSinceEpoch + age > now.millisecondsSinceEpoch
        }
    }

    private func isOver(_ entry: Entry, now: DateTime) -> Bool {
        entry.lastStep.millisecondsSinceEpoch + Self.milliseconds(self.limits.lifetime)
            <= now.millisecondsSinceEpoch
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
