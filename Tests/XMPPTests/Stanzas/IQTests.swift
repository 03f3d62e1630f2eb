import Testing
import XMPP

@Suite("Requests")
struct IQTests {
    /// Counts, so that a test can foresee what is drawn.
    private struct Counter: RandomNumberGenerator {
        var number: UInt64 = 0

        mutating func next() -> UInt64 {
            self.number += 1
            return self.number
        }
    }

    @Test("An id has twenty-four digits of chance, new each time")
    func ids() {
        var generator = Counter()
        let ids = (0..<3).map { _ in IQ.id(randomUsing: &generator) }
        #expect(Set(ids).count == 3)
        #expect(ids.allSatisfy { id in id.count == 24 && id.allSatisfy(\.isHexDigit) })
    }
}
