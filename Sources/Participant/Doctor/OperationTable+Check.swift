package import CloudModel
package import Operations
import Synchronization

extension OperationTable {
    /// Registers `site.check`; few checks at a time, since each connects to others on a caller's word.
    package mutating func registerCheck(_ doctor: SiteDoctor, now: @escaping @Sendable () -> Instant) {
        let here = self.site
        let gate = Gate()
        self.register("site.check") { invocation, progress async throws(OperationError) in
            let peer = try invocation["peer"].map { _ throws(OperationError) in
                try Self.site(invocation, "peer")
            }
            try gate.state.withLock { state throws(OperationError) in try state.begin(at: now()) }
            let report = await doctor.check(peer) { text in await progress(Progress(site: here, text: text)) }
            gate.state.withLock { $0.end() }
            return try report.result(at: here)
        }
    }

    /// What lets checks through, shared by all callers.
    private final class Gate: Sendable {
        let state = Mutex(CheckGate())
    }
}
