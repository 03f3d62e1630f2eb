import Cryptography
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct FeatureTableTests {
    static let namespace = "urn:example:weather"
    static let question = Element("weather", namespace: namespace)
    let stranger = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    static func weather(for audience: DomainFeature.Audience) -> DomainFeature {
        var feature = DomainFeature("weather")
        feature.accountFeatures = [Self.namespace]
        feature.accountIdentities = [DiscoInfo.Identity(category: "weather", type: "local")]
        feature.domainFeatures = [Self.namespace + ":domain"]
        feature.accountQueries = [
            QueryName(.get, "weather", Self.namespace): DomainFeature.AccountQuery(for: audience) {
                $0.answer($1, .result(Element("rain", namespace: Self.namespace)))
            }
        ]
        feature.domainQueries = [
            QueryName(.get, "weather", Self.namespace): { $0.answer($1, .result(nil)) },
            QueryName(.set, "weather", Self.namespace): { _, _ in nil },
        ]
        feature.accountItems = { _, request, node in
            node == nil || node == "rain" ? [DiscoItems.Item(address: request.account, node: "rain")] : nil
        }
        feature.accountNode = { _, _, node in node == "rain" ? DiscoInfo(features: ["wet"]) : nil }
        return feature
    }

    func bench(_ audience: DomainFeature.Audience = .viewers) -> DomainBench {
        DomainBench(features: DomainFeature.all + [Self.weather(for: audience)])
    }

    func get(_ query: Element, to: JID? = nil, from: JID? = nil) -> Stanza {
        .iq(IQ(to: to, from: from, id: "q", body: .get(query)))
    }

    func result(_ stanza: Stanza?) throws -> Element {
        guard case .result(.some(let element)) = stanza?.iqValue?.body else {
            throw PayloadError("no result: \(String(describing: stanza))")
        }
        return element
    }

    @Test("A feature answers those who may ask, all others hear nothing of the account")
    func audience() throws {
        let expected:
            [(DomainFeature.Audience, stranger: StanzaError.Condition?, colleague: StanzaError.Condition?)] =
                [
                    (.owner, .serviceUnavailable, .forbidden),
                    (.viewers, .serviceUnavailable, .serviceUnavailable),
                    (.anyone, nil, nil),
                ]
        for (audience, stranger, colleague) in expected {
            var bench = self.bench(audience)
            let alice = try bench.connect("alice")
            let bob = try bench.connect("bob")
            _ = (bench.take(alice), bench.take(bob))
            bench.send(self.get(Self.question), from: alice)
            bench.send(self.get(Self.question, to: alice.address.bare), from: alice)
            #expect(bench.take(alice).map(\.errorCondition) == [nil, nil])
            bench.send(self.get(Self.question, to: alice.address.bare), from: bob)
            #expect(bench.take(bob).map(\.errorCondition) == [colleague])
            bench.handle(.routed(self.get(Self.question, to: alice.address.bare, from: self.stranger)))
            #expect(bench.takeRemote().map(\.errorCondition) == [stranger])
        }
    }

    @Test("What the domain is asked goes to the feature, and to the local service if the feature passes")
    func domainQueries() throws {
        var bench = self.bench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(Self.question, to: DomainBench.domainAddress), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [nil])
        bench.send(
            .iq(IQ(to: DomainBench.domainAddress, id: "s", body: .set(Self.question))), from: alice)
        #expect(bench.takeServed().count == 1)
    }

    @Test("What features announce is gathered from them")
    func announcements() throws {
        var bench = self.bench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(DiscoInfo().element), from: alice)
        let account = try DiscoInfo(parsing: try self.result(bench.take(alice).first))
        #expect(account.features.contains(Self.namespace))
        #expect(account.features == account.features.sorted())
        #expect(account.identities.map(\.category) == ["account", "pubsub", "weather"])
        #expect(bench.domain.info.features.contains(Self.namespace + ":domain"))
        let offered = FeatureTable().streamFeatures
        #expect(offered.contains(.rosterVersioning))
        #expect(offered.contains(.preApproval))
        #expect(offered.first == .bind)
    }

    @Test("XEP-0115 §6.3: what the domain can do is on the stream, by a hash that its answer fits")
    func capabilities() throws {
        var bench = self.bench()
        let alice = try bench.connect("alice")
        for name in ["Tradewind", "Other"] {
            bench.domain.profile = ServiceProfile(softwareName: name)
            let offered = bench.domain.streamFeatures.compactMap { feature -> EntityCapabilities? in
                if case .capabilities(let capabilities) = feature { capabilities } else { nil }
            }
            let capabilities = try #require(offered.first)
            #expect(offered.count == 1)
            _ = bench.take(alice)
            let question = DiscoInfo(node: capabilities.discoveryNode)
            bench.send(
                .iq(IQ(to: DomainBench.domainAddress, id: "c", body: .get(question.element))), from: alice)
            let info = try DiscoInfo(parsing: try self.result(bench.take(alice).first))
            #expect(info.node == capabilities.discoveryNode)
            #expect(info.verificationString(by: .sha1) == capabilities.version)
        }
    }

    @Test("XEP-0030 §4.2, §3.2: Nodes of an account are described by the feature that has them")
    func nodes() throws {
        var bench = self.bench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(DiscoItems().element), from: alice)
        bench.send(self.get(DiscoItems(node: "rain").element), from: alice)
        bench.send(self.get(DiscoInfo(node: "rain").element), from: alice)
        let answers = bench.take(alice)
        #expect(try DiscoItems(parsing: try self.result(answers[0])).items.map(\.node) == ["rain"])
        #expect(try DiscoItems(parsing: try self.result(answers[1])).node == "rain")
        #expect(
            try DiscoInfo(parsing: try self.result(answers[2])) == DiscoInfo(node: "rain", features: ["wet"]))
        bench.send(self.get(DiscoItems(node: "sun").element), from: alice)
        bench.send(self.get(DiscoInfo(node: "sun").element), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.itemNotFound, .itemNotFound])
    }

    @Test("Attack: the server as a relay. It announces none, and answers no request for one")
    func noRelays() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let relays = ["http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/ibb"]
        for relay in relays {
            #expect(!bench.domain.info.features.contains(relay))
            _ = bench.take(alice)
            bench.send(
                .iq(IQ(to: nil, id: "r", body: .get(Element("query", namespace: relay)))), from: alice)
            #expect(bench.take(alice).map(\.errorCondition) == [.serviceUnavailable])
        }
    }

    @Test("Two features may not claim the same request")
    func conflict() async {
        await #expect(processExitsWith: .failure) {
            _ = FeatureTable([Self.weather(for: .owner), Self.weather(for: .owner)])
        }
    }

    @Test("A service with a domain of its own gets what is for that domain, and is listed")
    func hostedService() throws {
        var bench = self.bench()
        bench.domain.host(
            HostedService(name: "Echo") { domain, stanza, _ in
                .done(domain.refuse(stanza, StanzaError(.itemNotFound)))
            }, at: "echo.paris.test")
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(Self.question, to: try JID("room@echo.paris.test/nick")), from: alice)
        let answer = bench.take(alice)
        #expect(answer.map(\.errorCondition) == [.itemNotFound])
        #expect(answer.first?.from?.description == "room@echo.paris.test/nick")
        bench.send(self.get(Self.question, to: try JID("other.paris.test")), from: alice)
        #expect(bench.takeRemote().count == 1)
        bench.send(self.get(DiscoItems().element, to: DomainBench.domainAddress), from: alice)
        let items = try DiscoItems(parsing: try self.result(bench.take(alice).first)).items
        #expect(items.map(\.address.description) == ["echo.paris.test"])
    }

    @Test("XEP-0359 §5: Ids in the name of this domain are taken out, others stay")
    func forgedStanzaIDs() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = (bench.take(alice), bench.take(bob))
        let authors = [
            "bob@paris.test", "paris.test", "alice@paris.test", "room@rooms.paris.test", "not an @ address",
        ]
        let ids = authors.map { author in
            Element("stanza-id", namespace: Namespace.stanzaIDs, ["id": "1", "by": author])
        }
        var message = Message(to: bob.address.bare, id: "m", body: "hello")
        message.payloads += ids
        bench.send(.message(message), from: alice)
        message.from = self.stranger
        bench.handle(.routed(.message(message)))
        let heard = bench.take(bob).compactMap(\.messageValue)
        #expect(heard.count == 2)
        for message in heard {
            #expect(
                message.payloads.compactMap { $0[attribute: "by"] } == ["room@rooms.paris.test"])
        }
        message.to = self.stranger
        bench.send(.message(message), from: alice)
        #expect(bench.takeRemote().compactMap(\.messageValue).first?.payloads.count == 2)
    }
}
