import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct DomainPresenceTests {
    let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)

    func subscription(_ kind: Presence.Kind, to: JID, from: JID? = nil) -> Stanza {
        .presence(Presence(to: to, from: from, kind: kind))
    }

    /// Makes two accounts see each other.
    func befriend(_ bench: inout DomainBench, _ one: ClientSession, _ other: ClientSession) {
        bench.send(self.subscription(.subscribe, to: other.address.bare), from: one)
        bench.send(self.subscription(.subscribed, to: one.address.bare), from: other)
        bench.send(self.subscription(.subscribe, to: one.address.bare), from: other)
        bench.send(self.subscription(.subscribed, to: other.address.bare), from: one)
        _ = bench.take(one)
        _ = bench.take(other)
    }

    @Test("RFC 6121 §3.1.6: 'subscribed' comes first, then the push that shows it, then presence")
    func aRequestIsAnsweredAndBothSeeIt() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = (bench.take(alice), bench.take(bob))

        bench.send(self.subscription(.subscribe, to: bob.address), from: alice)
        #expect(bench.take(alice).compactMap(\.iqValue).count == 1)
        let request = bench.take(bob)
        #expect(request.map { $0.presenceValue?.kind } == [.subscribe])
        #expect(request.first?.from == alice.address.bare)
        #expect(request.first?.to == bob.address.bare)

        bench.send(self.subscription(.subscribed, to: alice.address.bare), from: bob)
        let heard = bench.take(alice)
        #expect(heard.compactMap { $0.presenceValue?.kind } == [.subscribed, .available])
        #expect(heard.last?.from == bob.address)
        // "subscribed" comes before the push that shows it.
        #expect(heard.first?.presenceValue?.kind == .subscribed)
        #expect(heard.dropFirst().first?.iqValue != nil)
    }

    @Test("RFC 6121 §3.1.3: A request for one who is away waits for each login until it is answered")
    func aRequestWaitsForTheNextLogin() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.subscription(.subscribe, to: DomainBench.local("bob")), from: alice)
        let bob = try bench.connect("bob")
        #expect(bench.take(bob).contains { $0.presenceValue?.kind == .subscribe })
        bench.handle(.sessionEnded(bob.id))
        let again = try bench.connect("bob")
        #expect(bench.take(again).contains { $0.presenceValue?.kind == .subscribe })
    }

    @Test(
        "RFC 6121 §4.2.3, §4.3.2: Coming and going is seen by who may see it; whoever comes sees who is there"
    )
    func comingAndGoingIsSeenByWhoMaySee() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        self.befriend(&bench, alice, bob)

        bench.handle(.sessionEnded(bob.id))
        #expect(bench.take(alice).map { $0.presenceValue?.kind } == [.unavailable])

        let back = try bench.connect("bob")
        #expect(bench.take(alice).compactMap { $0.presenceValue?.kind } == [.available])
        // Bob's probe is answered with Alice's presence, after his own.
        let seen = bench.take(back).compactMap(\.presenceValue)
        #expect(seen.map(\.from) == [back.address, alice.address])
    }

    @Test("RFC 6121 §4.2.2, §4.5.2: One's other clients see a client come and go, and it sees them")
    func oneSeesOnesOwnOtherClients() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        _ = bench.take(desk)
        let phone = try bench.connect("alice", "phone")
        #expect(bench.take(desk).map(\.from) == [phone.address])
        #expect(bench.take(phone).compactMap(\.presenceValue).map(\.from) == [phone.address, desk.address])
        bench.send(.presence(Presence(to: nil, kind: .unavailable)), from: phone)
        #expect(bench.take(desk).map { $0.presenceValue?.kind } == [.unavailable])
    }

    @Test("RFC 6121 §4.3.2: A stranger's probe is answered alike for an account and for none")
    func strangersLearnNothing() throws {
        var bench = DomainBench()
        _ = try bench.connect("alice")
        for name in ["alice", "nobody"] {
            let probe = self.subscription(.probe, to: DomainBench.local(name), from: self.carol)
            bench.handle(.routed(probe))
        }
        let answers = bench.takeRemote().compactMap(\.presenceValue)
        #expect(answers.map(\.kind) == [.unsubscribed, .unsubscribed])
        #expect(answers.map(\.to) == [self.carol, self.carol])
    }

    @Test("RFC 6121 §3.1.2, §4.3.1: Requests and probes for contacts of other domains go there")
    func subscriptionsCrossDomains() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.subscription(.subscribe, to: self.carol), from: alice)
        #expect(
            bench.takeRemote() == [self.subscription(.subscribe, to: self.carol, from: alice.address.bare)])

        bench.handle(.routed(self.subscription(.subscribed, to: alice.address.bare, from: self.carol)))
        let kinds = bench.take(alice).map { $0.presenceValue?.kind }
        #expect(kinds.contains(.subscribed))

        bench.handle(.sessionEnded(alice.id))
        let back = try bench.connect("alice")
        #expect(bench.takeRemote() == [self.subscription(.probe, to: self.carol, from: back.address)])
    }

    @Test("RFC 6121 §3.3.3: Whoever looks no longer is told 'unavailable', of each client")
    func aSubscriberWhoLeavesIsToldThatWeAreGone() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.handle(.routed(self.subscription(.subscribe, to: alice.address.bare, from: self.carol)))
        bench.send(self.subscription(.subscribed, to: self.carol), from: alice)
        _ = bench.takeRemote()
        bench.handle(.routed(self.subscription(.unsubscribe, to: alice.address.bare, from: self.carol)))
        #expect(bench.takeRemote().map { $0.presenceValue?.kind } == [.unavailable])
    }

    @Test("RFC 6121 §4.6.3: Directed presence ends with the session")
    func directedPresenceEndsWithTheSession() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(.presence(Presence(to: self.carol)), from: alice)
        #expect(bench.takeRemote().map(\.from) == [alice.address])
        bench.handle(.sessionEnded(alice.id))
        #expect(bench.takeRemote().map { $0.presenceValue?.kind } == [.unavailable])
    }

    @Test("RFC 6121 §4.7.2.3: Presence with a priority that is none is refused and changes nothing")
    func aPriorityThatIsNoneIsRefused() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice", priority: nil)
        _ = bench.take(alice)
        var presence = DomainBench.available(0)
        presence.payloads[0].children = [.text("128")]
        bench.send(.presence(presence), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.badRequest])
        #expect(bench.domain.sessions[alice.id]?.isAvailable == false)
    }

    @Test func theServiceIsSeenByItsPeopleUnasked() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.subscription(.subscribe, to: DomainBench.domainAddress), from: alice)
        let heard = bench.take(alice)
        #expect(heard.compactMap { $0.presenceValue?.kind } == [.subscribed, .available])
        #expect(heard.compactMap { $0.presenceValue?.from }.allSatisfy { $0 == DomainBench.domainAddress })
        #expect(bench.takeServed().isEmpty)

        bench.handle(.fromService(.presence(Presence(to: nil))))
        #expect(bench.take(alice).map(\.from) == [DomainBench.domainAddress])
    }

    @Test func theServiceDecidesAboutStrangers() throws {
        var bench = DomainBench()
        let request = self.subscription(.subscribe, to: DomainBench.domainAddress, from: self.carol)
        bench.handle(.routed(request))
        #expect(bench.takeServed() == [request])
        #expect(bench.takeRemote().isEmpty)
        bench.handle(.fromService(self.subscription(.subscribed, to: self.carol)))
        #expect(bench.takeRemote().map { $0.presenceValue?.kind } == [.subscribed, .available])
    }

    @Test func aRosterThatCannotBeWrittenStaysAsItWas() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.isDiskFull = true
        bench.send(self.subscription(.subscribe, to: self.carol), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.internalServerError])
        #expect(bench.takeRemote().isEmpty)
        #expect(bench.domain.rosters[alice.address.bare] == Roster())
    }
}
