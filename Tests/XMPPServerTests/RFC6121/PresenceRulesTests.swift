import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §3.2, §3.3 and §4.4 to §4.7: the ends of subscriptions, and presence that follows the first.
@Suite struct PresenceRulesTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)
    static let laptop = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    private func out(_ kind: Presence.Kind, to: JID) -> Stanza { .presence(Presence(to: to, kind: kind)) }

    private func incoming(_ kind: Presence.Kind, to: JID, from: JID = laptop) -> DomainEvent {
        .routed(.presence(Presence(to: to, from: from, kind: kind)))
    }

    private func pushed(_ stanzas: [Stanza]) -> [RosterQuery.Subscription] {
        stanzas.compactMap(\.iqValue?.request).compactMap {
            try? RosterQuery(parsing: $0).items.first?.subscription
        }
    }

    /// Two clients of Alice's, who sees Carol and is seen by her.
    private func friends() throws -> (DomainBench, desk: ClientSession, phone: ClientSession) {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone", priority: -1)
        bench.send(self.out(.subscribe, to: Self.carol), from: desk)
        for kind in [Presence.Kind.subscribed, .subscribe] {
            bench.handle(self.incoming(kind, to: desk.address.bare, from: Self.carol))
        }
        bench.send(self.out(.subscribed, to: Self.carol), from: desk)
        _ = (bench.take(desk), bench.take(phone), bench.takeRemote())
        return (bench, desk, phone)
    }

    @Test(
        "RFC 6121 §3.2.1, §3.2.2: 'unsubscribed' leaves from and to bare addresses, and keeps what one sees")
    func cancel() throws {
        var (bench, desk, phone) = try self.friends()
        bench.send(self.out(.unsubscribed, to: Self.laptop), from: desk)
        let told = bench.takeRemote().compactMap(\.presenceValue).filter { $0.kind == .unsubscribed }
        #expect(told.map(\.from) == [desk.address.bare])
        #expect(told.map(\.to) == [Self.carol])
        #expect(self.pushed(bench.take(desk)) == [.to])
        #expect(self.pushed(bench.take(phone)) == [.to])
        bench.send(.presence(DomainBench.available(3)), from: desk)
        #expect(bench.takeRemote().isEmpty)
    }

    @Test(
        "RFC 6121 §3.3.1, §3.3.2: 'unsubscribe' leaves from and to bare addresses, and keeps what others see")
    func unsubscribe() throws {
        var (bench, desk, phone) = try self.friends()
        bench.send(self.out(.unsubscribe, to: Self.laptop), from: desk)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.unsubscribe])
        #expect(told.map(\.from) == [desk.address.bare])
        #expect(told.map(\.to) == [Self.carol])
        #expect(self.pushed(bench.take(desk)) == [.from])
        #expect(self.pushed(bench.take(phone)) == [.from])
        bench.send(.presence(DomainBench.available(3)), from: desk)
        #expect(bench.takeRemote().compactMap(\.presenceValue).map(\.kind) == [.available])
    }

    @Test(
        "RFC 6121 §4.4.2: Later presence goes to whoever sees one and to one's own clients, and probes nobody"
    )
    func laterPresence() throws {
        var (bench, desk, phone) = try self.friends()
        bench.send(.presence(DomainBench.available(3)), from: desk)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.available])
        #expect(told.map(\.to) == [Self.carol])
        for session in [desk, phone] {
            #expect(bench.take(session).compactMap(\.presenceValue).map(\.from) == [desk.address])
        }
    }

    @Test(
        "RFC 6121 §4.4.3, §4.5.3: A contact's presence, available or not, comes to every client that is available",
        arguments: [Presence.Kind.available, .unavailable])
    func inbound(kind: Presence.Kind) throws {
        var (bench, desk, phone) = try self.friends()
        let silent = try bench.connect("alice", "silent", priority: nil)
        _ = bench.take(silent)
        bench.handle(self.incoming(kind, to: desk.address.bare))
        for session in [desk, phone] {
            let heard = bench.take(session).compactMap(\.presenceValue)
            #expect(heard.map(\.kind) == [kind])
            #expect(heard.map(\.from) == [Self.laptop])
        }
        #expect(bench.take(silent).isEmpty)
    }

    @Test("RFC 6121 §4.7.2: What presence says besides, known or not, goes on as it was said")
    func payloads() throws {
        var (bench, desk, _) = try self.friends()
        let said = [
            Element("show", namespace: Namespace.client, text: "dnd"),
            Element("status", namespace: Namespace.client, text: "in the machine room"),
            Element("priority", namespace: Namespace.client, text: "7"),
            Element("x", namespace: "urn:example:mood", text: "calm"),
        ]
        bench.send(.presence(Presence(to: nil, payloads: said)), from: desk)
        #expect(bench.takeRemote().compactMap(\.presenceValue).map(\.payloads) == [said])
    }
}
