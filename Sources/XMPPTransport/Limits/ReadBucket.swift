import NIOCore

/// How many bytes a peer may still send now: fills with time, up to a burst, and is emptied by what arrives.
///
/// What has arrived is always handled; when the bucket is overdrawn, nothing more is read until it has filled up again.
struct ReadBucket: Sendable {
    private let limit: RateLimit
    /// Bytes, less than zero when more came than may.
    private var level: Int
    private var filledAt: NIODeadline

    /// Full at the beginning.
    init(_ limit: RateLimit, at now: NIODeadline) {
        self.limit = limit
        self.level = limit.burst
        self.filledAt = now
    }

    /// So many bytes have arrived.
    mutating func take(_ bytes: Int, at now: NIODeadline) {
        self.fill(at: now)
        self.level -= bytes
    }

    /// How long nothing is to be read; nil if more may come.
    mutating func wait(at now: NIODeadline) -> TimeAmount? {
        self.fill(at: now)
        guard self.level < 0 else { return nil }
        let nanoseconds = Int64(-self.level) * 1_000_000_000 / Int64(self.limit.bytesPerSecond)
        return .nanoseconds(nanoseconds + 1)
    }

    private mutating func fill(at now: NIODeadline) {
        guard now > self.filledAt else { return }
        // More than a full bucket's worth of time would only risk an overflow.
        let missing = Int64(self.limit.burst - self.level)
        let seconds = missing / Int64(self.limit.bytesPerSecond) + 1
        let elapsed = now - self.filledAt
        guard elapsed < .seconds(seconds) else {
            self.level = self.limit.burst
            self.filledAt = now
            return
        }
        let bytes = elapsed.nanoseconds * Int64(self.limit.bytesPerSecond) / 1_000_000_000
        // Time that is not yet worth a byte goes on counting.
        guard bytes > 0 else { return }
        self.level = min(self.limit.burst, self.level + Int(bytes))
        self.filledAt = now
    }
}
