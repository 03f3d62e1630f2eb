import Operations

/// Performs operations, but waits no longer than a limit.
struct TimeLimit: Sendable {
    private let limit: Duration

    init(_ limit: Duration) {
        self.limit = limit
    }

    /// The result, or `timeout` when the limit has passed; the operation is then told to stop.
    ///
    /// Returns once it has stopped, which is at once only if it heeds cancellation.
    func perform(
        _ invocation: Invocation, with performer: any OperationPerformer,
        progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        let limit = self.limit
        let outcome = await withTaskGroup(of: Result<OperationResult, OperationError>?.self) { group in
            group.addTask {
                do throws(OperationError) {
                    return .success(try await performer.perform(invocation, progress: progress))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                do {
                    try await Task.sleep(for: limit)
                } catch {
                    // Cancelled, because the operation was faster.
                    return nil
                }
                return .failure(
                    OperationError(
                        .timeout,
                        "\(invocation.operation) took longer than \(limit); it may still have happened",
                        next: "look before you ask again, or ask with the same Idempotency-Key"))
            }
            var first: Result<OperationResult, OperationError>?
            while first == nil, let next = await group.next() { first = next }
            group.cancelAll()
            return first
        }
        guard let outcome else { throw OperationError(.cancelled, "\(invocation.operation) was cancelled") }
        return try outcome.get()
    }
}
