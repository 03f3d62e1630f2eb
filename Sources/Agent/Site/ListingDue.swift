import Synchronization

/// Whether the hypervisors must be listed anew, and whether a listing is still the latest that is known.
final class ListingDue: Sendable {
    private struct State {
        var isDue = false
        /// What was heard of machines so far.
        var news = 0
        var failures = 0
    }

    private let state = Mutex(State())

    var isDue: Bool { self.state.withLock(\.isDue) }

    /// Something may have been missed.
    func demand() {
        self.state.withLock { $0.isDue = true }
    }

    /// Something was heard: a listing that was begun before may be older.
    func hear() {
        self.state.withLock { $0.news += 1 }
    }

    /// Begins a listing; the number tells `isLatest` which.
    func begin() -> Int {
        self.state.withLock { state in
            state.isDue = false
            return state.news
        }
    }

    /// Whether nothing was heard since the listing was begun.
    func isLatest(_ number: Int) -> Bool {
        self.state.withLock { $0.news == number }
    }

    /// The listing came to nothing, so another is due; whether it is the first in a row, and worth a line in the log.
    func fail() -> Bool {
        self.state.withLock { state in
            state.isDue = true
            state.failures += 1
            return state.failures == 1
        }
    }

    func succeed() {
        self.state.withLock { $0.failures = 0 }
    }
}
