import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Publish-subscribe: each limit at its edge")
struct PubSubLimitTests {
    @Test("Nodes of an account, and feeds in all and of one person")
    func nodes() throws {
        let account = PubSubBench(limits: PubSubLimits(nodesPerAccount: 2))
        try account.create("a")
        try account.create("b")
        #expect(account.error { try $0.create("c") } == "conflict max-nodes-exceeded")
        #expect(account.error { try $0.publish("i", at: "c") } == "conflict max-nodes-exceeded")
        let feeds = PubSubBench(.feeds, limits: PubSubLimits(feeds: 4, feedsReserved: 1, feedsPerCreator: 2))
        var carol = PubSubBench.viewer(try JID("carol@paris.test"))
        carol.mayCreate = true
        for name in ["a", "b"] { try feeds.set(.create(node: name, configuration: nil), by: carol) }
        #expect(
            feeds.error { try $0.set(.create(node: "c", configuration: nil), by: carol) }
                == "conflict max-nodes-exceeded")
        // Who hands a feed over has still made it.
        let eve = try JID("eve@paris.test")
        let entries = [(carol.address, PubSubAffiliation.none), (eve, .owner)].map {
            PubSubAffiliation.Entry(address: $0, affiliation: $1)
        }
        try feeds.own(.affiliations(node: "a", entries), by: carol)
        #expect(
            feeds.error { try $0.set(.create(node: "c", configuration: nil), by: carol) }
                == "conflict max-nodes-exceeded")
        var dave = PubSubBench.viewer(try JID("dave@paris.test"))
        dave.mayCreate = true
        try feeds.set(.create(node: "c", configuration: nil), by: dave)
        #expect(
            feeds.error { try $0.set(.create(node: "d", configuration: nil), by: dave) }
                == "conflict max-nodes-exceeded")
        try feeds.create("d")
        #expect(feeds.error { try $0.create("e") } == "conflict max-nodes-exceeded")
    }

    @Test("Bytes of names")
    func names() throws {
        let bench = PubSubBench(limits: PubSubLimits(nameBytes: 4))
        #expect(bench.error { try $0.create("abcd") } == nil)
        #expect(bench.error { try $0.create("abcde") } == "not-acceptable")
        #expect(bench.error { try $0.publish("abcd", at: "abcd") } == nil)
        #expect(bench.error { try $0.publish("abcde", at: "abcd") } == "not-acceptable")
    }

    @Test("Subscriptions of a node and of a person")
    func subscriptions() throws {
        let limits = PubSubLimits(subscriptionsPerNode: 2, subscriptionsPerSubscriber: 1)
        let bench = PubSubBench(limits: limits)
        for name in ["a", "b"] { try bench.create(name, ["access_model": "open"]) }
        func subscribe(_ text: String, _ node: String) throws -> String? {
            let address = try JID(text)
            return bench.error {
                try $0.set(
                    .subscribe(node: node, address: address, options: nil), by: PubSubBench.viewer(address))
            }
        }
        #expect(try subscribe("a@x.test", "a") == nil)
        #expect(try subscribe("a@x.test", "b") == "policy-violation too-many-subscriptions")
        #expect(try subscribe("a@x.test/r", "a") == "policy-violation too-many-subscriptions")
        #expect(try subscribe("b@x.test", "a") == nil)
        #expect(try subscribe("c@x.test", "a") == "policy-violation too-many-subscriptions")
        #expect(try subscribe("b@x.test", "a") == nil)
        // An owner adds people within the same limits.
        let person = DomainBench.local("carol")
        func add(_ node: String) -> String? {
            let entry = PubSubSubscription(address: person, state: .subscribed)
            return bench.error { try $0.own(.subscriptions(node: node, [entry])) }
        }
        #expect(add("a") == "policy-violation too-many-subscriptions")
        #expect(add("b") == nil)
        try bench.create("c")
        #expect(add("c") == "policy-violation too-many-subscriptions")
    }

    @Test("What the feeds of one person, of all people, and of all with the domain's service cost")
    func feedCost() throws {
        let one = 36 + 2 * PubSubLimits.elementCost
        let bench = PubSubBench(
            .feeds,
            limits: PubSubLimits(bytesPerOwner: 2 * one, feedBytes: 5 * one, feedBytesReserved: 2 * one))
        func person(_ name: String) throws -> PubSubViewer {
            var viewer = PubSubBench.viewer(try JID("\(name)@paris.test"))
            viewer.mayCreate = true
            return viewer
        }
        let (carol, dave) = (try person("carol"), try person("dave"))
        for (node, viewer) in [("c", carol), ("d", dave)] {
            try bench.set(.create(node: node, configuration: nil), by: viewer)
            try bench.publish("a", at: node, by: viewer)
        }
        #expect(bench.error { try $0.publish("b", at: "c", by: carol) } == nil)
        #expect(bench.error { try $0.publish("c", at: "c", by: carol) } == "resource-constraint")
        // All people together have three, whoever has room left.
        #expect(bench.error { try $0.publish("b", at: "d", by: dave) } == "resource-constraint")
        #expect(bench.error { try $0.publish("a", at: "own") } == nil)
        #expect(bench.error { try $0.publish("b", at: "own") } == nil)
        #expect(bench.error { try $0.publish("c", at: "own") } == "resource-constraint")
    }

    @Test("Items of a node: the configuration takes up to the limit, and the oldest goes")
    func itemsPerNode() throws {
        let bench = PubSubBench(limits: PubSubLimits(itemsPerNode: 2))
        #expect(bench.error { try $0.create("n", ["max_items": "3"]) } == "not-acceptable")
        try bench.create("n", ["max_items": "2"])
        for id in ["a", "b", "c"] { try bench.publish(id, at: "n") }
        guard case .items(_, let items, _, _) = try bench.get(.items(node: "n", [], most: nil, page: nil))
        else {
            Issue.record("no items")
            return
        }
        #expect(items.compactMap(\.id) == ["b", "c"])
    }

    @Test("People whose changes are counted: while as many are busy, one more has to wait")
    func watchedPublishers() throws {
        let limits = PubSubLimits(
            changes: FloodGate.Rate(burst: 1, every: .seconds(1)), watchedPublishers: 2)
        var table = PubSubTable(limits: limits)
        let people = try ["a@x.test", "b@x.test", "c@x.test"].map { try JID($0) }
        let (begin, later) = (
            Instant(millisecondsSinceEpoch: 0), Instant(millisecondsSinceEpoch: 1_000)
        )
        #expect(people.map { table.changes.admits($0, at: begin) } == [true, true, false])
        #expect(table.changes.admits(people[2], at: later) == true)
    }

    @Test("What an owner's items cost in memory, tags and attributes too")
    func cost() throws {
        // Each item costs 36 bytes of XML, and 128 for its element and for its text.
        let one = 36 + 2 * PubSubLimits.elementCost
        let bench = PubSubBench(limits: PubSubLimits(bytesPerOwner: 2 * one))
        try bench.create("n", ["max_items": "max"])
        try bench.publish("a")
        try bench.publish("b")
        #expect(bench.error { try $0.publish("c") } == "resource-constraint")
        #expect(bench.error { try $0.publish("a") } == nil)
        try bench.set(.retract(node: "n", [PubSubItem(id: "a")], notifies: false))
        #expect(bench.error { try $0.publish("c") } == nil)
    }

    @Test("Bytes of an answer: the rest is on the next page")
    func answers() throws {
        let one = 36 + 2 * PubSubLimits.elementCost
        let bench = PubSubBench(limits: PubSubLimits(answerBytes: 2 * one))
        try bench.create("n", ["max_items": "max"])
        for id in ["a", "b", "c"] { try bench.publish(id) }
        guard
            case .items(_, let items, _, .some(let page)) = try bench.get(
                .items(node: "n", [], most: nil, page: nil))
        else {
            Issue.record("the answer does not say that it was cut")
            return
        }
        #expect(items.compactMap(\.id) == ["b", "c"])
        #expect(page.count == 3)
        #expect(page.first == .init(id: "b", index: 1))
        #expect(try bench.ids(page: ResultSet()) == ["a", "b"])
        #expect(try bench.ids(page: ResultSet(.after("b"))) == ["c"])
    }
}
