import Dispatch

/// Runs an actor on a thread of its own kind, so that calls which block never hold up the cooperative pool.
///
/// For actors around blocking C libraries and synchronous database writes.
package final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        self.queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.queue.async {
            unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}
