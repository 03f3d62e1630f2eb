import TestRandomness
import Testing
import XML
import XMPP

@Suite("Stream management, either side")
struct StreamManagementTests {
    private static func make(
        stanzas: Int = 100, bytes: Int = 1_000, sent: UInt32 = 0
    ) -> StreamManagement<Int> {
        StreamManagement(limits: .init(stanzas: stanzas, bytes: bytes), sent: sent)
    }

    @Test("XEP-0198 §4: both counters begin at zero")
    func beginning() {
        let side = Self.make()
        #expect(side.handled == 0)
        #expect(side.sent == 0)
        #expect(side.unacknowledged == [])
    }

    @Test("XEP-0198 §4: after 2^32-1 comes zero, and acknowledgements go on across it")
    func wrapping() throws {
        var side = Self.make(sent: .max - 1)
        for item in 0..<4 { #expect(side.send(item, bytes: 1) != .full) }
        #expect(side.sent == 2)
        _ = try side.acknowledge(.max)
        #expect(side.unacknowledged == [1, 2, 3])
        _ = try side.acknowledge(1)
        #expect(side.unacknowledged == [3])
        var other = StreamManagement<Int>(limits: .init(stanzas: 1, bytes: 1), handled: .max)
        other.handle()
        #expect(other.handled == 0)
    }

    @Test("An acknowledgement is asked for when none is under way, and again if more was sent meanwhile")
    func cadence() throws {
        var side = Self.make()
        #expect(side.send(1, bytes: 1) == .kept(mustRequest: true))
        #expect(side.send(2, bytes: 1) == .kept(mustRequest: false))
        #expect(try side.acknowledge(1))
        #expect(side.send(3, bytes: 1) == .kept(mustRequest: false))
        #expect(try side.acknowledge(3) == false)
        #expect(side.send(4, bytes: 1) == .kept(mustRequest: true))
    }

    @Test(
        "XEP-0198 §6: a count that is too high, or that goes back, closes the stream",
        arguments: [4, 1_000, 4_294_967_295, 0] as [UInt32])
    func tooHigh(count: UInt32) throws {
        var side = Self.make()
        for item in 0..<3 { _ = side.send(item, bytes: 1) }
        _ = try side.acknowledge(1)
        let error = #expect(throws: StreamError.self) { _ = try side.acknowledge(count) }
        #expect(error?.condition == .undefinedCondition)
        #expect(error?.detail?.matches("handled-count-too-high", Namespace.streamManagement) == true)
        #expect(error?.detail?[attribute: "h"] == String(count))
        #expect(error?.detail?[attribute: "send-count"] == "3")
        #expect(side.unacknowledged == [1, 2])
        #expect(throws: StreamError.self) { _ = try side.resume(from: count) }
    }

    @Test("As many stanzas and bytes wait as the limits allow, and not one more")
    func limits() throws {
        var side = Self.make(stanzas: 3, bytes: 10)
        #expect(side.send(1, bytes: 4) != .full)
        #expect(side.send(2, bytes: 7) == .full)
        #expect(side.send(2, bytes: 6) != .full)
        #expect(side.sent == 2)
        _ = try side.acknowledge(1)
        #expect(side.send(3, bytes: 2) != .full)
        #expect(side.send(4, bytes: 2) != .full)
        #expect(side.send(5, bytes: 0) == .full)
        side.limits = .init(stanzas: 1, bytes: 10)
        #expect(side.unacknowledged == [2, 3, 4])
    }

    @Test("XEP-0198 §5: what the peer has not handled is sent again after a resumption, in order")
    func resumption() throws {
        var side = Self.make()
        for item in 1...5 { _ = side.send(item, bytes: 1) }
        #expect(try side.resume(from: 3) == [4, 5])
        #expect(side.isRequested)
        #expect(try side.resume(from: 5) == [])
        #expect(!side.isRequested)
        #expect(side.sent == 5)
    }

    @Test(
        "What was acknowledged makes room: a queue that moves on stays as it is", arguments: 0 as UInt64..<20)
    func model(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var side = StreamManagement<Int>(
            limits: .init(stanzas: 50, bytes: .max), sent: .max - UInt32(seed))
        var model: [Int] = []
        var acknowledged = side.sent
        for item in 0..<2_000 {
            if Bool.random(using: &random) {
                let outcome = side.send(item, bytes: 1)
                #expect((outcome == .full) == (model.count == 50))
                if outcome != .full { model.append(item) }
            } else {
                let count = Int.random(in: 0...model.count, using: &random)
                acknowledged &+= UInt32(count)
                model.removeFirst(count)
                _ = try side.acknowledge(acknowledged)
            }
            #expect(side.unacknowledgedCount == model.count)
        }
        #expect(side.unacknowledged == model)
    }
}
