import Synchronization

/// Holds those who come until it is opened; then it stays open.
final class Gate: Sendable {
    private enum State {
        case closed([CheckedContinuation<Void, Never>])
        case open
    }

    private let state = Mutex(State.closed([]))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = self.state.withLock { state in
                guard case .closed(let waiting) = state else { return true }
                state = .closed(waiting + [continuation])
                return false
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = self.state.withLock { state in
            defer { state = .open }
            return if case .closed(let waiting) = state { waiting } else {
                [] as [CheckedContinuation<Void, Never>]
            }
        }
        for continuation in waiting { continuation.resume() }
    }
}
