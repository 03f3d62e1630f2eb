import Synchronization

/// Wakes those who wait for something to change; any number of rings before one looks count as one.
///
/// Level-triggered: whoever is woken looks at the state itself, so nothing is queued and nothing can be lost.
package final class Bell: Sendable {
    private struct Listeners {
        var next = 0
        var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let listeners = Mutex(Listeners())

    package init() {}

    /// Rings from now on, and one at once, so that nobody misses what was there before; those of `other` too.
    package func rings(or other: Bell? = nil) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = self.add(continuation)
        let otherKey = other?.add(continuation)
        continuation.onTermination = { [weak self, weak other] _ in
            self?.remove(key)
            if let otherKey { other?.remove(otherKey) }
        }
        continuation.yield()
        return stream
    }

    package func ring() {
        let continuations = self.listeners.withLock { Array($0.continuations.values) }
        for continuation in continuations { continuation.yield() }
    }

    private func add(_ continuation: AsyncStream<Void>.Continuation) -> Int {
        self.listeners.withLock { listeners in
            listeners.next += 1
            listeners.continuations[listeners.next] = continuation
            return listeners.next
        }
    }

    private func remove(_ key: Int) {
        self.listeners.withLock { listeners in
            _ = listeners.continuations.removeValue(forKey: key)
        }
    }
}
