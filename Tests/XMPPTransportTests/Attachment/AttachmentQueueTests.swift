import NIOCore
import TestRandomness
import Testing
import XMPP

@testable import XMPPTransport

@Suite("What waits for an attached stream")
struct AttachmentQueueTests {
    private static let peer = JID(preparedLocal: nil, domain: "tokyo.test", resource: nil)

    private static func key(_ id: String) -> AttachmentItem.RequestKey { .init(id: id, peer: self.peer) }

    private static func drain(_ queue: inout AttachmentQueue) -> [String] {
        var texts: [String] = []
        while let item = queue.first {
            texts.append(String(decoding: item.bytes, as: UTF8.self))
            queue.removeFirst()
        }
        return texts
    }

    @Test("Commands overtake rows, and of each row only the newest is sent")
    func priorities() throws {
        var queue = AttachmentQueue(limits: .client)
        try queue.offer(Array("row 1".utf8), .row(name: "a"))
        try queue.offer(Array("row 2".utf8), .row(name: "b"))
        try queue.offer(Array("command 1".utf8), .command)
        try queue.offer(Array("row 3".utf8), .row(name: "a"))
        try queue.offer(Array("command 2".utf8), .command)
        #expect(Self.drain(&queue) == ["command 1", "command 2", "row 3", "row 2"])
    }

    @Test("At its limits a command is refused, and the oldest row gives way")
    func limits() throws {
        var limits = AttachmentLimits.client
        (limits.waitingCommands, limits.waitingBytes, limits.waitingRows) = (3, 10, 2)
        var queue = AttachmentQueue(limits: limits)
        for _ in 0..<3 { try queue.offer([1, 2, 3], .command) }
        let full = #expect(throws: StanzaError.self) { try queue.offer([1], .command) }
        #expect(full?.condition == .resourceConstraint)
        queue.removeFirst()
        #expect(throws: StanzaError.self) { try queue.offer([1, 2, 3, 4, 5], .command) }
        try queue.offer([1, 2, 3, 4], .command)
        _ = Self.drain(&queue)
        for name in ["a", "b", "c"] { try queue.offer(Array(name.utf8), .row(name: name)) }
        #expect(Self.drain(&queue) == ["b", "c"])
    }

    @Test("What somebody waits for waits with the rows, and neither a newer row nor a full queue takes it")
    func answers() throws {
        var limits = AttachmentLimits.client
        (limits.waitingRows, limits.waitingAnswers) = (2, 2)
        var queue = AttachmentQueue(limits: limits)
        try queue.offer(Array("answer 1".utf8), .answer(to: "a"))
        try queue.offer(Array("row 1".utf8), .row(name: "a"))
        try queue.offer(Array("answer 2".utf8), .answer(to: "a"))
        try queue.offer(Array("row 2".utf8), .row(name: "b"))
        try queue.offer(Array("row 3".utf8), .row(name: "c"))
        let full = #expect(throws: StanzaError.self) { try queue.offer([1], .answer(to: "a")) }
        #expect(full?.condition == .resourceConstraint)
        try queue.offer(Array("command".utf8), .command)
        #expect(Self.drain(&queue) == ["command", "answer 1", "answer 2", "row 2", "row 3"])
        try queue.offer(Array("answer 3".utf8), .answer(to: "a"))
        #expect(Self.drain(&queue) == ["answer 3"])
    }

    @Test("One who asks again and again takes no more than a share of what may wait for all")
    func answersOfOne() throws {
        var limits = AttachmentLimits.client
        (limits.waitingAnswers, limits.waitingAnswersPerPeer) = (3, 2)
        var queue = AttachmentQueue(limits: limits)
        for _ in 1...2 { try queue.offer([1], .answer(to: "a")) }
        #expect(throws: StanzaError.self) { try queue.offer([1], .answer(to: "a")) }
        try queue.offer([1], .answer(to: "b"))
        #expect(throws: StanzaError.self) { try queue.offer([1], .answer(to: "c")) }
        #expect(queue.rowCount == 3)
    }

    @Test("After a lost link: what somebody waits for again, before what came since")
    func answersAgain() throws {
        var queue = AttachmentQueue(limits: .client)
        var flight: [AttachmentItem] = []
        for text in ["answer 1", "answer 2"] { try queue.offer(Array(text.utf8), .answer(to: "a")) }
        try queue.offer(Array("row 1".utf8), .row(name: "a"))
        while let item = queue.first {
            flight.append(item)
            queue.removeFirst()
        }
        try queue.offer(Array("answer 3".utf8), .answer(to: "a"))
        try queue.offer(Array("row 2".utf8), .row(name: "b"))
        queue.sendAgain(flight)
        #expect(Self.drain(&queue) == ["answer 1", "answer 2", "answer 3", "row 2"])
    }

    @Test(
        "After a lost link: unanswered requests and unacknowledged messages again, in order, and nothing else"
    )
    func sendAgain() throws {
        var queue = AttachmentQueue(limits: .client)
        var flight: [AttachmentItem] = []
        try queue.offer(Array("asked, answered".utf8), .command, request: Self.key("1"))
        try queue.offer(Array("message".utf8), .command)
        try queue.offer(Array("asked, acknowledged".utf8), .command, request: Self.key("2"))
        try queue.offer(Array("ping".utf8), .probe, request: Self.key("3"))
        try queue.offer(Array("asked".utf8), .command, request: Self.key("4"))
        try queue.offer(Array("row".utf8), .row(name: "a"))
        while let item = queue.first {
            flight.append(item)
            queue.removeFirst()
        }
        queue.forget(Self.key("1"))
        try queue.offer(Array("later".utf8), .command)
        queue.sendAgain(flight.filter { $0.request != Self.key("2") })
        #expect(Self.drain(&queue) == ["message", "asked, acknowledged", "asked", "later"])
    }

    @Test("XEP-0478 §3: what is longer than the server takes is taken out, and not sent again either")
    func tooLong() throws {
        var queue = AttachmentQueue(limits: .client)
        try queue.offer(Array("message".utf8), .command)
        try queue.offer(Array("a long request".utf8), .command, request: Self.key("1"))
        try queue.offer(Array("a long row".utf8), .row(name: "a"))
        try queue.offer(Array("row".utf8), .row(name: "b"))
        #expect(queue.remove(longerThan: 14).isEmpty)
        #expect(queue.remove(longerThan: 9).map(\.request) == [Self.key("1"), nil])
        #expect(queue.unansweredCount == 0)
        queue.sendAgain([])
        #expect(Self.drain(&queue) == ["message", "row"])
    }

    @Test("A request that nobody waits for any more is not sent at all")
    func forgotten() throws {
        var queue = AttachmentQueue(limits: .client)
        try queue.offer(Array("asked".utf8), .command, request: Self.key("1"))
        try queue.offer(Array("message".utf8), .command)
        queue.forget(Self.key("1"))
        #expect(Self.drain(&queue) == ["message"])
        #expect(queue.unansweredCount == 0)
    }
}

@Suite("The pace of an attached stream")
struct TokenBucketTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000)

    @Test("A burst goes at once, then so many bytes per second")
    func pace() throws {
        var bucket = TokenBucket(rate: 1_000, burst: 2_000)
        #expect(bucket.take(2_000, at: Self.start) == nil)
        let asked = bucket.take(500, at: Self.start)
        let later = try #require(asked)
        #expect(later - Self.start >= .milliseconds(500))
        #expect(later - Self.start < .milliseconds(501))
        #expect(bucket.take(500, at: later) == nil)
        #expect(bucket.take(1, at: later) != nil)
    }

    @Test("Something larger than the bucket goes when it is full, and is paid for afterwards")
    func large() throws {
        var bucket = TokenBucket(rate: 1_000, burst: 100)
        #expect(bucket.take(1_100, at: Self.start) == nil)
        let asked = bucket.take(100, at: Self.start)
        let later = try #require(asked)
        #expect(later - Self.start >= .milliseconds(1_100))
    }

    @Test(
        "Never more than the burst and the rate allow, whatever is asked when", arguments: 0 as UInt64..<100)
    func property(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rate = Int.random(in: 100...50_000, using: &random)
        let burst = Int.random(in: 100...100_000, using: &random)
        var bucket = TokenBucket(rate: rate, burst: burst)
        var now = Self.start
        var taken = 0
        for _ in 0..<500 {
            now = now + .nanoseconds(Int64.random(in: 0...50_000_000, using: &random))
            let bytes = Int.random(in: 1...burst, using: &random)
            if bucket.take(bytes, at: now) == nil { taken += bytes }
            let elapsed = Double((now - Self.start).nanoseconds) / 1e9
            #expect(Double(taken) <= Double(burst) + elapsed * Double(rate) + 1)
        }
    }

    @Test("No limit is no limit")
    func unlimited() {
        var bucket = TokenBucket(rate: nil, burst: 0)
        #expect(bucket.take(.max, at: Self.start) == nil)
    }
}

@Suite("Pauses between attempts to connect")
struct BackOffTests {
    private static let refused = AttachmentEnd(reason: .unresolved("no such name"), lasting: nil)

    private static func ended(after lasting: TimeAmount, _ end: StreamEnd = .closedByPeer) -> AttachmentEnd {
        AttachmentEnd(reason: .ended(end), lasting: lasting)
    }

    private static func broke(after lasting: TimeAmount) -> AttachmentEnd {
        Self.ended(after: lasting, .lost(reason: "reset"))
    }

    @Test("Doubles to the longest, drawn from the upper half; a steady stream begins anew")
    func doubling() {
        var random = SeededGenerator(seed: 1)
        var backOff = BackOff(limits: .client)
        for failures in 1...20 {
            let longest = min(300.0, Double(1 << min(failures - 1, 20)))
            let pause = Double(backOff.pause(after: Self.refused, using: &random).nanoseconds) / 1e9
            #expect(pause <= longest && pause >= longest / 2, "after \(failures) failures: \(pause) s")
        }
        let pause = backOff.pause(after: Self.ended(after: .minutes(5)), using: &random)
        #expect(pause <= .seconds(1))
        #expect(backOff.pause(after: Self.ended(after: .seconds(1)), using: &random) >= .seconds(1))
    }

    @Test("A link that comes and goes is tried again soon, each time; a server that turns us away is not")
    func flapping() {
        var random = SeededGenerator(seed: 1)
        var backOff = BackOff(limits: .client)
        for losses in 1...20 {
            let longest = TimeAmount.seconds(min(4, 1 << Int64(losses - 1)))
            #expect(backOff.pause(after: Self.broke(after: .seconds(1)), using: &random) <= longest)
        }
        #expect(backOff.pause(after: Self.refused, using: &random) >= .seconds(4))
        for _ in 1...10 { _ = backOff.pause(after: Self.ended(after: .seconds(1)), using: &random) }
        #expect(backOff.pause(after: Self.ended(after: .seconds(1)), using: &random) >= .seconds(150))
        #expect(backOff.pause(after: Self.broke(after: .seconds(1)), using: &random) <= .seconds(4))
    }

    @Test("What only an admin can mend is not tried every second")
    func admin() {
        var random = SeededGenerator(seed: 1)
        var backOff = BackOff(limits: .client)
        let end = AttachmentEnd(reason: .failed(.noTLS), lasting: nil)
        #expect(end.needsAdmin)
        #expect(backOff.pause(after: end, using: &random) >= .seconds(15))
    }
}
