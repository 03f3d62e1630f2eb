import Testing
import XML
import XMPP

@testable import XMPPServer

/// RFC 6121 §3: how a subscription comes about and ends, between an account here and one elsewhere.
@Suite struct SubscriptionRulesTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)
    static let laptop = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    func out(_ kind: Presence.Kind, to: JID? = carol) -> Stanza { .presence(Presence(to: to, kind: kind)) }

    func incoming(_ kind: Presence.Kind, to: JID, from: JID = laptop) -> DomainEvent {
        .routed(.presence(Presence(to: to, from: from, kind: kind)))
    }

    func item(_ bench: DomainBench) -> RosterQuery.Item? {
        bench.domain.rosters[DomainBench.local("alice")]?[Self.carol]?.payload
    }

    func kinds(_ stanzas: [Stanza]) -> [Presence.Kind] { stanzas.compactMap { $0.presenceValue?.kind } }

    func pushed(_ stanzas: [Stanza]) -> [RosterQuery.Item] {
        stanzas.compactMap(\.iqValue?.request).compactMap { try? RosterQuery(parsing: $0).items.first }
    }

    @Test("RFC 6121 §3.1.2: A request leaves from and to bare addresses, and the roster says 'ask'")
    func request() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(self.out(.subscribe, to: Self.laptop), from: alice)
        let sent = bench.takeRemote().compactMap(\.presenceValue)
        #expect(sent.map(\.kind) == [.subscribe])
        #expect(sent.map(\.to) == [Self.carol])
        #expect(sent.map(\.from) == [alice.address.bare])
        #expect(self.pushed(bench.take(alice)).map(\.isAsking) == [true])
    }

    @Test("RFC 6121 §3.1.3: A request is shown at each login until it is answered, with what it said")
    func pendingRequest() throws {
        var bench = DomainBench()
        let words = Element("status", namespace: Namespace.client, text: "it's me")
        bench.handle(
            .routed(
                .presence(
                    Presence(
                        to: DomainBench.local("alice"), from: Self.laptop, kind: .subscribe, payloads: [words]
                    ))))
        for _ in 1...2 {
            let alice = try bench.connect("alice")
            let shown = bench.take(alice).compactMap(\.presenceValue).filter { $0.kind == .subscribe }
            #expect(shown.map(\.payloads) == [[words]])
            #expect(shown.map(\.from) == [Self.carol])
            // It is no contact yet.
            #expect(self.item(bench)?.subscription == RosterQuery.Subscription.none)
            #expect(bench.domain.rosters[alice.address.bare]?.listed.isEmpty == true)
            bench.handle(.sessionEnded(alice.id))
        }
        let alice = try bench.connect("alice")
        bench.send(self.out(.unsubscribed), from: alice)
        bench.handle(.sessionEnded(alice.id))
        let later = try bench.connect("alice")
        #expect(!self.kinds(bench.take(later)).contains(.subscribe))
    }

    @Test("RFC 6121 §3.1.5, §3.1.6: A granted request shows the contact, and both rosters say so")
    func approval() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(self.out(.subscribed), from: alice)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(told.map(\.kind) == [.subscribed, .available])
        #expect(told.map(\.from) == [alice.address.bare, alice.address])
        #expect(self.pushed(bench.take(alice)).map(\.subscription) == [.from])
        bench.send(self.out(.subscribe), from: alice)
        bench.handle(self.incoming(.subscribed, to: alice.address.bare))
        #expect(self.item(bench)?.subscription == .both)
    }

    @Test("RFC 6121 §3.2.2, §3.2.3: Cancelling tells the contact it sees no more, and what it saw goes")
    func cancellation() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        bench.send(self.out(.subscribed), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(self.out(.unsubscribed), from: alice)
        let told = bench.takeRemote().compactMap(\.presenceValue)
        #expect(Set(told.map(\.kind)) == [.unavailable, .unsubscribed])
        #expect(self.pushed(bench.take(alice)).map(\.subscription) == [RosterQuery.Subscription.none])
    }

    @Test(
        "RFC 6121 §3.3.3: When the contact looks no longer, its server is told 'unavailable' and clients get a push"
    )
    func unsubscribed() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        bench.send(self.out(.subscribed), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        bench.handle(self.incoming(.unsubscribe, to: alice.address.bare))
        #expect(self.kinds(bench.takeRemote()) == [.unavailable])
        let heard = bench.take(alice)
        #expect(self.kinds(heard) == [.unsubscribe])
        #expect(self.pushed(heard).map(\.subscription) == [RosterQuery.Subscription.none])
    }

    @Test("RFC 6121 §3.1.3: A repeated request of one who sees already is granted by the server, unseen")
    func repeatedRequest() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        bench.send(self.out(.subscribed), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        #expect(self.kinds(bench.takeRemote()).first == .subscribed)
        #expect(bench.take(alice).isEmpty)
    }

    @Test("RFC 6121 §3.1.6: A grant nobody asked for is not shown and changes nothing")
    func unsolicitedGrant() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.handle(self.incoming(.subscribed, to: alice.address.bare))
        #expect(bench.take(alice).isEmpty)
        #expect(self.item(bench) == nil)
    }

    @Test(
        "RFC 6121 §3.4.2: Approval in advance is noted in the roster, not sent, and grants the request that comes"
    )
    func preApproval() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(self.out(.subscribed), from: alice)
        #expect(bench.takeRemote().isEmpty)
        let pushed = self.pushed(bench.take(alice))
        #expect(pushed.map(\.isApproved) == [true])
        #expect(pushed.map(\.subscription) == [RosterQuery.Subscription.none])
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        #expect(self.kinds(bench.takeRemote()) == [.subscribed, .available])
        let heard = bench.take(alice)
        #expect(self.kinds(heard).isEmpty)
        #expect(self.pushed(heard).map(\.subscription) == [.from])
    }

    @Test("RFC 6121 §3.4.2: Approval in advance can be taken back, unsent")
    func preApprovalWithdrawn() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.out(.subscribed), from: alice)
        _ = (bench.take(alice), bench.takeRemote())
        bench.send(self.out(.unsubscribed), from: alice)
        #expect(bench.takeRemote().isEmpty)
        #expect(self.pushed(bench.take(alice)).map(\.isApproved) == [false])
        bench.handle(self.incoming(.subscribe, to: alice.address.bare))
        #expect(bench.takeRemote().isEmpty)
        #expect(self.kinds(bench.take(alice)) == [.subscribe])
    }

    @Test("RFC 6121 §3.4.1: Approval in advance is offered on the stream")
    func preApprovalIsOffered() {
        #expect(FeatureTable().streamFeatures.contains(.preApproval))
    }

    @Test("RFC 6121 §3.1.3: A request for no such user is not answered")
    func noSuchUser() {
        var bench = DomainBench()
        bench.handle(self.incoming(.subscribe, to: DomainBench.local("nobody")))
        #expect(bench.takeRemote().isEmpty)
    }

    @Test("RFC 6121 §3.1.2: A request to oneself or to nobody is refused")
    func requestToOneself() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        for to in [nil, alice.address.bare] { bench.send(self.out(.subscribe, to: to), from: alice) }
        #expect(bench.take(alice).map(\.errorCondition) == [.badRequest, .badRequest])
    }
}
