import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §2 as a client sees it: what it is told of its roster, and what becomes of an item that is changed.
@Suite struct RosterReadingTests {
    private func roster(
        _ bench: inout DomainBench, _ session: ClientSession, to: JID? = nil
    ) throws
        -> RosterQuery
    {
        bench.send(.iq(IQ(to: to, id: "get", body: .get(RosterQuery().element))), from: session)
        guard case .result(.some(let element)) = bench.take(session).last?.iqValue?.body else {
            throw PayloadError("no roster")
        }
        return try RosterQuery(parsing: element)
    }

    private func pushed(_ stanzas: [Stanza]) -> [RosterQuery.Item] {
        stanzas.compactMap(\.iqValue?.request).compactMap { try? RosterQuery(parsing: $0).items.first }
    }

    @Test("RFC 6121 §2.2: An empty roster is an empty list, asked of nobody or of one's own address")
    func empty() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", isInterested: false)
        _ = bench.take(alice)
        for to in [nil, alice.address.bare] {
            #expect(try self.roster(&bench, alice, to: to).items.isEmpty)
        }
    }

    @Test(
        "RFC 6121 §2.1.4, §2.1.2.5: The roster has every contact with its state, and no stranger who only asked"
    )
    func items() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let dave = JID(preparedLocal: "dave", domain: "oslo.test", resource: nil)
        bench.send(RosterRulesTests.set([RosterRulesTests.item(groups: ["ops"])]), from: alice)
        bench.send(.presence(Presence(to: RosterRulesTests.carol, kind: .subscribe)), from: alice)
        bench.handle(.routed(.presence(Presence(to: alice.address.bare, from: dave, kind: .subscribe))))
        let listed = try self.roster(&bench, alice).items
        #expect(listed.map(\.address) == [RosterRulesTests.carol])
        #expect(listed.first?.groups == ["ops"])
        #expect(listed.first?.isAsking == true)
        #expect(listed.first?.subscription == RosterQuery.Subscription.none)
    }

    @Test(
        "RFC 6121 §2.4.1, §2.4.2: A changed item replaces name and groups, keeps the subscription, and is pushed to all"
    )
    func update() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        let contact = RosterRulesTests.carol
        bench.send(.presence(Presence(to: contact, kind: .subscribe)), from: desk)
        bench.handle(
            .routed(.presence(Presence(to: desk.address.bare, from: contact, kind: .subscribed))))
        let before = ["jid": "carol@tokyo.test", "name": "Carol"] as KeyValuePairs<String, String?>
        bench.send(
            RosterRulesTests.set([RosterRulesTests.item(before, groups: ["ops", "night"])]), from: desk)
        _ = (bench.take(desk), bench.take(phone))
        let after = ["jid": "carol@tokyo.test", "name": "Caroline"] as KeyValuePairs<String, String?>
        bench.send(RosterRulesTests.set([RosterRulesTests.item(after, groups: ["day"])]), from: phone)
        for session in [desk, phone] {
            let items = self.pushed(bench.take(session))
            #expect(items.map(\.name) == ["Caroline"])
            #expect(items.map(\.groups) == [["day"]])
            #expect(items.map(\.subscription) == [.to])
        }
        // Neither a name nor groups: they go, the contact stays.
        bench.send(RosterRulesTests.set([RosterRulesTests.item()]), from: desk)
        let items = try self.roster(&bench, desk).items
        #expect(items.map(\.name) == [nil])
        #expect(items.map(\.groups) == [[]])
        #expect(items.map(\.subscription) == [.to])
    }
}
