import NIOCore

/// How long to wait before the next attempt to connect.
///
/// Pure: time and randomness come in as arguments.
struct BackOff: Hashable, Sendable {
    /// How many failures count, at most, before a stream that was up breaks off.
    ///
    /// The network does that, not the server: where a link comes and goes, each return is short, and whoever waited longer
    /// each time would soon be gone for most of it.
    private static let failuresBeforeLoss = 2

    private let limits: AttachmentLimits
    private var failures = 0

    init(limits: AttachmentLimits) {
        self.limits = limits
    }

    /// The pause after an attempt that failed, or a stream that ended.
    ///
    /// `min(longest, shortest × 2^(failures − 1))`, drawn from its upper half so that processes that lost a server
    /// together do not return together; after a stream that was up and broke off four times the shortest at most.
    mutating func pause(
        after end: AttachmentEnd, using random: inout some RandomNumberGenerator
    ) -> TimeAmount {
        if let lasting = end.lasting, lasting >= self.limits.steadyTime { self.failures = 0 }
        if end.isLoss { self.failures = min(self.failures, Self.failuresBeforeLoss) }
        self.failures += 1
        var longest = self.limits.shortestBackOff.nanoseconds
        for _ in 1..<max(self.failures, 2)
        where self.failures > 1 && longest < self.limits.longestBackOff.nanoseconds {
            longest *= 2
        }
        if end.needsAdmin { longest = max(longest, self.limits.adminBackOff.nanoseconds) }
        longest = min(longest, self.limits.longestBackOff.nanoseconds)
        return .nanoseconds(Int64.random(in: longest / 2...longest, using: &random))
    }
}
