import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct DomainMessageTests {
    let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    func chat(_ text: String, to: JID?, from: JID? = nil) -> Stanza {
        .message(Message(to: to, from: from, id: text, body: text))
    }

    @Test(
        "RFC 6120 §8.1.2.1: A message carries the full address of the client that sent it, wherever it goes")
    func aMessageCarriesTheFullAddressOfItsSender() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        bench.send(self.chat("hello", to: bob.address.bare), from: alice)
        #expect(bench.take(bob) == [self.chat("hello", to: bob.address.bare, from: alice.address)])
        bench.send(self.chat("far", to: self.carol), from: alice)
        #expect(bench.takeRemote() == [self.chat("far", to: self.carol, from: alice.address)])
        bench.send(self.chat("service", to: DomainBench.domainAddress), from: alice)
        #expect(bench.takeServed().map(\.from) == [alice.address])
    }

    @Test("RFC 6121 §8.2, RFC 6120 §10.3.1: A message to nobody goes to one's own clients")
    func aMessageToNobodyIsToOneself() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        _ = (bench.take(desk), bench.take(phone))
        bench.send(self.chat("note", to: nil), from: desk)
        #expect(bench.take(phone).compactMap { $0.messageValue?.body } == ["note"])
    }

    @Test("XEP-0160 §2, XEP-0203 §2: Messages are kept in order, come once, and say when they were sent")
    func messagesAreKeptInOrderAndComeWithTheirTime() throws {
        var bench = DomainBench()
        for number in 1...3 {
            bench.handle(.routed(self.chat("m\(number)", to: DomainBench.local("bob"), from: self.carol)))
        }
        let bob = try bench.connect("bob")
        let messages = bench.take(bob).compactMap(\.messageValue)
        #expect(messages.map(\.body) == ["m1", "m2", "m3"])
        #expect(messages.allSatisfy { $0.payloads.contains { $0.matches("delay", Namespace.delay) } })
        #expect(bench.disk.isEmpty)

        bench.handle(.sessionEnded(bob.id))
        let again = try bench.connect("bob")
        #expect(bench.take(again).compactMap(\.messageValue).isEmpty)
    }

    @Test("XEP-0160 §2: A client of negative priority leaves kept messages where they are")
    func aClientThatWantsNoMessagesLeavesThemKept() throws {
        var bench = DomainBench()
        bench.handle(.routed(self.chat("later", to: DomainBench.local("bob"), from: self.carol)))
        let bot = try bench.connect("bob", "bot", priority: -1)
        #expect(bench.take(bot).compactMap(\.messageValue).isEmpty)
        bench.send(.presence(DomainBench.available(0)), from: bot)
        #expect(bench.take(bot).compactMap(\.messageValue?.body) == ["later"])
    }

    @Test("XEP-0160 §2: The last message that fits is kept, the next comes back")
    func theLastMessageThatFitsIsKeptAndTheNextComesBack() throws {
        var bench = DomainBench(keptPerAccount: 100)
        for number in 1...100 {
            bench.handle(.routed(self.chat("m\(number)", to: DomainBench.local("bob"), from: self.carol)))
        }
        #expect(bench.takeRemote().isEmpty)
        bench.handle(.routed(self.chat("m101", to: DomainBench.local("bob"), from: self.carol)))
        let refusals = bench.takeRemote()
        #expect(refusals.map(\.errorCondition) == [.serviceUnavailable])
        #expect(refusals.first?.to == self.carol)
        #expect(refusals.first?.id == "m101")
    }

    @Test func aFullDiskIsSaidToTheSender() throws {
        var bench = DomainBench()
        bench.isDiskFull = true
        bench.handle(.routed(self.chat("lost?", to: DomainBench.local("bob"), from: self.carol)))
        #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable])
    }

    @Test("XEP-0160 §3, XEP-0085: Typing notices are not kept")
    func typingNoticesAreNotKept() throws {
        var bench = DomainBench()
        let composing = Message(
            to: DomainBench.local("bob"), from: self.carol,
            payloads: [Element("composing", namespace: "http://jabber.org/protocol/chatstates")])
        bench.handle(.routed(.message(composing)))
        #expect(bench.disk.isEmpty)
        #expect(bench.takeRemote().isEmpty)
    }

    @Test func aSessionThatEndsWhileItsMessagesAreReadLosesNone() throws {
        var bench = DomainBench()
        bench.handle(.routed(self.chat("precious", to: DomainBench.local("bob"), from: self.carol)))
        let bob = try bench.connect("bob", priority: nil)
        let step = bench.domain.handle(
            .fromClient(.presence(DomainBench.available(0)), bob.id), at: bench.now)
        guard case .durable(.takeKept(bob.id, _)) = step else {
            Issue.record("the kept messages are not asked for")
            return
        }
        bench.handle(.sessionEnded(bob.id))
        // It stays where it is, neither archived nor counted again, for the next client.
        #expect(
            bench.domain.took(
                [(bench.now, Message(to: bob.address.bare, from: self.carol, body: "precious"))],
                for: bob.id, presence: DomainBench.available(0)) == nil)
        let phone = try bench.connect("bob", "phone")
        #expect(bench.take(phone).compactMap(\.messageValue?.body) == ["precious"])
    }

    @Test("What is left on the disk after a part was handed out is for the next client")
    func keptInParts() throws {
        var bench = DomainBench()
        let bob = try bench.connect("bob", priority: nil)
        _ = bench.domain.took([], left: 1, for: bob.id, presence: DomainBench.available(0))
        let phone = try bench.connect("bob", "phone", priority: nil)
        let step = bench.domain.handle(
            .fromClient(.presence(DomainBench.available(0)), phone.id), at: bench.now)
        guard case .durable(.takeKept(phone.id, _)) = step else {
            Issue.record("what is left is not asked for")
            return
        }
    }

    @Test(
        "RFC 6120 §7.7.2.2: What a client sent before another took its resource still goes out, its presence not"
    )
    func displacedClient() throws {
        var bench = DomainBench()
        let first = try bench.connect("alice", "desk")
        let bob = try bench.connect("bob")
        let second = try bench.connect("alice", "desk")
        _ = (bench.take(first), bench.take(second), bench.take(bob))
        bench.send(self.chat("still", to: bob.address.bare), from: first)
        bench.send(.presence(Presence(to: bob.address, kind: .unavailable)), from: first)
        #expect(bench.take(bob).map(\.messageValue?.body) == ["still"])
        bench.handle(.sessionEnded(first.id))
        #expect(bench.domain.sessions[first.id] == nil)
        #expect(bench.domain.sessions[second.id]?.isAvailable == true)
        bench.send(self.chat("late", to: bob.address.bare), from: first)
        #expect(bench.take(bob).isEmpty)
        #expect(bench.take(first).isEmpty)
    }

    @Test(
        "A stanza that the disk has no room for goes back to its sender; the end of a session is never missed"
    )
    func refusedEvents() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let message = self.chat("m", to: DomainBench.local("bob"), from: self.carol)
        bench.carryOut(bench.domain.refuse(.routed(message)))
        #expect(bench.takeRemote().map(\.errorCondition) == [.resourceConstraint])
        bench.carryOut(bench.domain.refuse(.fromClient(message, alice.id)))
        #expect(bench.take(alice).map(\.errorCondition) == [.resourceConstraint])
        bench.carryOut(bench.domain.refuse(.sessionEnded(alice.id)))
        #expect(bench.domain.sessions[alice.id] == nil)
    }

    @Test("RFC 6121 §8.5.1: A message of a client here to no such user comes back")
    func aMessageToNobodyHereComesBack() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.chat("anyone?", to: DomainBench.local("nobody")), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.serviceUnavailable])
    }

    @Test func anAccountThatIsDeletedIsClosedAndForgotten() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let directives = bench.domain.remove(account: alice.address.bare)
        #expect(directives.contains { if case .close(alice.id, _) = $0 { true } else { false } })
        #expect(!bench.domain.hasAccount(alice.address.bare))
        #expect(bench.domain.sessions.count == 0)
    }

    @Test("RFC 6120 §7.7.2.2: Whoever takes a resource closes the stream of the one that had it")
    func aTakenResourceClosesTheOneThatHadIt() throws {
        var bench = DomainBench()
        let first = try bench.connect("alice", "desk")
        let second = try bench.connect("alice", "desk")
        #expect(bench.closed[first.id]?.condition == .conflict)
        #expect(bench.closed[second.id] == nil)
        #expect(throws: StanzaError.self) { try bench.connect("nobody") }
    }
}
