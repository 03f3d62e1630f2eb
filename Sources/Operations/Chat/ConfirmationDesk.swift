package import CloudModel

/// Keeps what would destroy something until the caller repeats a code: one open question for each caller.
package struct ConfirmationDesk: Sendable {
    /// How long a code counts.
    package static let lifetime: Duration = .seconds(60)
    /// Wrong codes after which the question is dropped.
    package static let triesLimit = 3
    /// Open questions at a time; beyond it the oldest is dropped.
    package static let questionsLimit = 256
    /// Characters in a code: 31^4, so three tries guess it with a chance of 1 in 300,000.
    package static let codeLength = 4

    package enum OnAnswer: Hashable, Sendable {
        /// The code is right: this is what it was asked for.
        case confirmed(Invocation)
        case wrong(triesLeft: Int)
        /// There is no open question: none was asked, it is too old, or it had too many wrong answers.
        case nothingToConfirm
    }

    private struct Question {
        let invocation: Invocation
        let code: String
        let asked: Instant
        var triesLeft: Int
    }

    /// Without letters and digits that look alike.
    private static let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")

    private var questions: [String: Question] = [:]

    package init() {}

    /// Opens a question about exactly this invocation, in place of the caller's former one; the code to show.
    package mutating func ask(
        about invocation: Invocation, now: Instant, using generator: inout some RandomNumberGenerator
    ) -> String {
        self.questions = self.questions.filter { !Self.isOver($0.value, now) }
        let caller = invocation.caller.address
        if self.questions[caller] == nil, self.questions.count >= Self.questionsLimit {
            let oldest = self.questions.min { ($0.value.asked, $0.key) < ($1.value.asked, $1.key) }
            if let oldest { self.questions[oldest.key] = nil }
        }
        var code = ""
        for _ in 0..<Self.codeLength {
            code.append(Self.alphabet[Int(generator.next(upperBound: UInt64(Self.alphabet.count)))])
        }
        self.questions[caller] = Question(
            invocation: invocation, code: code, asked: now, triesLeft: Self.triesLimit)
        return code
    }

    /// Takes a code from `caller`; a right one counts once.
    package mutating func answer(_ code: String, from caller: String, now: Instant) -> OnAnswer {
        guard var question = self.questions[caller], !Self.isOver(question, now) else {
            self.questions[caller] = nil
            return .nothingToConfirm
        }
        if code.lowercased() == question.code {
            self.questions[caller] = nil
            return .confirmed(question.invocation)
        }
        question.triesLeft -= 1
        self.questions[caller] = question.triesLeft > 0 ? question : nil
        return .wrong(triesLeft: question.triesLeft)
    }

    /// Whether anything was open and is now dropped.
    package mutating func cancel(for caller: String) -> Bool {
        self.questions.removeValue(forKey: caller) != nil
    }

    private static func isOver(_ question: Question, _ now: Instant) -> Bool {
        question.asked.duration(to: now) > Self.lifetime
    }
}
