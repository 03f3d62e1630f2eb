import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §8.5 for presence, and §4: what the server tells whom of somebody's comings and goings.
@Suite struct PresenceDeliveryTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)
    static let laptop = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    func presence(_ kind: Presence.Kind, to: JID?, from: JID? = nil) -> Stanza {
        .presence(Presence(to: to, from: from, kind: kind))
    }

    func kinds(_ stanzas: [Stanza]) -> [Presence.Kind] { stanzas.compactMap { $0.presenceValue?.kind } }

    /// Lets Carol, elsewhere, see Alice.
    func letCarolSee(_ bench: inout DomainBench, _ alice: ClientSession) {
        bench.handle(.routed(self.presence(.subscribe, to: alice.address.bare, from: Self.carol)))
        bench.send(self.presence(.subscribed, to: Self.carol), from: alice)
        _ = (bench.takeRemote(), bench.take(alice))
    }

    /// Lets Alice see Carol, elsewhere.
    func letSeeCarol(_ bench: inout DomainBench, _ alice: ClientSession) {
        bench.send(self.presence(.subscribe, to: Self.carol), from: alice)
        bench.handle(.routed(self.presence(.subscribed, to: alice.address.bare, from: Self.carol)))
        _ = (bench.takeRemote(), bench.take(alice))
    }

    // MARK: §8.5

    @Test("RFC 6121 §8.5.1: Presence for no such user is ignored; a probe is told 'unsubscribed'")
    func noSuchUser() {
        var bench = DomainBench()
        let kinds: [Presence.Kind] = [
            .available, .unavailable, .subscribe, .subscribed, .unsubscribe, .unsubscribed,
        ]
        for kind in kinds {
            bench.handle(.routed(self.presence(kind, to: DomainBench.local("nobody"), from: Self.carol)))
        }
        #expect(bench.takeRemote().isEmpty)
        bench.handle(.routed(self.presence(.probe, to: DomainBench.local("nobody"), from: Self.carol)))
        #expect(self.kinds(bench.takeRemote()) == [.unsubscribed])
    }

    @Test("RFC 6121 §8.5.2.1.2: Presence to a bare address goes to all available clients, negative ones too")
    func bare() throws {
        for kind in [Presence.Kind.available, .unavailable] {
            var bench = DomainBench()
            let sessions = try [("bot", Int8(-1)), ("desk", 5), ("silent", nil)].map {
                try bench.connect("bob", $0.0, priority: $0.1)
            }
            for session in sessions { _ = bench.take(session) }
            bench.handle(.routed(self.presence(kind, to: DomainBench.local("bob"), from: Self.laptop)))
            #expect(sessions.map { bench.take($0).count } == [1, 1, 0])
        }
    }

    @Test("RFC 6121 §8.5.2.2.2: Presence for an account without clients is ignored")
    func nobodyThere() {
        var bench = DomainBench()
        for kind in [Presence.Kind.available, .unavailable] {
            bench.handle(.routed(self.presence(kind, to: DomainBench.local("bob"), from: Self.laptop)))
        }
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("RFC 6121 §8.5.3.1: Presence to a client that is there is handed to it, and to no other")
    func fullMatch() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        let phone = try bench.connect("bob", "phone")
        _ = (bench.take(desk), bench.take(phone))
        for kind in [Presence.Kind.available, .unavailable] {
            bench.handle(.routed(self.presence(kind, to: desk.address, from: Self.laptop)))
        }
        #expect(self.kinds(bench.take(desk)) == [.available, .unavailable])
        #expect(bench.take(phone).isEmpty)
    }

    @Test("RFC 6121 §8.5.3.2.2: Presence to a client that is not there is ignored")
    func fullNoMatch() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        _ = bench.take(desk)
        let gone = try desk.address.withResource("gone")
        for kind in [Presence.Kind.available, .unavailable] {
            bench.handle(.routed(self.presence(kind, to: gone, from: Self.laptop)))
        }
        #expect(bench.takeRemote().isEmpty)
        #expect(bench.take(desk).isEmpty)
    }

    @Test("RFC 6121 §8.5.3.1: A subscription request to a full address is one to the account")
    func subscriptionToFullAddress() throws {
        var bench = DomainBench()
        let desk = try bench.connect("bob", "desk")
        let phone = try bench.connect("bob", "phone")
        _ = (bench.take(desk), bench.take(phone))
        bench.handle(.routed(self.presence(.subscribe, to: desk.address, from: Self.laptop)))
        for session in [desk, phone] {
            let heard = bench.take(session).compactMap(\.presenceValue)
            #expect(heard.map(\.kind) == [.subscribe])
            #expect(heard.map(\.from) == [Self.carol])
            #expect(heard.map(\.to) == [desk.address.bare])
        }
    }

    // MARK: §4

    @Test(
        "RFC 6121 §4.2.2: First presence is broadcast, and those one sees are probed; later presence is broadcast only"
    )
    func initialPresence() throws {
        var bench = DomainBench()
        let first = try bench.connect("alice", "first")
        self.letCarolSee(&bench, first)
        self.letSeeCarol(&bench, first)
        let alice = try bench.connect("alice", "second", priority: nil)
        #expect(bench.takeRemote().isEmpty)
        bench.send(.presence(DomainBench.available(1)), from: alice)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.available, .probe])
        #expect(told.map(\.to) == [Self.carol, Self.carol])
        #expect(told.first?.from == alice.address)
        // §4.2.2, §4.4.2: one's other clients see it, and the client itself too.
        #expect(bench.take(first).map(\.from) == [alice.address])
        #expect(bench.take(alice).compactMap(\.presenceValue).map(\.from) == [alice.address, first.address])
        bench.send(.presence(DomainBench.available(2)), from: alice)
        #expect(self.kinds(bench.takeRemote()) == [.available])
    }

    @Test(
        "RFC 6121 §4.3.2: A probe is answered with each client's presence, or 'unavailable'; strangers learn nothing"
    )
    func probes() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        self.letCarolSee(&bench, desk)
        _ = try bench.connect("alice", "phone", priority: -1)
        _ = try bench.connect("alice", "silent", priority: nil)
        _ = bench.takeRemote()
        let probe = self.presence(.probe, to: desk.address.bare, from: Self.laptop)
        bench.handle(.routed(probe))
        let answers = bench.takeRemote().compactMap(\.presenceValue)
        #expect(answers.compactMap(\.from?.resource) == ["desk", "phone"])
        #expect(answers.allSatisfy { $0.to == Self.laptop })
        let dave = try JID("dave@oslo.test")
        bench.handle(.routed(self.presence(.probe, to: desk.address.bare, from: dave)))
        #expect(self.kinds(bench.takeRemote()) == [.unsubscribed])
        bench.handle(.sessionEnded(desk.id))
        for session in bench.domain.sessions.sessions(of: desk.address.bare) {
            bench.handle(.sessionEnded(session.id))
        }
        _ = bench.takeRemote()
        bench.handle(.routed(probe))
        #expect(self.kinds(bench.takeRemote()) == [.unavailable])
    }

    @Test(
        "RFC 6121 §4.3.2: A probe of one whose request waits is told 'unsubscribed', and the request waits on"
    )
    func probeWhilePending() {
        var bench = DomainBench()
        let alice = DomainBench.local("alice")
        bench.handle(.routed(self.presence(.subscribe, to: alice, from: Self.carol)))
        bench.handle(.routed(self.presence(.probe, to: alice, from: Self.carol)))
        #expect(self.kinds(bench.takeRemote()) == [.unsubscribed])
        #expect(bench.domain.rosters[alice]?.pendingRequests.count == 1)
    }

    @Test("RFC 6120 §13.11: strangers cannot tell by presence who has an account")
    func enumeration() throws {
        var bench = DomainBench()
        func answers(_ name: String) -> [Stanza] {
            let kinds: [Presence.Kind] = [
                .probe, .subscribe, .probe, .subscribed, .unsubscribed, .available, .unavailable, .probe,
                .unsubscribe, .probe,
            ]
            for kind in kinds {
                bench.handle(.routed(self.presence(kind, to: DomainBench.local(name), from: Self.carol)))
            }
            return bench.takeRemote().map { stanza in
                var stanza = stanza
                if stanza.from?.local == name { stanza.from = nil }
                return stanza
            }
        }
        let nobody = answers("nobody")
        #expect(nobody.count == 4)
        #expect(answers("alice") == nobody)
        _ = try bench.connect("bob")
        #expect(answers("bob") == nobody)
    }

    @Test("RFC 6121 §4.5.2: Unavailable presence goes to all who saw the client, with what it says")
    func unavailable() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        self.letCarolSee(&bench, alice)
        let status = Element("status", namespace: Namespace.client, text: "gone fishing")
        bench.send(
            .presence(Presence(to: nil, kind: .unavailable, payloads: [status])), from: alice)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.unavailable])
        #expect(told.first?.payloads == [status])
        #expect(told.first?.from == alice.address)
        // It is said once.
        bench.send(self.presence(.unavailable, to: nil), from: alice)
        bench.handle(.sessionEnded(alice.id))
        #expect(bench.takeRemote().isEmpty)
    }

    @Test(
        "RFC 6121 §4.7.2.3: The priority is a number from -128 to 127",
        arguments: [
            ("-128", true), ("127", true), ("0", true), ("-129", false), ("128", false), ("high", false),
            ("", false),
        ])
    func priorities(text: String, isValid: Bool) throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", priority: nil)
        _ = bench.take(alice)
        let priority = Element("priority", namespace: Namespace.client, text: text)
        bench.send(.presence(Presence(to: nil, payloads: [priority])), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [isValid ? nil : .badRequest])
        #expect(bench.domain.sessions[alice.id]?.isAvailable == isValid)
    }

    @Test("RFC 6121 §4.7.1: Presence of an unknown type is refused")
    func unknownType() {
        for type in ["available", "invisible"] {
            let element = Element("presence", namespace: Namespace.client, ["type": type, "id": "p"])
            #expect(throws: StanzaParseFailure.self) { try Stanza(parsing: element) }
        }
    }
}
