import Synchronization

/// An inbound stream of another server, as whoever receives its stanzas sees it.
package final class RemoteStream: Sendable {
    /// The stream id we gave it; for the log.
    package let id: String
    package let remoteAddress: String
    private let former: Mutex<String?> = Mutex(nil)
    private let gate: ReadGate

    init(id: String, remoteAddress: String, gate: ReadGate) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.gate = gate
    }

    /// The same for all streams that one resumed (XEP-0198): what comes by them is one sequence.
    package var source: String { self.former.withLock { $0 } ?? self.id }

    func goesOn(as source: String) { self.former.withLock { $0 = source } }

    /// Stops reading from the peer: TCP then holds it back.
    ///
    /// Counted; pair with `resumeReading()`.
    package func pauseReading() { self.gate.pause() }

    package func resumeReading() { self.gate.resume() }
}
