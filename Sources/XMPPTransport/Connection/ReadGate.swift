import NIOCore
import Synchronization

/// Stops and resumes reading from a channel; pauses are counted, so that several parties may hold one.
final class ReadGate: Sendable {
    private let channel: any Channel
    private let pauses = Mutex(0)

    init(_ channel: any Channel) {
        self.channel = channel
    }

    func pause() {
        let isFirst = self.pauses.withLock { pauses in
            pauses += 1
            return pauses == 1
        }
        if isFirst { self.setAutoRead(false) }
    }

    /// Takes back one `pause()`; one too many does nothing.
    func resume() {
        let isLast = self.pauses.withLock { pauses in
            guard pauses > 0 else { return false }
            pauses -= 1
            return pauses == 0
        }
        if isLast { self.setAutoRead(true) }
    }

    private func setAutoRead(_ isOn: Bool) {
        // Options are set in order on the event loop; on a closed channel there is nothing left to read.
        self.channel.setOption(.autoRead, value: isOn).whenFailure { _ in }
    }
}
