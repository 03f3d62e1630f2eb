/// How fast one peer may send, on average and at once.
package struct RateLimit: Hashable, Sendable {
    package var bytesPerSecond: Int
    /// Bytes that may come at once after silence.
    package var burst: Int

    /// Both must be positive.
    package init(bytesPerSecond: Int, burst: Int) {
        precondition(bytesPerSecond > 0 && burst > 0, "a rate of nothing would never let a peer speak")
        self.bytesPerSecond = bytesPerSecond
        self.burst = burst
    }
}
