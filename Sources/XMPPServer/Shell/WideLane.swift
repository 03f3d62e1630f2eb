import Synchronization

/// Does side by side what changes nothing or can wait for the `DurableLane` by itself, so that nobody's messages wait
/// behind it: reading archives and documents, hashing passwords.
package final class WideLane: Sendable {
    package typealias Job = @Sendable () async -> Void

    private let queue: JobQueue
    private let underWay = Mutex(0)
    /// Jobs under way at a time; fewer than the database has connections for readers.
    package let width: Int

    /// Jobs that wait.
    ///
    /// A stream that has one waiting is not read from, so streams alone cannot reach it.
    package var limit: Int { self.queue.limit }

    package init(limit: Int = 20_000, width: Int = 4) {
        self.queue = JobQueue(limit: limit)
        self.width = width
    }

    package var underWayCount: Int { self.underWay.withLock { $0 } }

    /// Queues a job; false if the lane is full or the server has stopped.
    package func submit(_ job: @escaping Job) -> Bool { self.queue.submit(job) }

    /// Works until `finish()`, and then does what is still queued: nothing that was taken on is lost.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await _ in self.queue.wake {
                while let job = self.next() {
                    group.addTask {
                        await job()
                        self.underWay.withLock { $0 -= 1 }
                        self.queue.ring()
                    }
                }
            }
        }
        await self.queue.close()
    }

    /// Lets `run()` return once everything queued is done.
    package func finish() { self.queue.finish() }

    /// The next job, if one may begin.
    private func next() -> Job? {
        self.underWay.withLock { underWay in
            guard underWay < self.width, let job = self.queue.next() else { return nil }
            underWay += 1
            return job
        }
    }
}
