import Synchronization
import TestRandomness
import XMPP

/// Messages between processes in memory, some of which are lost, doubled, delayed or late.
///
/// The seed replays the choices, though not the order in which tasks run.
final class FaultyNetwork: Sendable {
    /// How many of a thousand messages meet each fate.
    struct Rates: Sendable {
        var lost = 15
        /// It arrives and is acted on; the answer does not.
        var unanswered = 15
        var doubled = 20
        var delayed = 100
        /// It arrives long after whoever sent it has stopped waiting.
        var late = 15
    }

    fileprivate enum Fate {
        case delivered(after: Duration, isTwice: Bool)
        case lost
        case unanswered
        case late
    }

    fileprivate struct State {
        var generator: SeededGenerator
        var rates: Rates?
    }

    /// Copies and late messages that may be under way at a time; beyond it the oldest is lost.
    private static let stragglersMax = 4_096
    /// In milliseconds.
    fileprivate static let longestDelay = 8

    private let state: Mutex<State>
    private let stragglers: AsyncStream<@Sendable () async -> Void>
    private let straggle: AsyncStream<@Sendable () async -> Void>.Continuation

    init(seed: UInt64, rates: Rates?) {
        self.state = Mutex(State(generator: SeededGenerator(seed: seed), rates: rates))
        (self.stragglers, self.straggle) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(Self.stragglersMax))
    }

    /// From now on every message arrives at once, once.
    func calm() { self.state.withLock { $0.rates = nil } }

    /// Delivers copies and late messages until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await straggler in self.stragglers { group.addTask { await straggler() } }
            group.cancelAll()
        }
    }

    /// Lets `serve` answer a message; throws after `timeout` if no answer comes back.
    func carry<Answer: Sendable>(
        timeout: Duration, _ serve: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        switch self.state.withLock({ $0.fate() }) {
        case .delivered(let delay, let isTwice):
            if delay > .zero { try await Task.sleep(for: delay) }
            if isTwice { self.straggle.yield { await Self.deliver(after: delay, serve) } }
            return try await serve()
        case .lost:
            try await Task.sleep(for: timeout)
        case .unanswered:
            await Self.deliver(after: .zero, serve)
            try await Task.sleep(for: timeout)
        case .late:
            self.straggle.yield { await Self.deliver(after: timeout * 3, serve) }
            try await Task.sleep(for: timeout)
        }
        throw StanzaError(.remoteServerTimeout)
    }

    private static func deliver<Answer: Sendable>(
        after delay: Duration, _ serve: @Sendable () async throws -> Answer
    ) async {
        do {
            try await Task.sleep(for: delay)
            _ = try await serve()
        } catch {
            // Nobody waits for this answer.
        }
    }
}

extension FaultyNetwork.State {
    fileprivate mutating func fate() -> FaultyNetwork.Fate {
        guard let rates else { return .delivered(after: .zero, isTwice: false) }
        var draw = Int.random(in: 0..<1_000, using: &self.generator)
        func isHit(_ rate: Int) -> Bool {
            defer { draw -= rate }
            return (0..<rate).contains(draw)
        }
        if isHit(rates.lost) { return .lost }
        if isHit(rates.unanswered) { return .unanswered }
        if isHit(rates.late) { return .late }
        let delay = Duration.milliseconds(
            Int.random(in: 1...FaultyNetwork.longestDelay, using: &self.generator))
        if isHit(rates.doubled) { return .delivered(after: delay, isTwice: true) }
        return .delivered(after: isHit(rates.delayed) ? delay : .zero, isTwice: false)
    }
}
