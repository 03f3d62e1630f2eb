import Logging
import NIOCore
import Synchronization
import XMPP

extension StreamEnvironment {
    private static let minute: UInt64 = 60_000_000_000

    /// Says in the log that a peer is turned away, if there is still room for it.
    func log(
        _ refusal: StreamRefusal, of kind: TransportMetrics.Kind, from address: SocketAddress?,
        at now: NIODeadline
    ) {
        let minute = Int64(now.uptimeNanoseconds / Self.minute)
        let outcome = self.guards.refusals.withLock { $0.take(NetworkAddress(address), inMinute: minute) }
        guard case .write(let unwritten) = outcome else { return }
        var metadata: Logger.Metadata = [
            "address": "\(address?.ipAddress ?? "unknown")", "stream": "\(kind.rawValue)",
            "condition": "\(refusal.condition.rawValue)", "reason": "\(LogText.escaped(refusal.reason))",
        ]
        if let domain = refusal.domain { metadata["domain"] = "\(LogText.escaped(domain))" }
        if unwritten > 0 { metadata["unwritten"] = "\(unwritten)" }
        self.logger.notice("\(refusal.message)", metadata: metadata)
    }
}
