import NIOCore
import NIOPosix

/// Events in the order they happened, for a test to take one after the other; waiting ends with an error after a while.
package final class Recorder<Event: Sendable>: Sendable {
    package struct NothingHappened: Error {
        package let seconds: Int
    }

    private let stream: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    package init() {
        (self.stream, self.continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    package func record(_ event: Event) {
        self.continuation.yield(event)
    }

    /// The next event; once none has come for so long, this and every later call ends with an error.
    package func next(within seconds: Int = 120) async throws -> Event {
        let continuation = self.continuation
        let deadline = MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: .seconds(Int64(seconds)))
        {
            continuation.finish()
        }
        defer { deadline.cancel() }
        var iterator = self.stream.makeAsyncIterator()
        guard let event = await iterator.next() else { throw NothingHappened(seconds: seconds) }
        return event
    }
}
