import NIOCore

/// How long to wait before the next attempt to connect.
///
/// Pure: time and randomness come in as arguments.
struct BackOff: Hashable, Sendable {
    private let limits: AttachmentLimits
    private var failures = 0

    init(limits: AttachmentLimits) {
        self.limits = limits
    }

    /// The pause after an attempt that failed, or a stream that ended after `lasting`; nil if none came to be.
    ///
    /// `min(longest, shortest × 2^(failures − 1))`, drawn from its upper half so that processes that lost a server
    /// together do not return together.
    mutating func pause(
        after lasting: TimeAmount?, needsAdmin: Bool, using random: inout some RandomNumberGenerator
    ) -> TimeAmount {
        if let lasting, lasting >= self.limits.steadyTime { self.failures = 0 }
        self.failures += 1
        var longest = self.limits.shortestBackOff.nanoseconds
        for _ in 1..<max(self.failures, 2)
        where self.failures > 1 && longest < self.limits.longestBackOff.nanoseconds {
            longest *= 2
        }
        if needsAdmin { longest = max(longest, self.limits.adminBackOff.nanoseconds) }
        longest = min(longest, self.limits.longestBackOff.nanoseconds)
        return .nanoseconds(Int64.random(in: longest / 2...longest, using: &random))
    }
}
