import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct CarbonsTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")
    static let roomUser = Element("x", namespace: "http://jabber.org/protocol/muc#user")

    func enable(_ bench: inout DomainBench, _ sessions: ClientSession...) {
        for session in sessions {
            bench.send(.iq(IQ(to: nil, id: "c", body: .set(EnableCarbons().element))), from: session)
            _ = bench.take(session)
        }
    }

    func body(_ text: String) -> Element { Element("body", namespace: Namespace.client, text: text) }

    /// The message inside a copy, with the wrapper; nil if the stanza is no copy.
    func unwrap(_ stanza: Stanza?) throws -> (wrapper: Message, isSent: Bool, inner: Message)? {
        guard let wrapper = stanza?.messageValue else { return nil }
        let sent = try wrapper.payloads.first(SentCarbon.self)?.forwarded
        let received = try wrapper.payloads.first(ReceivedCarbon.self)?.forwarded
        guard let forwarded = sent ?? received,
            case .message(let inner) = try Stanza(parsing: forwarded.stanza)
        else { return nil }
        return (wrapper, sent != nil, inner)
    }

    @Test("XEP-0280 §6: What is copied, and what is not")
    func eligibility() {
        func message(_ kind: Message.Kind, _ payloads: [Element], to: JID? = nil) -> Message {
            Message(to: to ?? DomainBench.local("alice"), kind: kind, payloads: payloads)
        }
        let text = self.body("hi")
        let full = JID(preparedLocal: "alice", domain: "paris.test", resource: "desk")
        let invitation = Element(
            Self.roomUser.name, namespace: Self.roomUser.namespace, [:],
            [Element("invite", namespace: Self.roomUser.namespace)])
        let noCopy = Element("no-copy", namespace: Namespace.hints)
        let cases: [(Message, received: Bool, sent: Bool)] = [
            (message(.chat, []), true, true),
            (message(.chat, [text, Element("private", namespace: Namespace.carbons)]), false, false),
            (message(.chat, [text, noCopy], to: full), false, false),
            // The hint is for full addresses only (XEP-0334 §4.3).
            (message(.chat, [text, noCopy]), true, true),
            (message(.normal, [text]), true, true),
            (message(.normal, [Element("event", namespace: "urn:example:1")]), false, false),
            (message(.normal, [Element("received", namespace: Namespace.receipts)]), true, true),
            (message(.normal, [Element("composing", namespace: Namespace.chatStates)]), true, true),
            (message(.normal, [Element("displayed", namespace: Namespace.chatMarkers)]), true, true),
            (message(.headline, []), false, false),
            (message(.error, [StanzaError(.gone).element]), false, false),
            (message(.error, [text, StanzaError(.gone).element]), true, true),
            (message(.groupchat, [text]), false, false),
            (message(.chat, [text, Self.roomUser]), false, true),
            (message(.normal, [invitation]), true, true),
            (message(.normal, [Element("x", namespace: "jabber:x:conference")]), true, true),
        ]
        for (message, received, sent) in cases {
            #expect(Carbons.copies(message, .received) == received, "\(message)")
            #expect(Carbons.copies(message, .sent) == sent, "\(message)")
        }
    }

    @Test("XEP-0280 §7: What one client gets, the others that asked get a copy of")
    func received() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone", priority: -1)
        let silent = try bench.connect("alice", "silent", priority: nil)
        let pda = try bench.connect("alice", "pda", priority: -1)
        for session in [desk, phone, silent, pda] { _ = bench.take(session) }
        self.enable(&bench, desk, phone, silent)
        let message = Message(to: desk.address, from: Self.carol, id: "m", body: "hello")
        bench.handle(.routed(.message(message)))
        #expect(bench.take(desk) == [.message(message)])
        #expect(bench.take(pda).isEmpty)
        for session in [phone, silent] {
            let copies = bench.take(session)
            #expect(copies.count == 1)
            let copy = try #require(try self.unwrap(copies.first))
            #expect(!copy.isSent)
            #expect(copy.wrapper.from == session.address.bare)
            #expect(copy.wrapper.to == session.address)
            #expect(copy.wrapper.kind == .chat)
            #expect(copy.inner == message)
        }
        var toAll = message
        toAll.to = desk.address.bare
        bench.handle(.routed(.message(toAll)))
        #expect(bench.take(desk).count == 1)
        #expect(try self.unwrap(bench.take(phone).first)?.inner == toAll)
    }

    @Test("XEP-0280 §8: What one client sends, the others that asked get a copy of, the sender not")
    func sent() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        _ = (bench.take(desk), bench.take(phone))
        self.enable(&bench, desk, phone)
        bench.send(.message(Message(to: Self.carol, id: "m", body: "hello")), from: desk)
        #expect(bench.take(desk).isEmpty)
        let copy = try #require(try self.unwrap(bench.take(phone).first))
        #expect(copy.isSent)
        #expect(copy.wrapper.from == desk.address.bare)
        #expect(copy.inner.from == desk.address)
        #expect(copy.inner.to == Self.carol)
        #expect(bench.takeRemote().count == 1)
    }

    @Test("XEP-0280 §8: What one writes to oneself, each of one's clients gets once")
    func toOneself() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        let pda = try bench.connect("alice", "pda")
        for session in [desk, phone, pda] { _ = bench.take(session) }
        self.enable(&bench, desk, phone, pda)
        bench.send(.message(Message(to: phone.address, id: "m", body: "note")), from: desk)
        #expect(bench.take(desk).isEmpty)
        #expect(bench.take(phone).compactMap { $0.messageValue?.body } == ["note"])
        #expect(try self.unwrap(bench.take(pda).first)?.inner.body == "note")
    }

    @Test("XEP-0280 §4, §5: Copies come while they are asked for, and end with the session")
    func enabling() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        self.enable(&bench, phone, phone)
        _ = bench.take(desk)
        bench.send(.iq(IQ(to: nil, id: "d", body: .set(DisableCarbons().element))), from: phone)
        #expect(bench.take(phone).map(\.errorCondition) == [nil])
        bench.send(.message(Message(to: Self.carol, body: "hello")), from: desk)
        #expect(bench.take(phone).isEmpty)
        self.enable(&bench, phone)
        bench.handle(.sessionEnded(phone.id))
        #expect(bench.domain.carbons.enabled.isEmpty)
        // Nobody else may switch them.
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        bench.send(
            .iq(IQ(to: desk.address.bare, id: "x", body: .set(EnableCarbons().element))), from: bob)
        #expect(bench.take(bob).map(\.errorCondition) == [.forbidden])
        #expect(bench.domain.info.features.contains(Namespace.carbons))
    }

    @Test("XEP-0280 §11: A copy that somebody else made up does not arrive")
    func forged() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = (bench.take(alice), bench.take(bob))
        let secret = Forwarded(Message(to: bob.address, from: Self.carol, body: "give him the keys"))
        for carbon in [ReceivedCarbon(secret).element, SentCarbon(secret).element] {
            let message = Message(to: bob.address, kind: .chat, payloads: [carbon, self.body("x")])
            bench.send(.message(message), from: alice)
            var foreign = message
            foreign.from = Self.carol
            bench.handle(.routed(.message(foreign)))
        }
        let heard = bench.take(bob).compactMap(\.messageValue)
        #expect(heard.count == 4)
        #expect(heard.allSatisfy { $0.payloads == [self.body("x")] })
    }

    @Test("XEP-0280 §7: A message that is kept or refused")
    func undelivered() throws {
        var bench = DomainBench()
        let phone = try bench.connect("alice", "phone", priority: -1)
        self.enable(&bench, phone)
        bench.handle(.routed(.message(Message(to: phone.address.bare, from: Self.carol, body: "kept"))))
        #expect(try self.unwrap(bench.take(phone).first)?.inner.body == "kept")
        let gone = try phone.address.withResource("gone")
        bench.handle(
            .routed(.message(Message(to: gone, from: Self.carol, kind: .normal, body: "refused"))))
        #expect(bench.take(phone).isEmpty)
        #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable])
    }

    @Test("XEP-0334 §4: Hints decide what is kept for later")
    func hints() {
        func message(_ hints: [MessageHint], _ kind: Message.Kind = .chat, body: String? = nil) -> Message {
            Message(
                to: nil, kind: kind,
                payloads: (body.map { [self.body($0)] } ?? [])
                    + hints.map { Element($0.rawValue, namespace: Namespace.hints) })
        }
        #expect(message([], body: "x").isWorthKeeping)
        #expect(!message([.noStore], body: "x").isWorthKeeping)
        #expect(message([.noPermanentStore], body: "x").isWorthKeeping)
        #expect(message([.store]).isWorthKeeping)
        #expect(!message([]).isWorthKeeping)
        #expect(!message([.store], .error).isWorthKeeping)
        #expect(!message([.store], .groupchat).isWorthKeeping)
    }
}
