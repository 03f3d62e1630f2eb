import NIOCore
import TestRandomness
import Testing
import XMPP

@testable import XMPPTransport

@Suite("Outbound streams, as a pure machine")
struct RemoteStreamsStateTests {
    private static let pair = DomainPair(local: "a.test", remote: "b.test")
    private static let stanza = Stanza.message(Message(to: nil, body: "x"))
    private static let error = StanzaError(.remoteServerTimeout)
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func send(_ state: inout RemoteStreamsState<Int>, at time: NIODeadline = start) -> String {
        switch state.send(Self.stanza, over: Self.pair, at: time) {
        case .write(let stream, _): "write \(stream)"
        case .wait: "wait"
        case .connect: "connect"
        case .refuse(let error): error.condition.rawValue
        }
    }

    @Test("The first stanza connects, the next ones wait, then all go to the stream")
    func connecting() throws {
        var state = RemoteStreamsState<Int>(limits: TransportLimits())
        #expect(self.send(&state) == "connect")
        #expect(self.send(&state) == "wait")
        let connected = state.connected(Self.pair, 7)
        let (waiting, id) = try #require(connected)
        #expect(waiting.count == 2)
        #expect(self.send(&state) == "write 7")
        state.broke(Self.pair, id: id + 1)
        #expect(self.send(&state) == "write 7")
        state.broke(Self.pair, id: id)
        #expect(self.send(&state) == "wait")
        let mustGoOn = state.settle(Self.pair, hasUnacknowledged: false)
        #expect(mustGoOn)
        _ = state.connected(Self.pair, 8)
        state.broke(Self.pair, id: id + 1)
        let isOver = !state.settle(Self.pair, hasUnacknowledged: false)
        #expect(isOver)
        #expect(self.send(&state) == "connect")
    }

    @Test("What waits is bounded")
    func waitingLimit() {
        var limits = TransportLimits()
        limits.connectingStanzas = 3
        var state = RemoteStreamsState<Int>(limits: limits)
        #expect((0..<4).map { _ in self.send(&state) } == ["connect", "wait", "wait", "resource-constraint"])
    }

    @Test("The pause doubles up to its limit, with jitter in the upper half", arguments: 0 as UInt64..<20)
    func backOff(seed: UInt64) {
        let limits = TransportLimits()
        var random = SeededGenerator(seed: seed)
        var state = RemoteStreamsState<Int>(limits: limits)
        var now = Self.start
        for failure in 1...12 {
            #expect(self.send(&state, at: now) == "connect")
            let outcome = state.failed(Self.pair, Self.error, at: now, using: &random)
            #expect(outcome.undeliverable.count == 1)
            let longest = min(TimeAmount.seconds(1 << Int64(failure - 1)), .seconds(300))
            #expect(outcome.retryIn <= longest)
            #expect(outcome.retryIn.nanoseconds >= longest.nanoseconds / 2)
            #expect(self.send(&state, at: now + outcome.retryIn - .nanoseconds(1)) == "remote-server-timeout")
            now = now + outcome.retryIn
        }
    }

    @Test("A full table forgets only domains whose pause is over")
    func room() {
        var limits = TransportLimits()
        limits.remotePairs = 1
        var random = SeededGenerator(seed: 1)
        var state = RemoteStreamsState<Int>(limits: limits)
        #expect(self.send(&state) == "connect")
        let other = DomainPair(local: "a.test", remote: "c.test")
        guard case .refuse = state.send(Self.stanza, over: other, at: Self.start) else {
            Issue.record("one too many was taken")
            return
        }
        let pause = state.failed(Self.pair, Self.error, at: Self.start, using: &random).retryIn
        guard case .refuse = state.send(Self.stanza, over: other, at: Self.start),
            case .connect = state.send(Self.stanza, over: other, at: Self.start + pause)
        else {
            Issue.record("the pause was not kept")
            return
        }
        #expect(state.pairCount == 1)
    }

    @Test("After closing nothing is taken and everything is given back")
    func closing() {
        var state = RemoteStreamsState<Int>(limits: TransportLimits())
        _ = self.send(&state)
        _ = state.send(Self.stanza, over: DomainPair(local: "a.test", remote: "c.test"), at: Self.start)
        #expect(state.connected(Self.pair, 3) != nil)
        let (streams, undeliverable) = state.close()
        #expect(streams == [3])
        #expect(undeliverable.count == 1)
        #expect(self.send(&state) == "service-unavailable")
        #expect(state.connected(Self.pair, 4) == nil)
    }
}
