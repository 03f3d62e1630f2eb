/// Waiting for what other tasks do.
package enum Turns {
    /// The task was cancelled before it came to what it waited for.
    package struct NeverReached: Error, CustomStringConvertible {
        package let what: String

        package var description: String { "waited in vain until \(self.what)" }
    }

    /// Gives other tasks their turns until `isReached`.
    ///
    /// Throws an error with `what` in it once the task is cancelled, as that of a test is at its time limit.
    package static func pass(until what: String, _ isReached: () async throws -> Bool) async throws {
        while try await !isReached() {
            guard !Task.isCancelled else { throw NeverReached(what: what) }
            await Task.yield()
        }
    }
}
