import NIOCore
import TestRandomness
import Testing
import XML
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
        let mustGoOn = state.settle(Self.pair, isUnfinished: false)
        #expect(mustGoOn)
        _ = state.connected(Self.pair, 8)
        state.broke(Self.pair, id: id + 1)
        let isOver = !state.settle(Self.pair, isUnfinished: false)
        #expect(isOver)
        #expect(self.send(&state) == "connect")
    }

    @Test("A stream that is made again in vain, and only for what the other side may have, leaves no pause")
    func unfinished() throws {
        var random = SeededGenerator(seed: 1)
        for hasUnacknowledged in [false, true] {
            var state = RemoteStreamsState<Int>(limits: TransportLimits())
            #expect(self.send(&state) == "connect")
            let connected = state.connected(Self.pair, 7)
            let id = try #require(connected).id
            state.broke(Self.pair, id: id)
            let mustGoOn = state.settle(Self.pair, isUnfinished: true)
            #expect(mustGoOn)
            let failure = state.failed(
                Self.pair, Self.error, hasUnacknowledged: hasUnacknowledged, at: Self.start, using: &random)
            #expect(failure.undeliverable.isEmpty)
            #expect((failure.retryIn > .zero) == hasUnacknowledged)
            #expect(state.pairCount == (hasUnacknowledged ? 1 : 0))
            #expect(self.send(&state) == (hasUnacknowledged ? "remote-server-timeout" : "connect"))
        }
    }

    @Test("What waits is bounded")
    func waitingLimit() {
        var limits = TransportLimits()
        limits.connectingStanzas = 3
        var state = RemoteStreamsState<Int>(limits: limits)
        #expect((0..<4).map { _ in self.send(&state) } == ["connect", "wait", "wait", "resource-constraint"])
    }

    @Test("What waits is bounded in bytes too, for one pair and for all together")
    func waitingBytes() {
        var limits = TransportLimits()
        limits.connectingBytes = 100
        limits.connectingBytesInAll = 150
        var state = RemoteStreamsState<Int>(limits: limits)
        func send(_ remote: String, _ bytes: Int) -> String {
            let pair = DomainPair(local: "a.test", remote: remote)
            switch state.send(Self.stanza, over: pair, at: Self.start, weigh: { bytes }) {
            case .write: return "write"
            case .wait: return "wait"
            case .connect: return "connect"
            case .refuse(let error): return error.condition.rawValue
            }
        }
        #expect(send("b.test", 60) == "connect")
        #expect(send("b.test", 41) == "resource-constraint")
        #expect(send("b.test", 40) == "wait")
        #expect(send("c.test", 51) == "resource-constraint")
        #expect(send("c.test", 50) == "connect")
        #expect(state.waitingBytes == 150)
        _ = state.connected(DomainPair(local: "a.test", remote: "b.test"), 1)
        #expect(state.waitingBytes == 50)
        #expect(send("d.test", 100) == "connect")
        _ = state.close()
        #expect(state.waitingBytes == 0)
    }

    @Test("XEP-0288 §1: without a stream of our own stanzas go by the newest that the other side has opened")
    func waysBack() throws {
        var random = SeededGenerator(seed: 1)
        var state = RemoteStreamsState<Int>(limits: TransportLimits())
        let firstWay = state.returning(Self.pair, 10)
        let first = try #require(firstWay)
        let secondWay = state.returning(Self.pair, 11)
        let second = try #require(secondWay)
        #expect(self.send(&state) == "write 11")
        state.broke(Self.pair, id: second)
        #expect(self.send(&state) == "write 10")
        state.returnEnded(Self.pair, id: first)
        #expect(self.send(&state) == "connect")
        // While one is being made, what is sent waits for it, so that nothing overtakes.
        let thirdWay = state.returning(Self.pair, 12)
        let third = try #require(thirdWay)
        #expect(self.send(&state) == "wait")
        #expect(state.wayBack(of: Self.pair) == 12)
        let failure = state.failed(Self.pair, Self.error, at: Self.start, using: &random)
        #expect(failure.undeliverable.count == 2)
        #expect(self.send(&state) == "write 12")
        state.returnEnded(Self.pair, id: third)
        #expect(self.send(&state) == "remote-server-timeout")
    }

    @Test("Ways back are as few as pairs")
    func wayBackLimit() {
        var limits = TransportLimits()
        limits.remotePairs = 1
        var state = RemoteStreamsState<Int>(limits: limits)
        let ways = [Self.pair, Self.pair, DomainPair(local: "a.test", remote: "c.test")].map {
            state.returning($0, 1) != nil
        }
        #expect(ways == [true, true, false])
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

    // MARK: For whom streams are made

    private static func sender(_ local: String?, _ domain: String = "a.test") -> JID {
        JID(preparedLocal: local, domain: domain, resource: local == nil ? nil : "desk")
    }

    /// What a stanza of somebody to a domain of that number comes to.
    private func send(
        _ state: inout RemoteStreamsState<Int>, from sender: JID, to number: Int,
        at time: NIODeadline = start
    ) -> String {
        let stanza = Stanza.message(Message(to: nil, from: sender, body: "x"))
        let pair = DomainPair(local: sender.domain, remote: "d\(number).test")
        return switch state.send(stanza, over: pair, at: time) {
        case .write: "write"
        case .wait: "wait"
        case .connect: "connect"
        case .refuse(let error): error.condition.rawValue
        }
    }

    private static func few(_ pairs: Int) -> RemoteStreamsState<Int> {
        var limits = TransportLimits()
        limits.remotePairsPerSender = pairs
        return RemoteStreamsState<Int>(limits: limits, domains: ["a.test"])
    }

    @Test("Attack: one account writes to domains without end. Its 251st is refused, and nobody else's")
    func pairsPerSender() {
        #expect(TransportLimits().remotePairsPerSender == 250)
        let mallory = Self.sender("mallory")
        var state = RemoteStreamsState<Int>(limits: TransportLimits(), domains: ["a.test"])
        for number in 1...250 { #expect(self.send(&state, from: mallory, to: number) == "connect") }
        let stanza = Stanza.message(Message(to: nil, from: mallory, body: "x"))
        let refused = DomainPair(local: "a.test", remote: "d251.test")
        guard case .refuse(let error) = state.send(stanza, over: refused, at: Self.start) else {
            Issue.record("one too many was taken")
            return
        }
        #expect(error.condition == .resourceConstraint)
        #expect(error.text?.contains("mallory@a.test has 250 other servers") == true)
        // What goes to those that are there goes on, whoever it is from.
        #expect(self.send(&state, from: mallory, to: 1) == "wait")
        #expect(self.send(&state, from: Self.sender("alice"), to: 251) == "connect")
        #expect(self.send(&state, from: mallory, to: 251) == "wait")
        #expect(state.pairCount(of: mallory.bare) == 250)
    }

    @Test(
        "Another of one's addresses, or another client, is the same person; the domain itself is bound by nothing"
    )
    func samePerson() {
        var state = Self.few(1)
        let phone = JID(preparedLocal: "u", domain: "a.test", resource: "phone")
        #expect(self.send(&state, from: Self.sender("u"), to: 1) == "connect")
        #expect(self.send(&state, from: phone, to: 2) == "resource-constraint")
        for number in 2...5 { #expect(self.send(&state, from: Self.sender(nil), to: number) == "connect") }
        // A domain that is hosted beside it speaks for those who use it.
        let feeds = Self.sender(nil, "feeds.a.test")
        #expect(self.send(&state, from: feeds, to: 6) == "connect")
        #expect(self.send(&state, from: feeds, to: 7) == "resource-constraint")
    }

    @Test("A stream that was closed, and a pause that is over, count no more")
    func pairsEnd() {
        var random = SeededGenerator(seed: 1)
        var state = Self.few(1)
        let user = Self.sender("u")
        #expect(self.send(&state, from: user, to: 1) == "connect")
        let first = DomainPair(local: "a.test", remote: "d1.test")
        let id = state.connected(first, 1)?.id
        #expect(self.send(&state, from: user, to: 2) == "resource-constraint")
        state.broke(first, id: id ?? 0)
        let mustGoOn = state.settle(first, isUnfinished: false)
        #expect(!mustGoOn)
        #expect(state.pairCount(of: user.bare) == 0)
        #expect(self.send(&state, from: user, to: 2) == "connect")
        let second = DomainPair(local: "a.test", remote: "d2.test")
        let pause = state.failed(second, Self.error, at: Self.start, using: &random).retryIn
        let early = Self.start + pause - .nanoseconds(1)
        #expect(self.send(&state, from: user, to: 3, at: early) == "resource-constraint")
        // Whoever tries it again next has it for his own.
        #expect(self.send(&state, from: user, to: 2, at: Self.start + pause) == "connect")
        #expect(state.pairCount(of: user.bare) == 1)
        let again = state.failed(second, Self.error, at: Self.start + pause, using: &random).retryIn
        #expect(self.send(&state, from: user, to: 3, at: Self.start + pause + again) == "connect")
        #expect(state.pairCount == 1)
    }

    @Test("Attack: visitors from domains without end do not use up what a person may have")
    func visitors() {
        var state = Self.few(1)
        let user = Self.sender("u")
        for number in 1...5 { state.visited("d\(number).test") }
        for number in 1...5 { #expect(self.send(&state, from: user, to: number) == "connect") }
        #expect(state.pairCount(of: user.bare) == 0)
        // Two streams, of which one ends.
        state.visited("d6.test")
        state.visited("d6.test")
        state.left("d6.test")
        #expect(self.send(&state, from: user, to: 6) == "connect")
        state.visited("d7.test")
        state.left("d7.test")
        #expect(self.send(&state, from: user, to: 7) == "connect")
        #expect(self.send(&state, from: user, to: 8) == "resource-constraint")
    }

    @Test(
        "Attack: visitors from domains without end take half of the table, and ask DNS on threads of their own"
    )
    func visitorsShare() {
        var limits = TransportLimits()
        limits.remotePairs = 4
        var state = RemoteStreamsState<Int>(limits: limits, domains: ["a.test"])
        for number in 1...3 { state.visited("d\(number).test") }
        func asker(_ stanza: Stanza, _ number: Int) -> Resolver.Asker? {
            let pair = DomainPair(local: "a.test", remote: "d\(number).test")
            guard case .connect(let asker) = state.send(stanza, over: pair, at: Self.start) else {
                return nil
            }
            return asker
        }
        let domain = Self.sender(nil)
        let answer = Stanza.iq(IQ(to: nil, from: domain, id: "1", body: .result(nil)))
        let question = Stanza.iq(
            IQ(to: nil, from: domain, id: "1", body: .get(Element("q", namespace: "urn:example"))))
        #expect(asker(answer, 1) == .strangers)
        #expect(asker(answer, 2) == .strangers)
        #expect(asker(answer, 3) == nil, "a third is more than half")
        #expect(state.visitorPairCount == 2)
        // What the domain has to say by itself is said to visitors too, and people find room.
        #expect(asker(question, 3) == .ourselves)
        #expect(asker(.message(Message(to: nil, from: Self.sender("u"), body: "x")), 4) == .people)
    }

    // MARK: Answers

    private static let mallory = Self.sender("mallory")

    /// What anybody can send without having been asked.
    private static let unasked: [Stanza] = [
        .iq(IQ(to: nil, from: Self.mallory, id: "1", body: .result(nil))),
        .iq(IQ(to: nil, from: Self.mallory, id: "1", body: .error(StanzaError(.badRequest)))),
        .presence(Presence(to: nil, from: Self.mallory, kind: .error)),
        .message(Message(to: nil, from: Self.mallory, kind: .error, payloads: [])),
    ]

    /// For whom DNS is asked about the domain of that number; nil if the stanza has no stream made.
    private func asker(
        _ state: inout RemoteStreamsState<Int>, _ stanza: Stanza, to number: Int
    ) -> Resolver.Asker? {
        let pair = DomainPair(local: "a.test", remote: "d\(number).test")
        guard case .connect(let asker) = state.send(stanza, over: pair, at: Self.start) else { return nil }
        return asker
    }

    @Test(
        "Attack: one account answers domains without end, unasked. Its 251st is refused; visitors are answered",
        arguments: unasked)
    func unaskedAnswers(stanza: Stanza) {
        var state = RemoteStreamsState<Int>(limits: TransportLimits(), domains: ["a.test"])
        for number in 1...250 { #expect(self.asker(&state, stanza, to: number) == .absent) }
        let refused = DomainPair(local: "a.test", remote: "d251.test")
        guard case .refuse(let error) = state.send(stanza, over: refused, at: Self.start) else {
            Issue.record("one too many was taken")
            return
        }
        #expect(error.condition == .resourceConstraint)
        #expect(error.text?.contains("mallory@a.test answers 250 other servers") == true)
        let answer = Stanza.iq(IQ(to: nil, from: Self.sender(nil), id: "1", body: .result(nil)))
        #expect(self.asker(&state, answer, to: 251) == .strangers)
        // What he has to say himself is another matter, and who has come here is a visitor, whoever answers.
        #expect(self.send(&state, from: Self.mallory, to: 252) == "connect")
        state.visited("d253.test")
        #expect(self.asker(&state, stanza, to: 253) == .strangers)
        #expect(state.visitorPairCount == 252)
        #expect(state.pairCount(of: Self.mallory.bare) == 1)
    }

    @Test("Attack: many accounts answer domains without end. A quarter of the table; visitors have another")
    func answersShare() {
        var limits = TransportLimits()
        limits.remotePairs = 8
        var state = RemoteStreamsState<Int>(limits: limits, domains: ["a.test"])
        func answer(_ sender: JID, _ number: Int) -> Resolver.Asker? {
            let result = IQ(to: nil, from: sender, id: "1", body: .result(nil))
            return self.asker(&state, .iq(result), to: number)
        }
        #expect(answer(Self.sender("u1"), 1) == .absent)
        #expect(answer(Self.sender("u2"), 2) == .absent)
        #expect(answer(Self.sender("u3"), 3) == nil, "a third is more than a quarter")
        #expect(answer(Self.sender(nil), 4) == .strangers)
        #expect(answer(Self.sender(nil), 5) == .strangers)
        #expect(answer(Self.sender(nil), 6) == nil, "a fifth is more than half")
        for number in 7...10 {
            #expect(self.send(&state, from: Self.sender("u4"), to: number) == "connect")
        }
        #expect(state.pairCount == 8)
    }

    @Test("Of two pauses the one that is over first makes room, whichever began first")
    func shorterPause() {
        var random = SeededGenerator(seed: 1)
        var state = Self.few(2)
        let user = Self.sender("u")
        let pairs = (1...2).map { DomainPair(local: "a.test", remote: "d\($0).test") }
        var now = Self.start
        var end = now
        for _ in 0..<5 {
            now = end
            #expect(self.send(&state, from: user, to: 1, at: now) == "connect")
            end = now + state.failed(pairs[0], Self.error, at: now, using: &random).retryIn
        }
        #expect(self.send(&state, from: user, to: 2, at: now) == "connect")
        #expect(self.send(&state, from: user, to: 3, at: now) == "resource-constraint")
        let pause = state.failed(pairs[1], Self.error, at: now, using: &random).retryIn
        #expect(now + pause < end)
        let early = now + pause - .nanoseconds(1)
        #expect(self.send(&state, from: user, to: 3, at: early) == "resource-constraint")
        #expect(self.send(&state, from: user, to: 3, at: now + pause) == "connect")
        #expect(state.pairCount(of: user.bare) == 2)
    }
}
