import NIOCore

/// Spreads bytes over time: as many at once as the bucket holds, and as many per second as flow into it.
///
/// Pure: time comes in as an argument.
struct TokenBucket: Hashable, Sendable {
    /// Bytes per second; nil for no limit.
    let rate: Int?
    /// Bytes that may go at once after a pause.
    let burst: Int
    /// In bytes times nanoseconds per second, so that nothing is lost by rounding; below zero after something larger
    /// than the bucket.
    private var credit: Int64
    private var filled: NIODeadline?

    private static let second: Int64 = 1_000_000_000

    init(rate: Int?, burst: Int) {
        self.rate = rate
        self.burst = burst
        self.credit = Int64(burst) * Self.second
    }

    /// Takes what `bytes` cost; nil if it was there, else when it will be.
    ///
    /// Something larger than the bucket goes when the bucket is full, and what follows waits the longer.
    mutating func take(_ bytes: Int, at now: NIODeadline) -> NIODeadline? {
        guard let rate, rate > 0 else { return nil }
        self.fill(rate, at: now)
        let needed = Int64(min(bytes, self.burst)) * Self.second
        guard self.credit >= needed else {
            // Rounded up, so that asking then finds it.
            return now + .nanoseconds((needed - self.credit) / Int64(rate) + 1)
        }
        self.credit -= Int64(bytes) * Self.second
        return nil
    }

    private mutating func fill(_ rate: Int, at now: NIODeadline) {
        let full = Int64(self.burst) * Self.second
        if let filled, now > filled {
            let missing = full - self.credit
            let elapsed = (now - filled).nanoseconds
            let (flown, overflow) = elapsed.multipliedReportingOverflow(by: Int64(rate))
            self.credit += overflow ? missing : min(flown, missing)
        }
        self.filled = max(now, self.filled ?? now)
    }
}
