package import CloudModel

/// How many answers each person gets: whoever writes without end, or a program that answers every answer, meets an end.
package struct AnswerAllowance: Sendable {
    /// Answers to one person within one period.
    package static let answers = 30
    /// How long a person's answers are counted together, from the first of them.
    package static let period: Duration = .seconds(60)
    /// People whose answers are counted at a time; beyond it the one counted longest is forgotten.
    package static let people = 1_024

    package enum OnLine: Hashable, Sendable {
        case answer
        /// The line is not performed; this is said, and nothing more before the time is over.
        case lastWord(wait: Duration)
        case silence
    }

    private struct Count {
        var answers: Int
        let since: Instant
    }

    private var counts: [String: Count] = [:]

    package init() {}

    /// A line of `person` wants an answer.
    package mutating func take(_ person: String, now: Instant) -> OnLine {
        let count = self.counts[person].flatMap { Self.isOver($0, now) ? nil : $0 }
        guard var count else {
            self.makeRoom(for: person, now)
            self.counts[person] = Count(answers: 1, since: now)
            return .answer
        }
        // One more is counted for the last word, so that it is said once.
        guard count.answers <= Self.answers else { return .silence }
        count.answers += 1
        self.counts[person] = count
        guard count.answers > Self.answers else { return .answer }
        return .lastWord(wait: Self.period - count.since.duration(to: now))
    }

    private mutating func makeRoom(for person: String, _ now: Instant) {
        guard self.counts[person] == nil, self.counts.count >= Self.people else { return }
        self.counts = self.counts.filter { !Self.isOver($0.value, now) }
        guard self.counts.count >= Self.people else { return }
        let oldest = self.counts.min { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
        if let oldest { self.counts[oldest.key] = nil }
    }

    private static func isOver(_ count: Count, _ now: Instant) -> Bool {
        count.since.duration(to: now) >= Self.period
    }
}
