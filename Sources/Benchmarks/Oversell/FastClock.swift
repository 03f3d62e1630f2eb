import CloudModel

/// A clock that runs a hundred times as fast as the wall's, so that minutes of waiting pass in a moment.
struct FastClock: Sendable {
    static let factor = 100

    private let began = ContinuousClock.now
    private let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    func now() -> Instant {
        self.start.advanced(by: (ContinuousClock.now - self.began) * Self.factor)
    }

    /// Waits for `duration` of this clock.
    func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration / Self.factor)
    }
}
