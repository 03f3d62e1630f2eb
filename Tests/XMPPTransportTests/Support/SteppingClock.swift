/// A clock that stands still: whoever sleeps by it sleeps until the test wakes it.
struct SteppingClock: Clock {
    struct Instant: InstantProtocol {
        var offset = Duration.zero

        func advanced(by duration: Duration) -> Self { Self(offset: self.offset + duration) }
        func duration(to other: Self) -> Duration { other.offset - self.offset }
        static func < (lhs: Self, rhs: Self) -> Bool { lhs.offset < rhs.offset }
    }

    /// How long each sleeper meant to sleep, when it began to.
    let sleeps = Recorder<Duration>()
    private let passes: AsyncStream<Void>
    private let pass: AsyncStream<Void>.Continuation

    init() {
        (self.passes, self.pass) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10))
    }

    var now: Instant { Instant() }
    var minimumResolution: Duration { .zero }

    /// Wakes one sleeper.
    func wake() { self.pass.yield() }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        self.sleeps.record(deadline.offset)
        for await _ in self.passes { return }
        throw CancellationError()
    }
}
