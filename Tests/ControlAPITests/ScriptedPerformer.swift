import CloudModel
import Operations
import Synchronization

/// Answers every operation as the test says, and remembers what it was asked.
final class ScriptedPerformer: OperationPerformer {
    typealias Script = @Sendable (Invocation, ProgressSink) async throws(OperationError) -> OperationResult

    static let site = SiteID("paris.test")
    let asked = Mutex<[Invocation]>([])
    private let script: Script

    init(_ script: @escaping Script) {
        self.script = script
    }

    func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        self.asked.withLock { $0.append(invocation) }
        return try await self.script(invocation, progress)
    }
}
