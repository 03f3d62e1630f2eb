import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct DomainQueryTests {
    let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    func ask(
        _ request: Element, _ kind: (Element) -> IQ.Body = IQ.Body.get, to: JID? = nil, from: JID? = nil
    ) -> Stanza {
        .iq(IQ(to: to, from: from, id: "q", body: kind(request)))
    }

    func result(_ stanza: Stanza?) -> Element? {
        guard case .result(let element) = stanza?.iqValue?.body else { return nil }
        return element
    }

    func item(_ address: JID, isRemoved: Bool = false) -> Element {
        RosterQuery(
            version: nil,
            items: [
                RosterQuery.Item(address: address, name: "Carol", subscription: isRemoved ? .remove : .none)
            ]
        ).element
    }

    @Test(
        "RFC 6121 §2.3.2, §2.5.2: A roster set is pushed to every client that is interested, then answered; a removal too"
    )
    func aRosterSetIsPushedThenAnswered() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        _ = (bench.take(desk), bench.take(phone))
        bench.send(self.ask(self.item(self.carol.bare), IQ.Body.set), from: desk)
        let heard = bench.take(desk).compactMap(\.iqValue)
        #expect(heard.count == 2)
        #expect(heard.first?.request.map(RosterQuery.matches) == true)
        #expect(heard.last?.id == "q")
        #expect(bench.take(phone).count == 1)

        bench.send(self.ask(self.item(self.carol.bare, isRemoved: true), IQ.Body.set), from: phone)
        let pushed = try #require(bench.take(desk).first?.iqValue?.request)
        #expect(try RosterQuery(parsing: pushed).items.map(\.subscription) == [.remove])
        bench.send(self.ask(self.item(self.carol.bare, isRemoved: true), IQ.Body.set), from: phone)
        #expect(bench.take(phone).last?.errorCondition == .itemNotFound)
    }

    @Test("RFC 6121 §2.6.3: Whoever has the newest version of the roster is told so by an empty answer")
    func aRosterIsSentOnceForEachVersion() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        bench.send(self.ask(self.item(self.carol.bare), IQ.Body.set), from: alice)
        _ = bench.take(alice)
        bench.send(self.ask(RosterQuery(version: "", items: []).element), from: alice)
        let full = try #require(self.result(bench.take(alice).first))
        let roster = try RosterQuery(parsing: full)
        #expect(roster.items.map(\.address) == [self.carol.bare])
        bench.send(self.ask(RosterQuery(version: roster.version, items: []).element), from: alice)
        let answer = bench.take(alice)
        #expect(answer.count == 1)
        #expect(self.result(answer.first) == nil)
    }

    @Test("RFC 6121 §2.3.3: Another's roster is forbidden, and a stranger does not learn that there is one")
    func onesRosterIsOnesOwn() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let query = RosterQuery(version: nil, items: []).element
        bench.send(self.ask(query, to: DomainBench.local("bob")), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.forbidden])
        for name in ["alice", "nobody"] {
            bench.handle(.routed(self.ask(query, to: DomainBench.local(name), from: self.carol)))
        }
        #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable, .serviceUnavailable])
    }

    @Test(
        "RFC 6121 §8.5.2.1.3: What a client asks its account at login, old ways of asking included, is answered"
    )
    func whatAClientAsksAtLoginIsAnswered() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        let session = Element("session", namespace: Namespace.session)
        bench.send(self.ask(session, IQ.Body.set), from: alice)
        bench.send(self.ask(DiscoInfo().element, to: alice.address.bare), from: alice)
        bench.send(self.ask(Element("vCard", namespace: "vcard-temp")), from: alice)
        let answers = bench.take(alice)
        #expect(answers.map(\.errorCondition) == [nil, nil, .itemNotFound])
    }

    @Test("RFC 6120 §13.11: strangers cannot tell by asking who has an account")
    func strangersCannotTellAnAccountFromNone() throws {
        var bench = DomainBench()
        for name in ["alice", "nobody"] {
            for request in [DiscoInfo().element, Ping().element] {
                bench.handle(
                    .routed(self.ask(request, to: DomainBench.local(name), from: self.carol)))
            }
        }
        let conditions = bench.takeRemote().map(\.errorCondition)
        #expect(conditions == Array(repeating: .serviceUnavailable, count: 4))
    }

    @Test(
        "XEP-0030 §3.1, XEP-0092, XEP-0199, XEP-0202: The domain says what it is, its version and time, and answers pings"
    )
    func theDomainAnswersForItself() throws {
        var bench = DomainBench()
        bench.domain.profile = ServiceProfile(
            identities: [ServiceProfile.Identity(category: "automation", type: "command-node")],
            features: ["urn:tradewind:federation:1"],
            items: [ServiceProfile.Item(address: DomainBench.domainAddress, node: "machines")])
        let requests = [
            DiscoInfo().element, DiscoItems().element, Ping().element,
            Element("query", namespace: Namespace.version), Element("time", namespace: Namespace.time),
        ]
        for request in requests {
            bench.handle(.routed(self.ask(request, to: DomainBench.domainAddress, from: self.carol)))
        }
        let answers = bench.takeRemote()
        #expect(answers.count == 5)
        #expect(answers.allSatisfy { $0.errorCondition == nil && $0.to == self.carol })
        let info = try DiscoInfo(parsing: try #require(self.result(answers.first)))
        #expect(info.features.contains("urn:tradewind:federation:1"))
        #expect(info.features == info.features.sorted())
        #expect(info.identities.map(\.category) == ["server", "automation"])
        #expect(bench.served.isEmpty)
    }

    @Test func whatTheServerDoesNotKnowIsTheServices() throws {
        var bench = DomainBench()
        let command = Element("command", namespace: Namespace.commands)
        bench.handle(.routed(self.ask(command, IQ.Body.set, to: DomainBench.domainAddress, from: self.carol)))
        var node = DiscoInfo().element
        node[attribute: "node"] = Namespace.commands
        bench.handle(.routed(self.ask(node, to: DomainBench.domainAddress, from: self.carol)))
        #expect(bench.takeServed().count == 2)
    }
}
