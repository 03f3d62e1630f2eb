import CloudModel
import Operations
import Synchronization

/// Answers every operation as the test says, and remembers what it was asked.
final class ScriptedPerformer: OperationGatekeeper {
    typealias Script = @Sendable (Invocation, ProgressSink) async throws(OperationError) -> OperationResult

    static let site = SiteID("paris.test")
    let asked = Mutex<[Invocation]>([])
    /// How far everybody's grant reaches; nil if there is none.
    let scope: Mutex<Grant.Scope?> = Mutex(.site)
    private let script: Script

    init(_ script: @escaping Script) {
        self.script = script
    }

    func authorize(_ invocation: Invocation) async throws(OperationError) -> Grant.Scope {
        guard let scope = self.scope.withLock({ $0 }) else {
            throw OperationError(.forbidden, "no grant allows it", site: Self.site)
        }
        return scope
    }

    func perform(
        _ invocation: Invocation, progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        self.asked.withLock { $0.append(invocation) }
        return try await self.script(invocation, progress)
    }
}
