import CloudModel
import Operations
import Testing

@Suite("How many answers people get")
struct AnswerAllowanceTests {
    private let start = Instant(millisecondsSinceEpoch: 1_000_000)

    private func at(_ duration: Duration) -> Instant { self.start.advanced(by: duration) }

    @Test("Thirty within a minute, then one last word, then silence until the minute is over")
    func edges() {
        var allowance = AnswerAllowance()
        for second in 0..<AnswerAllowance.answers {
            #expect(allowance.take("alice", now: self.at(.seconds(second))) == .answer)
        }
        #expect(allowance.take("alice", now: self.at(.seconds(30))) == .lastWord(wait: .seconds(30)))
        #expect(allowance.take("alice", now: self.at(.seconds(31))) == .silence)
        #expect(allowance.take("bob", now: self.at(.seconds(31))) == .answer)
        let end = AnswerAllowance.period
        #expect(allowance.take("alice", now: self.at(end - .milliseconds(1))) == .silence)
        #expect(allowance.take("alice", now: self.at(end)) == .answer)
    }

    @Test("People are counted to a limit; the one counted longest is forgotten first")
    func people() {
        var allowance = AnswerAllowance()
        for _ in 0...AnswerAllowance.answers { _ = allowance.take("p0", now: self.start) }
        for person in 1..<AnswerAllowance.people {
            _ = allowance.take("p\(person)", now: self.at(.milliseconds(1)))
        }
        #expect(allowance.take("p0", now: self.at(.milliseconds(2))) == .silence)
        #expect(allowance.take("one more", now: self.at(.milliseconds(2))) == .answer)
        #expect(allowance.take("p0", now: self.at(.milliseconds(3))) == .answer)
    }
}
