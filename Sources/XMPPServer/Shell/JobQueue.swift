import DequeModule
import Synchronization

/// Jobs that wait for a lane, in the order in which they came.
final class JobQueue: Sendable {
    typealias Job = @Sendable () async -> Void

    private struct State {
        var jobs: Deque<Job> = []
        var isClosed = false
    }

    let limit: Int
    /// Yields when there may be something to do, and ends with `finish()`.
    let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
        (self.wake, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Queues a job; false if the queue is full or closed.
    func submit(_ job: @escaping Job) -> Bool {
        let isQueued = self.state.withLock { state in
            guard !state.isClosed, state.jobs.count < self.limit else { return false }
            state.jobs.append(job)
            return true
        }
        if isQueued { self.ring() }
        return isQueued
    }

    func next() -> Job? { self.state.withLock { $0.jobs.popFirst() } }

    /// Has whoever waits look again.
    func ring() { self.waker.yield() }

    func finish() { self.waker.finish() }

    /// Takes nothing more, and does what is still queued.
    func close() async {
        self.state.withLock { $0.isClosed = true }
        while let job = self.next() { await job() }
    }
}
