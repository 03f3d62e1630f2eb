import CloudModel
import Cryptography
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Nodes of accounts, and feeds, in a domain")
struct DomainPubSubTests {
    static let node = "urn:xmpp:avatar:metadata"
    static let feeds = JID(preparedLocal: nil, domain: "feeds.paris.test", resource: nil)

    static func bench() -> DomainBench {
        var bench = DomainBench(accounts: ["alice", "bob", "carol"])
        bench.domain.pubSub.openFeeds(at: Self.feeds, of: DomainBench.domainAddress)
        bench.domain.host(.feeds, at: Self.feeds.domain)
        return bench
    }

    static func info(_ nodes: [String]) -> DiscoInfo {
        DiscoInfo(
            identities: [.init(category: "client", type: "pc")], features: nodes.map { $0 + "+notify" })
    }

    static func presence(_ nodes: [String]) -> Stanza {
        let version = Self.info(nodes).verificationString(by: .sha1) ?? ""
        let capabilities = EntityCapabilities(hash: "sha-1", node: "urn:example", version: version)
        return .presence(Presence(to: nil, payloads: [capabilities.element]))
    }

    /// Logs in with capabilities, and answers the question what lies behind them if it is asked.
    static func connect(
        _ bench: inout DomainBench, _ name: String, wants nodes: [String]
    ) throws -> ClientSession {
        let session = try bench.connect(name, priority: nil)
        bench.send(Self.presence(nodes), from: session)
        Self.explain(&bench, session, nodes)
        return session
    }

    static func explain(_ bench: inout DomainBench, _ session: ClientSession, _ nodes: [String]) {
        for case .iq(let iq) in bench.take(session) {
            guard case .get(let request) = iq.body, DiscoInfo.matches(request) else { continue }
            bench.send(.iq(iq.reply(.result(Self.info(nodes).element))), from: session)
        }
    }

    static func befriend(_ bench: inout DomainBench, _ one: ClientSession, _ other: ClientSession) {
        for (owner, contact) in [(one, other), (other, one)] {
            bench.send(.presence(Presence(to: contact.address.bare, kind: .subscribe)), from: owner)
            bench.send(.presence(Presence(to: owner.address.bare, kind: .subscribed)), from: contact)
        }
    }

    static func publish(
        _ bench: inout DomainBench, _ session: ClientSession, _ id: String, at node: String = Self.node,
        to: JID? = nil, _ options: KeyValuePairs<String, String> = [:]
    ) -> Stanza? {
        let form = options.isEmpty ? nil : PubSubBench.options(options)
        let request = PubSub(.publish(node: node, [PubSubBench.item(id)], options: form))
        bench.send(.iq(IQ(to: to, id: "publish-\(id)", body: .set(request.element))), from: session)
        return bench.take(session).last { $0.iqValue?.id == "publish-\(id)" }
    }

    /// The ids of the items that the session has been told of since the last call, as `from node id`.
    static func events(_ bench: inout DomainBench, _ session: ClientSession) throws -> [String] {
        try bench.take(session).compactMap(\.messageValue).flatMap { message -> [String] in
            guard let event = try message.payloads.first(PubSubEvent.self) else { return [] }
            let from = message.from?.description ?? ""
            switch event.content {
            case .items(let node, let items): return items.map { "\(from) \(node) \($0.id ?? "")" }
            case .retracted(let node, let ids): return ids.map { "\(from) \(node) -\($0)" }
            case .purged, .deleted, .configured, .subscription: return ["\(from) other"]
            }
        }
    }

    @Test("XEP-0163 §4.3, XEP-0084: contacts that want to know of an avatar are told, the others not")
    func filteredNotifications() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        let bob = try Self.connect(&bench, "bob", wants: [Self.node])
        let carol = try Self.connect(&bench, "carol", wants: [Self.node])
        Self.befriend(&bench, alice, bob)
        // Presence that reaches the friend's server is what makes somebody known there.
        bench.send(Self.presence([Self.node]), from: bob)
        for session in [alice, bob, carol] { _ = bench.take(session) }
        let answer = Self.publish(&bench, alice, "one")
        #expect(answer?.errorCondition == nil)
        #expect(try Self.events(&bench, bob) == ["alice@paris.test \(Self.node) one"])
        #expect(try Self.events(&bench, carol).isEmpty)
        #expect(try Self.events(&bench, alice).isEmpty)
        _ = Self.publish(&bench, alice, "two", at: "urn:example:other")
        #expect(try Self.events(&bench, bob).isEmpty)
        bench.handle(.sessionEnded(bob.id))
        #expect(
            bench.domain.pubSub.capabilities.listeners(to: alice.address.bare, node: Self.node).isEmpty)
    }

    @Test("XEP-0163 §4.3.4: who comes is told of the last item, once")
    func lastItemOnPresence() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        _ = Self.publish(&bench, alice, "one")
        let phone = try bench.connect("alice", "phone", priority: nil)
        bench.send(Self.presence([Self.node]), from: phone)
        let question = try #require(
            bench.take(phone).compactMap(\.iqValue).first { $0.request.map(DiscoInfo.matches) ?? false })
        #expect(question.from == alice.address.bare)
        bench.send(.iq(question.reply(.result(Self.info([Self.node]).element))), from: phone)
        #expect(try Self.events(&bench, phone) == ["alice@paris.test \(Self.node) one"])
        bench.send(Self.presence([Self.node]), from: phone)
        #expect(try Self.events(&bench, phone).isEmpty)
        // What was verified once is known for the next, who is told at once.
        let tablet = try bench.connect("alice", "tablet", priority: nil)
        bench.send(Self.presence([Self.node]), from: tablet)
        #expect(try Self.events(&bench, tablet) == ["alice@paris.test \(Self.node) one"])
    }

    @Test("XEP-0115 §8.1: an answer by somebody else than was asked is passed on and believed by nobody")
    func foreignAnswers() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        let bob = try bench.connect("bob", priority: nil)
        bench.send(Self.presence([Self.node]), from: bob)
        let question = try #require(bench.take(bob).compactMap(\.iqValue).first { $0.request != nil })
        let forged = IQ(
            to: bob.address.bare, id: question.id, body: .result(Self.info([Self.node]).element))
        bench.send(.iq(forged), from: alice)
        // Alice's own are known; Bob's are not.
        #expect(bench.domain.pubSub.capabilities.count == 1)
        bench.send(.iq(question.reply(.result(Self.info([Self.node]).element))), from: bob)
        #expect(bench.domain.pubSub.capabilities.count == 2)
    }

    @Test("XEP-0223 §4, XEP-0402 §3: private nodes are their owner's, and published only if they are private")
    func privateNodes() throws {
        var bench = Self.bench()
        let bookmarks = "urn:xmpp:bookmarks:1"
        let alice = try Self.connect(&bench, "alice", wants: [bookmarks])
        let bob = try Self.connect(&bench, "bob", wants: [bookmarks])
        Self.befriend(&bench, alice, bob)
        bench.send(Self.presence([bookmarks]), from: bob)
        let options: KeyValuePairs = [
            "persist_items": "true", "max_items": "max", "send_last_published_item": "never",
            "access_model": "whitelist",
        ]
        for session in [alice, bob] { _ = bench.take(session) }
        let request = PubSub(
            .publish(
                node: bookmarks, [PubSubBench.item("room@x.test")], options: PubSubBench.options(options)))
        bench.send(.iq(IQ(to: nil, id: "p", body: .set(request.element))), from: alice)
        #expect(try Self.events(&bench, alice) == ["alice@paris.test \(bookmarks) room@x.test"])
        #expect(try Self.events(&bench, bob).isEmpty)
        let read = PubSub(.items(node: bookmarks, [], most: nil, page: nil))
        bench.send(.iq(IQ(to: alice.address.bare, id: "r", body: .get(read.element))), from: bob)
        #expect(bench.take(bob).last?.errorCondition == .notAllowed)
        // A node that is open is not published at by mistake.
        _ = Self.publish(&bench, alice, "x", at: "open", ["access_model": "open"])
        let mistaken = Self.publish(&bench, alice, "y", at: "open", ["access_model": "whitelist"])
        #expect(mistaken?.errorCondition == .conflict)
    }

    @Test("XEP-0191 §3.3, XEP-0163 §4.3: one who is blocked is told of nothing, until he is no longer")
    func blockedListeners() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        let bob = try Self.connect(&bench, "bob", wants: [Self.node])
        Self.befriend(&bench, alice, bob)
        bench.send(Self.presence([Self.node]), from: bob)
        let subscribed = PubSub(.subscribe(node: "n", address: bob.address.bare, options: nil))
        _ = Self.publish(&bench, alice, "zero", at: "n")
        bench.send(
            .iq(IQ(to: alice.address.bare, id: "s", body: .set(subscribed.element))), from: bob)
        bench.send(
            .iq(IQ(to: nil, id: "b", body: .set(Block([bob.address.bare]).element))), from: alice)
        _ = bench.take(bob)
        for node in [Self.node, "n"] { _ = Self.publish(&bench, alice, "one", at: node) }
        #expect(try Self.events(&bench, bob).isEmpty)
        #expect(
            bench.domain.pubSub.capabilities.listeners(to: alice.address.bare, node: Self.node).isEmpty)
        bench.send(Self.presence([Self.node]), from: bob)
        #expect(try Self.events(&bench, bob).isEmpty)
        // His presence is asked for again, and says what he wants.
        bench.send(
            .iq(IQ(to: nil, id: "u", body: .set(Unblock([bob.address.bare]).element))), from: alice)
        #expect(try Self.events(&bench, bob) == ["alice@paris.test \(Self.node) one"])
        for node in [Self.node, "n"] { _ = Self.publish(&bench, alice, "two", at: node) }
        #expect(
            try Self.events(&bench, bob)
                == ["alice@paris.test \(Self.node) two", "alice@paris.test n two"])
    }

    @Test("Who changes nodes too often has to wait; the domain's own service has not")
    func rate() throws {
        var bench = Self.bench()
        bench.domain.pubSub.changes = FloodGate(.init(burst: 2, every: .milliseconds(100)), senders: 1)
        let alice = try Self.connect(&bench, "alice", wants: [])
        func publish(_ session: ClientSession) -> StanzaError.Condition? {
            Self.publish(&bench, session, "x", at: "news", to: Self.feeds)?.errorCondition
        }
        #expect([publish(alice), publish(alice), publish(alice)] == [nil, nil, .policyViolation])
        bench.now = bench.now.advanced(by: .milliseconds(100))
        #expect([publish(alice), publish(alice)] == [nil, .policyViolation])
        // Reading is not changing, and nobody else is held up when the count of people has its end.
        let bob = try Self.connect(&bench, "bob", wants: [])
        #expect(publish(bob) == .policyViolation)
        bench.now = bench.now.advanced(by: .seconds(10))
        #expect(publish(bob) == .forbidden)
        for number in 1...5 {
            let request = PubSub(.publish(node: "own", [PubSubBench.item("\(number)")], options: nil))
            bench.handle(
                .fromService(.iq(IQ(to: Self.feeds, id: "p\(number)", body: .set(request.element)))))
        }
        #expect(bench.domain.pubSub.services[Self.feeds]?.nodes["own"]?.items.count == 5)
    }

    @Test(
        "RFC 6120 §13.11: strangers cannot tell by nodes who has an account, unless something is published for them"
    )
    func strangers() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        func ask(_ name: String) -> StanzaError.Condition? {
            let read = PubSub(.items(node: "open", [], most: nil, page: nil))
            bench.handle(
                .routed(
                    .iq(
                        IQ(
                            to: DomainBench.local(name),
                            from: JID(preparedLocal: "eve", domain: "x.test", resource: "r"),
                            id: "i", body: .get(read.element)))))
            return bench.takeRemote().last?.errorCondition
        }
        #expect(ask("alice") == .serviceUnavailable)
        #expect(ask("nobody") == .serviceUnavailable)
        _ = Self.publish(&bench, alice, "hidden")
        #expect(ask("alice") == .serviceUnavailable)
        _ = Self.publish(&bench, alice, "shown", at: "open", ["access_model": "open"])
        #expect(ask("alice") == nil)
    }

    @Test("XEP-0060 §5: feeds and nodes are found by service discovery, as far as one may see them")
    func discovery() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        let bob = try Self.connect(&bench, "bob", wants: [])
        func ask(_ request: Element, _ to: JID?, by session: ClientSession) -> Element? {
            _ = bench.take(session)
            bench.send(.iq(IQ(to: to, id: "d", body: .get(request))), from: session)
            return bench.take(session).last?.iqValue?.result
        }
        let info = try DiscoInfo(parsing: try #require(ask(DiscoInfo().element, Self.feeds, by: bob)))
        #expect(info.identities.map(\.category) == ["pubsub"])
        #expect(info.identities.map(\.type) == ["service"])
        #expect(info.features.contains("\(Namespace.pubSub)#create-nodes"))
        let own = try DiscoInfo(parsing: try #require(ask(DiscoInfo().element, nil, by: alice)))
        #expect(own.identities.contains(.init(category: "pubsub", type: "pep")))
        _ = Self.publish(&bench, alice, "x", at: "secret", to: Self.feeds, ["access_model": "whitelist"])
        _ = Self.publish(&bench, alice, "x", at: "shown", to: Self.feeds, ["access_model": "open"])
        let seen = try DiscoItems(parsing: try #require(ask(DiscoItems().element, Self.feeds, by: bob)))
        #expect(seen.items.map(\.node) == ["shown"])
        let leaf = try DiscoInfo(
            parsing: try #require(ask(DiscoInfo(node: "shown").element, Self.feeds, by: bob)))
        #expect(leaf.identities == [.init(category: "pubsub", type: "leaf")])
        #expect(leaf.forms.first?.formType == Namespace.pubSubMetadata)
        #expect(ask(DiscoInfo(node: "secret").element, Self.feeds, by: bob) == nil)
        let domain = try DiscoItems(
            parsing: try #require(ask(DiscoItems().element, DomainBench.domainAddress, by: bob)))
        #expect(domain.items.contains { $0.address == Self.feeds })
    }

    @Test("XEP-0060 §7.1.2: subscribers of a feed are told, here and elsewhere; a full disk changes nothing")
    func feedEvents() throws {
        var bench = Self.bench()
        let alice = try Self.connect(&bench, "alice", wants: [])
        let bob = try Self.connect(&bench, "bob", wants: [])
        _ = Self.publish(&bench, alice, "one", at: "news", to: Self.feeds)
        let remote = JID(preparedLocal: "eve", domain: "rome.test", resource: nil)
        for (subscriber, session) in [(bob.address.bare, Optional(bob)), (remote, nil)] {
            let request = IQ(
                to: Self.feeds, from: subscriber, id: "s",
                body: .set(PubSub(.subscribe(node: "news", address: subscriber, options: nil)).element))
            if let session {
                bench.send(.iq(request), from: session)
            } else {
                bench.handle(.routed(.iq(request)))
            }
        }
        // The last item comes with the subscription.
        #expect(try Self.events(&bench, bob) == ["feeds.paris.test news one"])
        _ = bench.takeRemote()
        _ = Self.publish(&bench, alice, "two", at: "news", to: Self.feeds)
        #expect(try Self.events(&bench, bob) == ["feeds.paris.test news two"])
        #expect(bench.takeRemote().compactMap(\.messageValue).map(\.to) == [remote])
        bench.isDiskFull = true
        let failed = Self.publish(&bench, alice, "three", at: "news", to: Self.feeds)
        #expect(failed?.errorCondition == .internalServerError)
        #expect(try Self.events(&bench, bob).isEmpty)
        #expect(bench.domain.pubSub.services[Self.feeds]?.nodes["news"]?.items.map(\.id) == ["one", "two"])
    }
}
