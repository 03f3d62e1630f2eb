import CloudModel
import Placement
import Storage
import Synchronization

/// Parts that sites were found for and that all of these then refused.
extension Coordinator {
    /// What it means for a part that every site has refused it: that it waits, or has waited for too long.
    func refusal(
        of part: String, _ workload: WorkloadID, in application: StoredApplication
    ) -> ApplicationSaga.Event? {
        guard let member = application.saga[part: part] else { return nil }
        let reason = self.state.withLock { $0.placements[workload]?.saga.reason } ?? "no site takes it"
        return self.mayWait(part, of: application)
            ? .postponed(part: part, generation: member.generation, reason: reason, at: self.now())
            : .refused(part: part, generation: member.generation, reason: reason)
    }

    /// Asks sites again for the replicas of a part that none has taken; whether there are such.
    func retry(_ workload: WorkloadID) async -> Bool {
        let now = self.now()
        var isDue = false
        let change = self.state.withLock { state in
            state.change(workload, now: now) { saga in
                let directives = saga.retry()
                isDue = !directives.isEmpty
                return directives
            }
        }
        if let change { await self.commit(change) }
        return isDue
    }
}
