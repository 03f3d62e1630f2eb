import Synchronization

/// Events in the order they happened, for a test to take one after the other; waiting ends with an error after a while.
final class Recorder<Event: Sendable>: Sendable {
    struct NothingHappened: Error {
        let seconds: Int
    }

    private let stream: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    func record(_ event: Event) {
        self.continuation.yield(event)
    }

    /// The next event.
    func next(within seconds: Int = 60) async throws -> Event {
        let stream = self.stream
        return try await withThrowingTaskGroup(of: Event?.self) { group in
            group.addTask {
                var iterator = stream.makeAsyncIterator()
                return await iterator.next()
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let event = first else {
                throw NothingHappened(seconds: seconds)
            }
            return event
        }
    }
}
