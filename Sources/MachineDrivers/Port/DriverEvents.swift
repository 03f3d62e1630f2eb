import Synchronization

/// Hands each event to all subscribers of a driver, through a bounded buffer each.
package final class DriverEvents: Sendable {
    /// Events that a subscriber may lag behind before it must list the machines anew.
    package static let capacity = 256

    private struct Subscribers {
        var next = 0
        var continuations: [Int: AsyncStream<DriverEvent>.Continuation] = [:]
    }

    private let subscribers = Mutex(Subscribers())
    private let capacity: Int

    package init(capacity: Int = DriverEvents.capacity) {
        self.capacity = capacity
    }

    package func subscribe() -> AsyncStream<DriverEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DriverEvent.self, bufferingPolicy: .bufferingNewest(self.capacity))
        let key = self.subscribers.withLock { subscribers in
            subscribers.next += 1
            subscribers.continuations[subscribers.next] = continuation
            return subscribers.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.unsubscribe(key)
        }
        return stream
    }

    package func publish(_ event: DriverEvent) {
        // Copied, so that no subscriber runs under the lock: termination handlers take it too.
        let continuations = self.subscribers.withLock { Array($0.continuations.values) }
        for continuation in continuations {
            guard case .dropped = continuation.yield(event) else { continue }
            // The newest are kept: a later overflow that pushed this out would put another behind itself.
            continuation.yield(.resynchronize)
        }
    }

    private func unsubscribe(_ key: Int) {
        self.subscribers.withLock { subscribers in
            _ = subscribers.continuations.removeValue(forKey: key)
        }
    }
}
