import CloudModel
import Operations
import Storage
import Synchronization

/// Waiting for a workload to get somewhere, with news on the way.
extension Coordinator {
    /// The workload once `goal` is reached or the coordinator's patience has run out.
    func wait(
        for id: WorkloadID, until goal: Goal, telling progress: @escaping ProgressSink
    ) async -> Workload? {
        let (news, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { $0.watch(id, continuation) }
        continuation.yield()
        await self.withPatience { await self.follow(id, until: goal, news, telling: progress) }
        return self.state.withLock { state in
            state.unwatch(id, number)
            return state.placements[id]?.workload
        }
    }

    /// What `body` comes to; nil if `patience`, that of the coordinator if none is given, runs out first.
    @discardableResult
    func withPatience<Outcome: Sendable>(
        of patience: Duration? = nil, _ body: @escaping @Sendable () async -> Outcome
    ) async -> Outcome? {
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await body() }
            group.addTask {
                do {
                    try await self.pause(patience ?? self.configuration.patience)
                } catch {
                    // It was done first, or the caller has gone.
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func follow(
        _ id: WorkloadID, until goal: Goal, _ news: AsyncStream<Void>, telling progress: ProgressSink
    ) async {
        var told: [Workload.Replica] = []
        for await _ in news {
            guard let workload = self.state.withLock({ $0.placements[id]?.workload }) else { return }
            for (index, replica) in workload.replicas.enumerated()
            where !told.indices.contains(index) || told[index] != replica {
                await progress(self.progress(of: replica, in: workload))
            }
            told = workload.replicas
            if goal.isReached(by: workload) { return }
        }
    }

    private func progress(of replica: Workload.Replica, in workload: Workload) -> Progress {
        let name = "\(workload.specification.name)-\(replica.index)"
        let text: String
        switch (replica.site, replica.machine, replica.state) {
        case (nil, _, _): text = "\(name): looking for a site"
        case (.some(let site), nil, _): text = "\(name): asking \(site)"
        case (.some(let site), .some, let state):
            text = "\(name) at \(site): \(state?.rawValue ?? "accepted")"
        }
        let placed = workload.replicas.count { $0.machine != nil }
        return Progress(
            site: self.configuration.address, text: text, step: placed, of: workload.replicas.count)
    }
}
