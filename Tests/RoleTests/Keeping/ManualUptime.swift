import Synchronization

/// A clock that never jumps, and goes on only when it is told to.
final class ManualUptime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var now: Duration { self.elapsed.withLock { $0 } }

    func advance(by duration: Duration) { self.elapsed.withLock { $0 += duration } }
}
