/// Whatever can perform operations: the table of this process, or another site behind a stream.
package protocol OperationPerformer: Sendable {
    /// Performs one operation, telling `progress` how far it is where that takes long.
    func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult
}

extension OperationPerformer {
    package func perform(_ invocation: Invocation) async throws(OperationError) -> OperationResult {
        try await self.perform(invocation) { _ in }
    }
}
