/// Does, one after the other, what has to be on disk before it counts.
///
/// One lane for a server: rosters and kept messages are changed nowhere else, so that a change is computed, written and
/// put in place with nothing in between.
package final class DurableLane: Sendable {
    package typealias Job = @Sendable () async -> Void

    private let queue: JobQueue

    /// Jobs that wait.
    ///
    /// A stream that has one waiting is not read from, so streams alone cannot reach it.
    package var limit: Int { self.queue.limit }

    package init(limit: Int = 20_000) {
        self.queue = JobQueue(limit: limit)
    }

    /// Queues a job; false if the lane is full or the server has stopped.
    package func submit(_ job: @escaping Job) -> Bool { self.queue.submit(job) }

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
        for await _ in self.queue.wake {
            while let job = self.queue.next() { await job() }
        }
        await self.queue.close()
    }

    /// Lets `run()` return once everything queued is done.
    ///
    /// Not tied to graceful shutdown: streams that close then have more to write.
    package func finish() { self.queue.finish() }
}
