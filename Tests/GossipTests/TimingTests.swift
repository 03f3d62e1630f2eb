import CloudModel
import Gossip
import TestRandomness
import Testing

@Suite("Publication, round trips and reachability")
struct TimingTests {
    @Test("A change goes out at once, but no sooner than a second after the one before")
    func changes() {
        var generator = SeededGenerator(seed: 1)
        var publication = Publication()
        #expect(publication.due(now: .seconds(0), using: &generator) == nil)
        publication.update([1])
        #expect(publication.due(now: .seconds(0), using: &generator) == [1])
        publication.update([2])
        #expect(publication.due(now: .seconds(0.999), using: &generator) == nil)
        publication.update([3])
        #expect(publication.due(now: .seconds(1), using: &generator) == [3])
        publication.update([3])
        #expect(publication.due(now: .seconds(2), using: &generator) == nil)
        publication.update([4], isChange: false)
        #expect(publication.due(now: .seconds(2), using: &generator) == nil)
        publication.update([3], isChange: false)
        publication.repeatSoon()
        #expect(publication.due(now: .seconds(2), using: &generator) == [3])
    }

    @Test("Without a change a heartbeat goes out after 8 to 10 seconds", arguments: 0 as UInt64..<200)
    func heartbeat(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var publication = Publication()
        publication.update([1])
        _ = publication.due(now: .seconds(0), using: &generator)
        #expect(publication.due(now: .seconds(7.999), using: &generator) == nil)
        #expect(publication.due(now: .seconds(10), using: &generator) == [1])
    }

    @Test("The round trip is smoothed, keeps its least, and ignores nonsense")
    func roundTrip() {
        var roundTrip = RoundTrip()
        for time in [Duration.milliseconds(80), .milliseconds(160), .seconds(-1), .seconds(11)] {
            roundTrip.measure(time)
        }
        #expect(roundTrip.smoothed == .milliseconds(90))
        #expect(roundTrip.least == .milliseconds(80))
        #expect(roundTrip.samples == 2)
        roundTrip.measure(.zero)
        #expect(roundTrip.least == .zero)
    }

    @Test(
        "What held up the first measurements does not outlast the next one; later a short one is one of many")
    func firstRoundTrips() {
        var roundTrip = RoundTrip()
        for time in [900, 400, 80] as [Int64] {
            roundTrip.measure(.milliseconds(time))
            #expect(roundTrip.smoothed == .milliseconds(time))
        }
        #expect(roundTrip.samples == RoundTrip.firstCount - 1)
        roundTrip.measure(.milliseconds(160))
        #expect(roundTrip.smoothed == .milliseconds(90))
        roundTrip.measure(.milliseconds(10))
        #expect(roundTrip.smoothed == .milliseconds(80))
    }

    @Test(
        "Silence and failed pings",
        arguments: [
            (0, 0, Reachability.reachable), (14.999, 0, .reachable), (15, 0, .suspect), (29.999, 0, .suspect),
            (30, 0, .unreachable), (1, 1, .suspect), (1, 2, .suspect), (1, 3, .unreachable),
        ])
    func reachability(silence: Double, failures: Int, expected: Reachability) {
        let timing = Contact.Timing()
        var contact = Contact(now: .seconds(0))
        #expect(contact.reachability(now: .seconds(0), timing: timing) == .unreachable)
        contact.heard(now: .seconds(0))
        for _ in 0..<failures { contact.pingFailed(now: .seconds(0), timing: timing) }
        #expect(contact.reachability(now: .seconds(silence), timing: timing) == expected)
        contact.pingAnswered(after: .milliseconds(5), now: .seconds(silence))
        #expect(contact.reachability(now: .seconds(silence), timing: timing) == .reachable)
    }

    @Test("One ping at a time, every 8 to 10 seconds, sooner after a failure")
    func pings() {
        let timing = Contact.Timing()
        var generator = SeededGenerator(seed: 3)
        var contact = Contact(now: .seconds(0))
        func isDue(_ time: Double) -> Bool {
            contact.duePing(now: .seconds(time), timing: timing, using: &generator)
        }
        #expect(isDue(0))
        #expect(!isDue(20))
        contact.pingAnswered(after: .milliseconds(3), now: .seconds(20))
        #expect(isDue(20))
        contact.pingAnswered(after: .milliseconds(3), now: .seconds(20))
        #expect(!isDue(27.9))
        #expect(isDue(30))
        contact.pingFailed(now: .seconds(30), timing: timing)
        #expect(!isDue(31.9))
        #expect(isDue(32))
        contact.pingAnswered(after: .milliseconds(3), now: .seconds(33))
        #expect(isDue(42))
        contact.pingPutOff(now: .seconds(42), timing: timing)
        #expect(contact.reachability(now: .seconds(43), timing: timing) == .reachable)
        #expect(!isDue(43.9))
        #expect(isDue(44), "sooner than planned, or two sites pinged together put each other off")
    }
}
