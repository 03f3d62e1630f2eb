import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §2 as a client sees it: what a roster set may hold, and who is told.
@Suite struct RosterRulesTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)

    static func item(
        _ attributes: KeyValuePairs<String, String?> = ["jid": "carol@tokyo.test"], groups: [String] = []
    ) -> Element {
        Element(
            "item", namespace: Namespace.roster, attributes,
            groups.map { Element("group", namespace: Namespace.roster, text: $0) })
    }

    static func query(_ items: [Element]) -> Element {
        Element("query", namespace: Namespace.roster, [:], items)
    }

    static func set(_ items: [Element], to: JID? = nil) -> Stanza {
        .iq(IQ(to: to, id: "set", body: .set(Self.query(items))))
    }

    static func get(version: String? = nil) -> Stanza {
        .iq(IQ(to: nil, id: "get", body: .get(RosterQuery(version: version).element)))
    }

    /// What is wrong with a set, and what it is refused with.
    static let bad: [(String, [Element], StanzaError.Condition)] = [
        ("no item", [], .badRequest),
        ("two items", [item(), item(["jid": "dave@oslo.test"])], .badRequest),
        ("an item without address", [item(["name": "Carol"])], .badRequest),
        ("an address that is none", [item(["jid": "@"])], .badRequest),
        ("a group twice", [item(groups: ["ops", "night", "ops"])], .badRequest),
        ("a group without name", [item(groups: ["ops", ""])], .notAcceptable),
        (
            "too long a name",
            [item(["jid": "carol@tokyo.test", "name": String(repeating: "x", count: 1_024)])], .notAcceptable
        ),
        ("too long a group", [item(groups: [String(repeating: "x", count: 1_024)])], .notAcceptable),
        ("too many groups", [item(groups: (1...33).map { "g\($0)" })], .notAcceptable),
    ]

    @Test(
        "RFC 6121 §2.3.3: A bad roster set is refused, changes nothing and is not pushed",
        arguments: bad.indices)
    func badSets(index: Int) throws {
        let (_, items, condition) = Self.bad[index]
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        _ = (bench.take(desk), bench.take(phone))
        bench.send(Self.set(items), from: desk)
        #expect(bench.take(desk).map(\.errorCondition) == [condition])
        #expect(bench.take(phone).isEmpty)
        #expect(bench.domain.rosters[desk.address.bare]?.version == 0)
    }

    @Test("RFC 6121 §2.3.3: Names at their longest are taken")
    func longestNames() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        _ = bench.take(desk)
        let longest = String(repeating: "x", count: 1_023)
        let groups = [longest] + (1...31).map { "g\($0)" }
        bench.send(
            Self.set([Self.item(["jid": "carol@tokyo.test", "name": longest], groups: groups)]), from: desk)
        #expect(bench.take(desk).map(\.errorCondition) == [nil, nil])
        #expect(bench.domain.rosters[desk.address.bare]?[Self.carol]?.groups.count == 32)
    }

    @Test("RFC 6121 §2.3.3: A roster set to somebody else is forbidden and pushed to nobody")
    func setToSomebodyElse() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = (bench.take(alice), bench.take(bob))
        bench.send(Self.set([Self.item()], to: bob.address.bare), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.forbidden])
        #expect(bench.take(bob).isEmpty)
        #expect(bench.domain.rosters[bob.address.bare]?.version == 0)
    }

    @Test(
        "RFC 6121 §2.1.6: Only clients that asked for the roster get pushes, from the account, available or not"
    )
    func pushes() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let uninterested = try bench.connect("alice", "pda", isInterested: false)
        let silent = try bench.connect("alice", "silent", priority: nil)
        for session in [desk, uninterested, silent] { _ = bench.take(session) }
        bench.send(Self.set([Self.item()]), from: uninterested)
        #expect(bench.take(uninterested).map { $0.iqValue?.id } == ["set"])
        for session in [desk, silent] {
            let pushed = bench.take(session).compactMap(\.iqValue)
            #expect(pushed.count == 1)
            #expect(pushed.first?.from == session.address.bare)
            #expect(pushed.first?.to == session.address)
            guard case .set(let query) = pushed.first?.body else {
                Issue.record("no set")
                continue
            }
            #expect(try RosterQuery(parsing: query).items.map(\.address) == [Self.carol])
        }
    }

    @Test("RFC 6121 §2.1.6: The answer to a push, good or bad, is taken in silence")
    func answersToPushes() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice")
        _ = bench.take(desk)
        bench.send(Self.set([Self.item()]), from: desk)
        let push = try #require(bench.take(desk).first?.iqValue)
        for body in [IQ.Body.result(nil), .error(StanzaError(.serviceUnavailable))] {
            for to in [nil, push.from, DomainBench.domainAddress] {
                bench.send(.iq(IQ(to: to, id: push.id, body: body)), from: desk)
            }
        }
        #expect(bench.take(desk).isEmpty)
        #expect(bench.domain.sessions[desk.id]?.isInterested == true)
    }

    @Test("RFC 6121 §2.1.2.5, §2.1.2.1: What a client says of subscription, 'ask' and 'approved' is ignored")
    func clientsDoNotSetSubscriptions() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice")
        bench.send(
            Self.set([
                Self.item([
                    "jid": "carol@tokyo.test/laptop", "subscription": "both", "ask": "subscribe",
                    "approved": "true",
                ])
            ]), from: desk)
        let item = try #require(bench.domain.rosters[desk.address.bare]?[Self.carol])
        #expect(item.subscription == Subscription())
    }

    @Test("RFC 6121 §2.5.3: Removing who is not there is 'item-not-found'")
    func removeUnknown() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice")
        _ = bench.take(desk)
        bench.send(Self.set([Self.item(["jid": "carol@tokyo.test", "subscription": "remove"])]), from: desk)
        #expect(bench.take(desk).map(\.errorCondition) == [.itemNotFound])
    }

    @Test("RFC 6121 §2.5.2: Removing a contact ends both subscriptions and is pushed")
    func remove() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice")
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribe)), from: desk)
        for kind in [Presence.Kind.subscribed, .subscribe] {
            bench.handle(.routed(.presence(Presence(to: desk.address.bare, from: Self.carol, kind: kind))))
        }
        bench.send(.presence(Presence(to: Self.carol, kind: .subscribed)), from: desk)
        _ = (bench.take(desk), bench.takeRemote())
        bench.send(Self.set([Self.item(["jid": "carol@tokyo.test", "subscription": "remove"])]), from: desk)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.unsubscribe, .unavailable, .unsubscribed])
        let heard = bench.take(desk).compactMap(\.iqValue)
        #expect(heard.map(\.id).last == "set")
        guard case .set(let query) = heard.first?.body else {
            Issue.record("no push")
            return
        }
        #expect(try RosterQuery(parsing: query).items.map(\.subscription) == [.remove])
    }

    @Test(
        "RFC 6121 §2.6.2, §2.6.3: Versions rise with each change, and an unknown one brings the whole roster")
    func versions() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice")
        _ = bench.take(desk)
        bench.send(Self.set([Self.item()]), from: desk)
        guard case .set(let push) = bench.take(desk).first?.iqValue?.body else {
            Issue.record("no push")
            return
        }
        let version = try #require(try RosterQuery(parsing: push).version)
        bench.send(Self.get(version: version), from: desk)
        bench.send(Self.get(version: "0"), from: desk)
        bench.send(Self.get(version: "nonsense"), from: desk)
        bench.send(Self.get(), from: desk)
        let answers = bench.take(desk).map { stanza -> RosterQuery? in
            guard case .result(.some(let element)) = stanza.iqValue?.body else { return nil }
            return try? RosterQuery(parsing: element)
        }
        #expect(answers.map { $0?.items.count } == [nil, 1, 1, 1])
        #expect(answers.map { $0?.version } == [nil, version, version, nil])
    }
}
