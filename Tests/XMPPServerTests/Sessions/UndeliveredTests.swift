import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("What a client never acknowledged")
struct UndeliveredTests {
    private let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")
    private let sentAt = Instant(millisecondsSinceEpoch: 5_000)

    private func end(_ bench: inout DomainBench, _ session: ClientSession, _ stanzas: [Stanza]) {
        bench.handle(.sessionEnded(session.id))
        for stanza in stanzas {
            bench.handle(
                .undelivered(UndeliveredStanza(stanza, recipients: [session.id], sentAt: self.sentAt)))
        }
    }

    @Test("XEP-0198 §4: a chat message is kept for later, with the time it was first sent")
    func kept() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        self.end(&bench, bob, [.message(Message(to: bob.address, from: self.carol, body: "hello"))])
        let kept = try #require(bench.disk[bob.address.bare]?.first)
        #expect(kept.body == "hello")
        #expect(try kept.payloads.first(Delay.self)?.time.millisecondsSinceEpoch == 5_000)
    }

    @Test("XEP-0198 §4: or delivered to another client")
    func delivered() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        let phone = try bench.connect("bob", "phone")
        _ = bench.take(desk)
        self.end(&bench, phone, [.message(Message(to: phone.address, from: self.carol, body: "hello"))])
        #expect(bench.take(desk).compactMap(\.messageValue?.body) == ["hello"])
    }

    @Test("What another client got too is not delivered twice, and not lost when that one ends as well")
    func shared() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        let phone = try bench.connect("bob", "phone")
        _ = bench.take(desk)
        let message = Stanza.message(Message(to: desk.address.bare, from: self.carol, body: "hello"))
        let undelivered = UndeliveredStanza(
            message, recipients: [desk.id, phone.id], sentAt: self.sentAt)
        bench.handle(.sessionEnded(phone.id))
        bench.handle(.undelivered(undelivered))
        #expect(bench.take(desk).compactMap(\.messageValue?.body) == [])
        #expect(bench.disk.isEmpty)
        bench.handle(.sessionEnded(desk.id))
        bench.handle(.undelivered(undelivered))
        #expect(bench.disk[desk.address.bare]?.map(\.body) == ["hello"])
    }

    @Test("XEP-0198 §4: a request is answered with an error, an answer and presence are dropped")
    func others() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        _ = bench.takeRemote()
        self.end(
            &bench, bob,
            [
                .iq(IQ(to: bob.address, from: self.carol, id: "q", body: .get(Ping().element))),
                .iq(IQ(to: bob.address, from: self.carol, id: "r", body: .result(nil))),
                .presence(Presence(to: bob.address, from: self.carol)),
            ])
        let answers = bench.takeRemote().filter { $0.to == self.carol }
        #expect(answers.map(\.id) == ["q"])
        #expect(answers.map(\.errorCondition) == [.serviceUnavailable])
    }

    @Test("What the server sent on its own account goes nowhere")
    func own() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob")
        _ = bench.takeServed()
        let copy = Element("sent", namespace: "urn:xmpp:carbons:2")
        self.end(
            &bench, bob,
            [
                .message(
                    Message(to: bob.address, from: bob.address.bare, kind: .chat, payloads: [copy])),
                .iq(
                    IQ(to: bob.address, from: bob.address.bare, id: "push", body: .set(RosterQuery().element))
                ),
            ])
        #expect(bench.disk.isEmpty)
        #expect(bench.takeServed().isEmpty)
    }
}
