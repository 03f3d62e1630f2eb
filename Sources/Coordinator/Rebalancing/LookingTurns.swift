/// Whose turn it is to look for moves: one look at a time, in the order in which they were asked for.
///
/// A caller who asks again before their look is over is turned away, so that nobody, and the coordinator least of all,
/// waits behind more than one look of each of the others.
struct LookingTurns {
    /// Callers who wait at once, the one who looks included; the coordinator itself always has its turn.
    static let limit = 100

    private struct Turn {
        /// Nil for the coordinator itself.
        let caller: String?
        let signal: AsyncStream<Void>.Continuation
    }

    /// The first of them looks.
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

    /// Takes a caller out, whether they have looked or not; returns the signal of the one whose turn it is now because
    /// of that.
    mutating func leave(_ caller: String?) -> AsyncStream<Void>.Continuation? {
        guard let index = self.turns.firstIndex(where: { $0.caller == caller }) else { return nil }
        self.turns.remove(at: index)
        return index == 0 ? self.turns.first?.signal : nil
    }
}
