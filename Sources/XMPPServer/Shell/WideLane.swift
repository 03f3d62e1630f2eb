import DequeModule
import Synchronization

/// Does side by side what changes nothing or can wait for the `DurableLane` by itself, so that nobody's messages wait
/// behind it: reading archives and documents, hashing passwords.
package final class WideLane: Sendable {
    package typealias Job = @Sendable () async -> Void

    private struct State {
        var jobs: Deque<Job> = []
        var underWay = 0
        var isClosed = false
    }

    /// Jobs that wait.
    ///
    /// A stream that has one waiting is not read from, so streams alone cannot reach it.
    package let limit: Int
    /// Jobs under way at a time; fewer than the database has connections for readers.
    package let width: Int
    private let state = Mutex(State())
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    package init(limit: Int = 20_000, width: Int = 4) {
        self.limit = limit
        self.width = width
        (self.wake, self.waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package var underWayCount: Int { self.state.withLock { $0.underWay } }

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

    /// Works until `finish()`, and then does what is still queued: nothing that was taken on is lost.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.wake {
                while let job = self.next() {
                    group.addTask {
                        await job()
                        self.state.withLock { $0.underWay -= 1 }
                        self.waker.yield()
                    }
                }
            }
        }
        let rest = self.state.withLock { state in
            defer { state.jobs = [] }
            state.isClosed = true
            return state.jobs
        }
        for job in rest { await job() }
    }

    /// Lets `run()` return once everything queued is done.
    package func finish() {
        self.waker.finish()
    }

    /// The next job, if one may begin.
    private func next() -> Job? {
        self.state.withLock { state in
            guard state.underWay < self.width, let job = state.jobs.popFirst() else { return nil }
            state.underWay += 1
            return job
        }
    }
}
