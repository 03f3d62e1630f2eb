import Operations
import Synchronization

extension Coordinator {
    /// Does `work` once it is the caller's turn, nil being the coordinator itself.
    ///
    /// Too many if this caller has a turn already or `CallerTurns.limit` others have: `request` says what of. Cancelled
    /// if nobody waits for it any longer.
    func inTurn<Result: Sendable>(
        of caller: String?, among turns: any WritableKeyPath<CoordinatorState, CallerTurns> & Sendable,
        asking request: String, _ work: () async throws(OperationError) -> Result
    ) async throws(OperationError) -> Result {
        let (turn, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard self.state.withLock({ $0[keyPath: turns].join(caller, signal) }) else {
            throw OperationError(
                .tooMany, "you are asking for \(request) already, or \(CallerTurns.limit) others are",
                next: "wait for that answer, and ask again")
        }
        defer { self.state.withLock { $0[keyPath: turns].leave(caller) }?.yield() }
        for await _ in turn { return try await work() }
        throw OperationError(.cancelled, "nobody waits for \(request) any longer")
    }
}
