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

    /// Rings from now on, and one at once, so that nobody misses what was there before.
    package func rings() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = self.listeners.withLock { listeners in
            listeners.next += 1
            listeners.continuations[listeners.next] = continuation
            return listeners.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.remove(key)
        }
        continuation.yield()
        return stream
    }

    package func ring() {
        let continuations = self.listeners.withLock { Array($0.continuations.values) }
        for continuation in continuations { continuation.yield() }
    }

    private func remove(_ key: Int) {
        self.listeners.withLock { listeners in
            _ = listeners.continuations.removeValue(forKey: key)
        }
    }
}
