/// Tells a reader that takes nothing from one that merely has nothing to read.
struct WritePulse: Sendable {
    enum OnTick: Hashable, Sendable {
        /// Nothing is being written: show that the stream lives.
        case comment
        case wait
        /// One write has waited for too long.
        case close
    }

    /// Ticks that one write may wait for its reader.
    static let patience = 2

    private var ticks: Int?

    mutating func writing() { self.ticks = 0 }

    mutating func written() { self.ticks = nil }

    mutating func tick() -> OnTick {
        guard let ticks else { return .comment }
        self.ticks = ticks + 1
        return ticks + 1 > Self.patience ? .close : .wait
    }
}
