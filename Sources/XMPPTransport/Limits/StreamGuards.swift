import NIOCore
import Synchronization

/// What the streams of a process count together: TLS handshakes under way, failures to authenticate, lines in the log,
/// and what was received on streams of servers that may be resumed.
package final class StreamGuards: Sendable {
    private let handshakes = Mutex(0)
    private let handshakeLimit: Int
    private let failures: Mutex<FailureLedger>
    let tallies: RemoteTallies
    /// What the log says about streams that are refused.
    let refusals: Mutex<LogAllowance<NetworkAddress>>

    init(_ limits: TransportLimits) {
        self.handshakeLimit = limits.handshakes
        self.tallies = RemoteTallies(
            limit: limits.remoteResumptions, perPeer: limits.remoteResumptionsPerPeer,
            bytes: limits.remoteResumptionBytes)
        self.refusals = Mutex(
            LogAllowance(linesPerSource: limits.refusalLinesPerAddress, lines: limits.refusalLines))
        self.failures = Mutex(
            FailureLedger(
                failuresPerAddress: limits.failuresPerAddress, delay: limits.failureDelay,
                addresses: limits.failureAddresses))
    }

    /// Whether one more handshake may begin; if so, `endHandshake()` must follow.
    func beginHandshake() -> Bool {
        self.handshakes.withLock { count in
            guard count < self.handshakeLimit else { return false }
            count += 1
            return true
        }
    }

    /// TLS handshakes that have begun and not ended.
    var handshakesUnderWay: Int { self.handshakes.withLock { $0 } }

    func endHandshake() {
        self.handshakes.withLock { $0 -= 1 }
    }

    /// An attempt to authenticate failed; how long the answer is to wait.
    func fail(_ address: NetworkAddress, at now: NIODeadline) -> TimeAmount {
        self.failures.withLock { $0.fail(address, at: now) }
    }

    func isBarred(_ address: NetworkAddress, at now: NIODeadline) -> Bool {
        self.failures.withLock { $0.isBarred(address, at: now) }
    }
}
