import DequeModule
import Synchronization

/// Does, one after the other, what has to be on disk before it counts.
///
/// One lane for a server: rosters and kept messages are changed nowhere else, so that a change is computed, written and
/// put in place with nothing in between.
package final class DurableLane: Sendable {
    package typealias Job = @Sendable () async -> Void

    private struct State {
        var jobs: Deque<Job> = []
        var isClosed = false
    }

    /// Jobs that wait.
    ///
    /// A stream that has one waiting is not read from, so streams alone cannot reach it.
    package let limit: Int
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(limit: Int = 20_000) {
        self.limit = limit
        (self.wake, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Queues a job; false if the lane is full or the server has stopped.
    package func submit(_ job: @escaping Job) -> Bool {
        let isQueued = self.state.withLock { state in
            guard !state.isClosed, state.jobs.count < self.limit else { return false }
            state.jobs.append(job)
            return true
        }
        if isQueued { self.waker.yield() }
        return isQueued
    }

    /// Runs a job and returns what it made; nil if it could not be queued.
    package func perform<Result: Sendable>(
        _ work: @escaping @Sendable () async -> Result
    ) async -> Result? {
        await withCheckedContinuation { continuation in
            let isQueued = self.submit { continuation.resume(returning: await work()) }
            if !isQueued { continuation.resume(returning: nil) }
        }
    }

    /// Works until `finish()`, and then does what is still queued: nothing that was taken on is lost.
    package func run() async throws {
        for await _ in self.wake { await self.drain() }
        self.state.withLock { $0.isClosed = true }
        await self.drain()
    }

    /// Lets `run()` return once everything queued is done.
    ///
    /// Not tied to graceful shutdown: streams that close then have more to write.
    package func finish() {
        self.waker.finish()
    }

    private func drain() async {
        while let job = self.state.withLock({ $0.jobs.popFirst() }) { await job() }
    }
}
