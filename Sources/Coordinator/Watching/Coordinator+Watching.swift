import CloudModel
import Logging
import Operations
import Storage
import Synchronization

/// Telling what happens to workloads.
///
/// Nothing waits in memory for a slow reader: each has a position in the log, and goes on from there when the face has
/// taken what it was given. Whoever falls behind what the log keeps is told so.
extension Coordinator {
    func performWatch(
        _ invocation: Invocation, _ progress: @escaping ProgressSink
    ) async throws(OperationError) -> OperationResult {
        // Until then there is no position to begin at, and everything that was stored would be news.
        try self.requireLoaded()
        var workload: WorkloadID?
        if invocation.operation == "workload.watch" {
            workload = try self.workload(
                try invocation.text("workload"), for: invocation.caller.address, scope: invocation.scope
            ).id
        }
        let watch = CoordinatorState.Watch(
            workload: workload, owner: invocation.scope == .site ? nil : invocation.caller.address)
        let report = try await self.watch(
            watch, by: invocation.caller.address, after: invocation[Catalogue.resumption]?.integer,
            patience: invocation.isLive ? nil : self.patience(invocation), telling: progress)
        return try OperationResult(site: self.configuration.address, encoding: report)
    }

    /// How long to wait for news; never longer than for anything else.
    private func patience(_ invocation: Invocation) -> Duration {
        let wanted = invocation["for"]?.integer.map { Duration.milliseconds($0) } ?? .seconds(30)
        return min(wanted, self.configuration.patience)
    }

    /// Tells what happens until there is nothing more to tell, or, with `patience`, until something was told or that
    /// long has passed.
    private func watch(
        _ watch: CoordinatorState.Watch, by caller: String, after position: Int64?, patience: Duration?,
        telling progress: @escaping ProgressSink
    ) async throws(OperationError) -> WatchReport {
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (entry, number, start) = self.state.withLock { state in
            let entry = state.watcherCount.enter(caller)
            return (
                entry, entry == .welcome ? state.watch(watch.workload, continuation) : 0,
                position ?? state.start(of: watch)
            )
        }
        if case .tooMany(let isOfCaller) = entry { throw Self.tooMany(isOfCaller) }
        defer {
            self.state.withLock { state in
                state.unwatch(watch.workload, number)
                state.watcherCount.leave(caller)
            }
        }
        continuation.yield()
        guard let patience else {
            if position == nil, watch.workload == nil { await progress(self.beginning(at: start)) }
            return try await self.follow(watch, from: start, wakes, isLive: true, telling: progress)
        }
        let outcome = await self.withPatience(of: patience) { () -> Result<WatchReport, OperationError> in
            do throws(OperationError) {
                return .success(
                    try await self.follow(watch, from: start, wakes, isLive: false, telling: progress))
            } catch {
                return .failure(error)
            }
        }
        guard let outcome else { return self.nothing(of: watch, after: start) }
        return try outcome.get()
    }

    /// What there is when nobody waits any longer.
    private func nothing(of watch: CoordinatorState.Watch, after start: Int64) -> WatchReport {
        let batch = self.state.withLock { $0.batch(of: watch, after: start) }
        return WatchReport(events: batch.news, position: batch.through)
    }

    private func follow(
        _ watch: CoordinatorState.Watch, from start: Int64, _ wakes: AsyncStream<Void>, isLive: Bool,
        telling progress: ProgressSink
    ) async throws(OperationError) -> WatchReport {
        var isFirst = true
        var events: [WorkloadNews] = []
        let position = try await self.batches(of: watch, from: start, wakes) {
            batch, position throws(OperationError) in
            if !batch.isComplete {
                guard isFirst else { throw self.tooSlow(at: position) }
                await progress(self.gap(after: position))
            }
            isFirst = false
            for news in batch.news { await progress(try self.progress(of: news)) }
            guard batch.isLast || (!isLive && !batch.news.isEmpty) else { return false }
            if !isLive { events = batch.news }
            return true
        }
        return WatchReport(events: events, position: position)
    }

    /// Tells `outlet` everything that happens from now on, until cancelled.
    func publish(to outlet: @Sendable (WorkloadNews) async -> Void) async {
        let watch = CoordinatorState.Watch(workload: nil, owner: nil)
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (number, start) = self.state.withLock { state in
            (state.watch(nil, continuation), state.start(of: watch))
        }
        defer { self.state.withLock { $0.unwatch(nil, number) } }
        continuation.yield()
        _ = await self.batches(of: watch, from: start, wakes) { batch, _ in
            if !batch.isComplete {
                self.logger.warning("events come faster than they can be published: some are left out")
            }
            for news in batch.news { await outlet(news) }
            return false
        }
    }

    /// Hands over what happens after `start` as it happens, with the position before it, until that is enough or the
    /// task is cancelled; where to go on.
    private func batches<Failure: Error>(
        of watch: CoordinatorState.Watch, from start: Int64, _ wakes: AsyncStream<Void>,
        until isEnough: (CoordinatorState.Batch, Int64) async throws(Failure) -> Bool
    ) async throws(Failure) -> Int64 {
        var position = start
        for await _ in wakes {
            var isBehind = true
            while isBehind, !Task.isCancelled {
                let batch = self.state.withLock { $0.batch(of: watch, after: position) }
                let isLast = try await isEnough(batch, position)
                // What is behind those that may be seen is looked at in the next round.
                isBehind = batch.through > position
                position = batch.through
                if isLast { return position }
            }
        }
        return position
    }

    private func progress(of news: WorkloadNews) throws(OperationError) -> Progress {
        let value: Value
        do {
            value = try ValueEncoder().encode(news)
        } catch {
            throw OperationError(.internalError, "an event could not be written: \(error)")
        }
        return Progress(
            site: self.configuration.address, text: "\(news.name): \(news.event.text)",
            item: Progress.Item(kind: "workload", id: String(news.event.position ?? 0), value: value))
    }

    /// Where a feed begins that names no position: who is cut off before its first event goes on from there.
    private func beginning(at position: Int64) -> Progress {
        self.mark("start", at: position, "what happens from now on")
    }

    private func gap(after position: Int64) -> Progress {
        self.mark("gap", at: position, "older events than those that follow are not kept any more")
    }

    /// What a feed says of itself rather than of a workload.
    private func mark(_ kind: String, at position: Int64, _ text: String) -> Progress {
        let site = self.configuration.address
        return Progress(
            site: site, text: text,
            item: Progress.Item(
                kind: kind, id: String(position),
                value: [
                    "site": .string(site.address), "text": .string(text), "after": .integer(position),
                ]))
    }

    private func tooSlow(at position: Int64) -> OperationError {
        OperationError(
            .tooMany, "events came faster than they were read, and the next one is not kept any more",
            next: "look at the workloads, then watch again after position \(position)")
    }

    private static func tooMany(_ isOfCaller: Bool) -> OperationError {
        isOfCaller
            ? OperationError(
                .tooMany, "you watch \(WatcherCount.mostPerCaller) times already",
                next: "end one of them: workload events tells of all workloads at once")
            : OperationError(
                .tooMany, "\(WatcherCount.most) watch already, and no more can", next: "try again later")
    }
}
