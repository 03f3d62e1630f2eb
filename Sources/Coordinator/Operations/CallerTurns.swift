/// Whose turn it is to have something made that keeps a processor busy: one at a time, in the order in which they
/// asked.
///
/// A caller who asks again before that is there is turned away, so that nobody, and the coordinator least of all, waits
/// behind more than one of each of the others.
struct CallerTurns {
    /// Callers who wait at once, the one whose turn it is included; the coordinator itself always has its turn.
    static let limit = 100

    private struct Turn {
        /// Nil for the coordinator itself.
        let caller: String?
        let signal: AsyncStream<Void>.Continuation
    }

    /// It is the turn of the first of them.
    private var turns: [Turn] = []

    /// Queues a caller, who is told by `signal` when it is their turn; false if they have a turn already, or too many
    /// wait.
    mutating func join(_ caller: String?, _ signal: AsyncStream<Void>.Continuation) -> Bool {
        guard caller == nil || self.turns.count < Self.limit,
            !self.turns.contains(where: { $0.caller == caller })
        else { return false }
        self.turns.append(Turn(caller: caller, signal: signal))
        if self.turns.count == 1 { signal.yield() }
        return true
    }

    /// Takes a caller out, whether their turn has come or not; returns the signal of the one whose turn it is now
    /// because of that.
    mutating func leave(_ caller: String?) -> AsyncStream<Void>.Continuation? {
        guard let index = self.turns.firstIndex(where: { $0.caller == caller }) else { return nil }
        self.turns.remove(at: index)
        return index == 0 ? self.turns.first?.signal : nil
    }
}
