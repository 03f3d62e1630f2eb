import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

/// A service and what its requests came to, for tests that read like XEP-0060.
final class PubSubBench {
    static let owner = DomainBench.local("alice")
    static let bob = JID(preparedLocal: "bob", domain: "rome.test", resource: "desk")

    var service: PubSubService
    var changes: [PubSubChange] = []
    var notices: [PubSubNotice] = []

    init(_ kind: PubSubService.Kind = .personal, limits: PubSubLimits = PubSubLimits()) {
        self.service = PubSubService(address: Self.owner, kind: kind, master: Self.owner, limits: limits)
    }

    static var master: PubSubViewer {
        PubSubViewer(Self.owner.appending(resource: "desk"), seesPresence: true, mayCreate: true)
    }

    static func viewer(_ address: JID = PubSubBench.bob, seesPresence: Bool = false) -> PubSubViewer {
        PubSubViewer(address, seesPresence: seesPresence)
    }

    @discardableResult
    func set(_ content: PubSub.Content, by viewer: PubSubViewer = PubSubBench.master) throws -> Element? {
        try self.run { service throws(StanzaError) in
            try service.handle(
                PubSub(content), isSet: true, from: viewer, at: Instant(millisecondsSinceEpoch: 1))
        }
    }

    func get(
        _ content: PubSub.Content, by viewer: PubSubViewer = PubSubBench.master
    ) throws -> PubSub.Content {
        let answer = try self.run { service throws(StanzaError) in
            try service.handle(
                PubSub(content), isSet: false, from: viewer, at: Instant(millisecondsSinceEpoch: 1))
        }
        return try PubSub(parsing: try #require(answer)).content
    }

    @discardableResult
    func own(
        _ content: PubSubOwner.Content, isSet: Bool = true, by viewer: PubSubViewer = PubSubBench.master
    ) throws -> Element? {
        try self.run { service throws(StanzaError) in
            try service.handle(PubSubOwner(content), isSet: isSet, from: viewer)
        }
    }

    private func run(
        _ body: (inout PubSubService) throws(StanzaError) -> PubSubOutcome
    ) throws -> Element? {
        // As the shell does it: nothing of a request that fails stays.
        var draft = self.service
        let outcome = try body(&draft)
        self.service = draft
        self.changes += outcome.changes
        self.notices += outcome.notices
        return outcome.answer
    }

    /// The error a request ends with: its condition and the one of publish-subscribe beside it.
    func error(_ body: (PubSubBench) throws -> Void) -> String? {
        let before = self.service
        do {
            try body(self)
            return nil
        } catch let error as StanzaError {
            #expect(self.service == before)
            let detail = error.detail
            let feature = detail?[attribute: "feature"].map { " " + $0 } ?? ""
            return error.condition.rawValue + (detail.map { " " + $0.name + feature } ?? "")
        } catch {
            return "\(error)"
        }
    }

    static func form(
        _ fields: KeyValuePairs<String, String>, type: String = Namespace.pubSubNodeConfiguration
    )
        -> DataForm
    {
        DataForm(
            .submit,
            fields: [.init(DataForm.formTypeField, .hidden, values: [type])]
                + fields.map { .init("pubsub#\($0)", values: [$1]) })
    }

    static func options(_ fields: KeyValuePairs<String, String>) -> DataForm {
        Self.form(fields, type: Namespace.pubSubPublishOptions)
    }

    static func item(_ id: String?, _ text: String = "x") -> PubSubItem {
        PubSubItem(id: id, payloads: [Element("entry", namespace: "urn:example", text: text)])
    }

    func create(_ node: String, _ fields: KeyValuePairs<String, String> = [:]) throws {
        try self.set(.create(node: node, configuration: Self.form(fields)))
    }

    func publish(_ id: String?, at node: String = "n", by viewer: PubSubViewer = PubSubBench.master) throws {
        try self.set(.publish(node: node, [Self.item(id)], options: nil), by: viewer)
    }

    func ids(at node: String = "n", most: Int? = nil, page: ResultSet? = nil) throws -> [String] {
        guard
            case .items(_, let items, _, _) = try self.get(
                .items(node: node, [], most: most, page: page))
        else { return [] }
        return items.compactMap(\.id)
    }
}

@Suite("Publish-subscribe: subscribing and reading (XEP-0060 §5, §6)")
struct PubSubSubscriberTests {
    @Test("XEP-0060 §6.1.3: who is refused a subscription, and how")
    func refusedSubscriptions() throws {
        let bench = PubSubBench()
        try bench.create("open", ["access_model": "open"])
        try bench.create("presence", ["access_model": "presence"])
        try bench.create("roster", ["access_model": "roster", "roster_groups_allowed": "friends"])
        try bench.create("white", ["access_model": "whitelist"])
        let bob = PubSubBench.bob
        func error(_ node: String?, _ address: JID?, _ viewer: PubSubViewer = PubSubBench.viewer()) -> String?
        {
            bench.error { try $0.set(.subscribe(node: node, address: address, options: nil), by: viewer) }
        }
        #expect(error("open", try JID("eve@rome.test")) == "bad-request invalid-jid")
        #expect(error("open", nil) == "bad-request invalid-jid")
        #expect(error(nil, bob) == "bad-request nodeid-required")
        #expect(error("none", bob) == "item-not-found")
        #expect(error("presence", bob) == "not-authorized presence-subscription-required")
        #expect(error("roster", bob) == "not-authorized not-in-roster-group")
        #expect(error("white", bob) == "not-allowed closed-node")
        #expect(error("presence", bob, PubSubBench.viewer(seesPresence: true)) == nil)
        var friend = PubSubBench.viewer(seesPresence: true)
        friend.rosterGroups = ["friends"]
        #expect(error("roster", bob, friend) == nil)
        try bench.own(
            .affiliations(node: "white", [.init(address: bob.bare, affiliation: .member)]))
        #expect(error("white", bob) == nil)
        for (affiliation, node) in [(PubSubAffiliation.outcast, "open"), (.publishOnly, "white")] {
            try bench.own(.affiliations(node: node, [.init(address: bob.bare, affiliation: affiliation)]))
            #expect(error(node, bob) == "forbidden")
        }
    }

    @Test("XEP-0060 §6.1, §6.2: subscribing, again, with the last item, and no more")
    func subscribing() throws {
        let bench = PubSubBench()
        try bench.create("n", ["access_model": "open"])
        try bench.publish("a")
        let (bob, viewer) = (PubSubBench.bob.bare, PubSubBench.viewer())
        bench.notices = []
        let answer = try bench.set(.subscribe(node: "n", address: bob, options: nil), by: viewer)
        let subscription = PubSubSubscription(node: "n", address: bob, state: .subscribed)
        #expect(try PubSub(parsing: try #require(answer)).content == .subscription(subscription))
        #expect(bench.notices.count == 1)
        try bench.set(.subscribe(node: "n", address: bob, options: nil), by: viewer)
        #expect(bench.notices.count == 1)
        #expect(
            try bench.get(.subscriptions(node: nil, []), by: viewer)
                == .subscriptions(node: nil, [subscription]))
        #expect(
            bench.error { try $0.set(.unsubscribe(node: "n", address: PubSubBench.bob), by: viewer) }
                == "unexpected-request not-subscribed")
        #expect(
            bench.error {
                try $0.set(
                    .unsubscribe(node: "n", address: bob), by: PubSubBench.viewer(try JID("eve@x.test")))
            } == "forbidden")
        #expect(bench.error { try $0.set(.unsubscribe(node: "x", address: bob)) } == "item-not-found")
        try bench.set(.unsubscribe(node: "n", address: bob), by: viewer)
        #expect(try bench.get(.subscriptions(node: nil, []), by: viewer) == .subscriptions(node: nil, []))
    }

    @Test("XEP-0060 §6.3, §6.4: options of a subscription")
    func options() throws {
        let bench = PubSubBench()
        try bench.create("n", ["access_model": "open"])
        let (bob, viewer) = (PubSubBench.bob, PubSubBench.viewer())
        func form(_ value: String) -> DataForm {
            PubSubBench.form(["deliver": value], type: Namespace.pubSubSubscribeOptions)
        }
        #expect(
            bench.error { _ = try $0.get(.options(node: "n", address: bob, form: nil), by: viewer) }
                == "unexpected-request not-subscribed")
        try bench.set(.subscribe(node: "n", address: bob, options: form("0")), by: viewer)
        #expect(bench.service.nodes["n"]?.subscriptions == [bob: false])
        try bench.set(.options(node: "n", address: bob, form: form("1")), by: viewer)
        #expect(bench.service.nodes["n"]?.subscriptions == [bob: true])
        #expect(
            bench.error { try $0.set(.options(node: "n", address: bob, form: form("maybe")), by: viewer) }
                == "bad-request invalid-options")
        #expect(
            bench.error { try $0.set(.options(node: "n", address: nil, form: nil), by: viewer) }
                == "bad-request jid-required")
        guard
            case .options(_, _, .some(let shown)) = try bench.get(
                .options(node: "n", address: bob, form: nil), by: viewer)
        else {
            Issue.record("no options")
            return
        }
        #expect(shown.value("pubsub#deliver") == "1")
    }

    @Test("XEP-0060 §6.5: items, all, the latest, by id, by page")
    func items() throws {
        let bench = PubSubBench()
        try bench.create("n", ["max_items": "max"])
        for id in ["a", "b", "c", "d", "e"] { try bench.publish(id) }
        #expect(try bench.ids() == ["a", "b", "c", "d", "e"])
        #expect(try bench.ids(most: 2) == ["d", "e"])
        #expect(try bench.ids(page: ResultSet(max: 2)) == ["a", "b"])
        #expect(try bench.ids(page: ResultSet(max: 2, .after("b"))) == ["c", "d"])
        #expect(try bench.ids(page: ResultSet(max: 2, .before("d"))) == ["b", "c"])
        #expect(try bench.ids(page: ResultSet(max: 2, .last)) == ["d", "e"])
        #expect(try bench.ids(page: ResultSet(max: 2, .index(3))) == ["d", "e"])
        #expect(try bench.ids(page: ResultSet(max: 0)) == [])
        #expect(
            bench.error { _ = try $0.ids(page: ResultSet(.after("' OR 1=1 --"))) } == "item-not-found")
        #expect(bench.error { _ = try $0.ids(page: ResultSet(.index(6))) } == "item-not-found")
        guard
            case .items(_, let named, _, _) = try bench.get(
                .items(node: "n", [.init(id: "d"), .init(id: "b"), .init(id: "x")], most: nil, page: nil))
        else { return }
        #expect(named.compactMap(\.id) == ["b", "d"])
        #expect(named.allSatisfy { $0.payloads.count == 1 })
    }

    @Test("XEP-0060 §6.5.9: who may not read")
    func refusedReading() throws {
        let bench = PubSubBench()
        try bench.create("white", ["access_model": "whitelist"])
        try bench.create("presence")
        func error(_ node: String?) -> String? {
            bench.error {
                _ = try $0.get(.items(node: node, [], most: nil, page: nil), by: PubSubBench.viewer())
            }
        }
        #expect(error("white") == "not-allowed closed-node")
        #expect(error("presence") == "not-authorized presence-subscription-required")
        #expect(error("gone") == "item-not-found")
        #expect(error(nil) == "bad-request nodeid-required")
    }

    @Test("XEP-0060 §5.7: one's own affiliations")
    func affiliations() throws {
        let bench = PubSubBench()
        try bench.create("n")
        try bench.create("m")
        let bob = PubSubBench.bob
        try bench.own(.affiliations(node: "m", [.init(address: bob, affiliation: .publisher)]))
        #expect(
            try bench.get(.affiliations(node: nil, []), by: PubSubBench.viewer())
                == .affiliations(node: nil, [.init(node: "m", affiliation: .publisher)]))
        #expect(
            try bench.get(.affiliations(node: "n", []))
                == .affiliations(node: "n", [.init(node: "n", affiliation: .owner)]))
    }
}

@Suite("Publish-subscribe: publishing (XEP-0060 §7)")
struct PubSubPublisherTests {
    @Test("XEP-0060 §7.1.3: what is refused, and how")
    func refused() throws {
        let bench = PubSubBench(limits: PubSubLimits(itemBytes: 60))
        try bench.create("n", ["type": "urn:example", "max_items": "2", "access_model": "open"])
        try bench.create("bare", ["persist_items": "0", "deliver_payloads": "0"])
        func error(
            _ node: String?, _ items: [PubSubItem], _ viewer: PubSubViewer = PubSubBench.master
        ) -> String? {
            bench.error { try $0.set(.publish(node: node, items, options: nil), by: viewer) }
        }
        let entry = Element("entry", namespace: "urn:example")
        let item = PubSubBench.item("a")
        #expect(error("n", [item], PubSubBench.viewer()) == "forbidden")
        #expect(error("unknown", [item], PubSubBench.viewer()) == "item-not-found")
        #expect(error(nil, [item]) == "bad-request nodeid-required")
        #expect(error("n", []) == "bad-request item-required")
        #expect(error("n", [PubSubItem(id: "a")]) == "bad-request payload-required")
        #expect(
            error("n", [PubSubItem(id: "a", payloads: [entry, entry])]) == "bad-request invalid-payload")
        #expect(
            error("n", [PubSubItem(payloads: [Element("entry", namespace: "urn:other")])])
                == "bad-request invalid-payload")
        #expect(error("bare", [item]) == "bad-request item-forbidden")
        #expect(error("bare", []) == nil)
        let many = ["a", "b", "c"].map { PubSubBench.item($0) }
        #expect(error("n", many) == "not-allowed max-items-exceeded")
        #expect(error("n", Array(many.prefix(2))) == nil)
        // `<entry xmlns='urn:example'>…</entry>` is 35 bytes without its text.
        #expect(error("n", [PubSubBench.item("a", String(repeating: "x", count: 25))]) == nil)
        #expect(
            error("n", [PubSubBench.item("a", String(repeating: "x", count: 26))])
                == "not-acceptable payload-too-big")
    }

    @Test("XEP-0060 §7.1.2: an item with a known id takes the other's place and becomes the last")
    func overwriting() throws {
        let bench = PubSubBench()
        try bench.create("n", ["max_items": "3"])
        for id in ["a", "b", "a"] { try bench.publish(id) }
        #expect(try bench.ids() == ["b", "a"])
        for id in ["c", "d"] { try bench.publish(id) }
        #expect(try bench.ids() == ["a", "c", "d"])
        #expect(bench.changes.contains(.retract(node: "n", id: "b")))
        let answer = try #require(try bench.set(.publish(node: "n", [PubSubBench.item(nil)], options: nil)))
        guard case .publish(_, let made, _) = try PubSub(parsing: answer).content else { return }
        #expect(try bench.ids().last == made.first?.id)
        guard case .event(_, _, .items(_, let told)) = bench.notices.last else {
            Issue.record("nobody is told")
            return
        }
        #expect(told == [PubSubBench.item(made.first?.id)])
    }

    @Test("XEP-0060 §7.1.4: a node is made by publishing, with what the publisher asks for")
    func autoCreation() throws {
        let bench = PubSubBench()
        let options = PubSubBench.options([
            "persist_items": "true", "max_items": "max", "send_last_published_item": "never",
            "access_model": "whitelist",
        ])
        try bench.set(.publish(node: "urn:xmpp:bookmarks:1", [PubSubBench.item("a")], options: options))
        let configuration = try #require(bench.service.nodes["urn:xmpp:bookmarks:1"]).configuration
        #expect(configuration.access == .whitelist)
        #expect(configuration.mostItems == 256)
        #expect(configuration.lastItem == .never)
        guard case .configure = bench.changes.first else {
            Issue.record("the node is not stored first")
            return
        }
        #expect(
            bench.error {
                try $0.set(
                    .publish(
                        node: "other", [PubSubBench.item("a")],
                        options: PubSubBench.options(["nonsense": "1"])))
            } == "conflict precondition-not-met")
    }

    @Test("XEP-0060 §7.1.5: preconditions are checked, and unknown ones fail")
    func preconditions() throws {
        let bench = PubSubBench()
        try bench.create("n", ["access_model": "whitelist", "max_items": "max"])
        func error(_ options: DataForm) -> String? {
            bench.error { try $0.set(.publish(node: "n", [PubSubBench.item("a")], options: options)) }
        }
        #expect(error(PubSubBench.options(["access_model": "whitelist", "max_items": "max"])) == nil)
        #expect(error(PubSubBench.options(["max_items": "256", "persist_items": "1"])) == nil)
        #expect(error(PubSubBench.options(["access_model": "open"])) == "conflict precondition-not-met")
        #expect(error(PubSubBench.options(["unknown": "1"])) == "conflict precondition-not-met")
        #expect(error(PubSubBench.form(["access_model": "whitelist"])) == "bad-request")
    }

    @Test("XEP-0060 §4.1: who may publish")
    func publishers() throws {
        let bench = PubSubBench()
        let viewer = PubSubBench.viewer()
        for (model, mayAnybody) in [("publishers", false), ("subscribers", false), ("open", true)] {
            try bench.create(model, ["publish_model": model, "access_model": "open"])
            #expect((bench.error { try $0.publish("x", at: model, by: viewer) } == nil) == mayAnybody)
        }
        try bench.set(.subscribe(node: "subscribers", address: PubSubBench.bob, options: nil), by: viewer)
        #expect(bench.error { try $0.publish("x", at: "subscribers", by: viewer) } == nil)
        for affiliation in PubSubAffiliation.allCases {
            try bench.own(
                .affiliations(node: "publishers", [.init(address: PubSubBench.bob, affiliation: affiliation)])
            )
            let may = [.owner, .publisher, .publishOnly].contains(affiliation)
            #expect((bench.error { try $0.publish("y", at: "publishers", by: viewer) } == nil) == may)
        }
    }

    @Test("XEP-0060 §7.2: retracting, by whom, with and without a word about it")
    func retracting() throws {
        let bench = PubSubBench()
        try bench.create("n", ["max_items": "9"])
        try bench.create("loose", ["persist_items": "0"])
        for id in ["a", "b", "c"] { try bench.publish(id) }
        func error(
            _ node: String?, _ ids: [String?], _ viewer: PubSubViewer = PubSubBench.master,
            notifies: Bool = false
        ) -> String? {
            bench.error {
                try $0.set(
                    .retract(node: node, ids.map { PubSubItem(id: $0) }, notifies: notifies), by: viewer)
            }
        }
        bench.notices = []
        #expect(error("n", ["a"]) == nil)
        #expect(bench.notices.isEmpty)
        #expect(error("n", ["b"], notifies: true) == nil)
        #expect(bench.notices.count == 1)
        #expect(error("n", ["b"]) == "item-not-found")
        #expect(error("n", ["c"], PubSubBench.viewer()) == "forbidden")
        #expect(error("n", ["no"], PubSubBench.viewer()) == "forbidden")
        #expect(error("n", []) == "bad-request item-required")
        #expect(error("n", [nil]) == "bad-request item-required")
        #expect(error(nil, ["c"]) == "bad-request nodeid-required")
        #expect(error("x", ["c"]) == "item-not-found")
        #expect(error("loose", ["c"]) == "feature-not-implemented unsupported persistent-items")
        #expect(try bench.ids() == ["c"])
    }
}

@Suite("Publish-subscribe: owners (XEP-0060 §8)")
struct PubSubOwnerTests {
    @Test("XEP-0060 §8.1: making nodes, named and not, and who may not")
    func creating() throws {
        let bench = PubSubBench()
        try bench.create("n")
        #expect(bench.error { try $0.create("n") } == "conflict")
        #expect(
            bench.error {
                try $0.set(.create(node: "m", configuration: nil), by: PubSubBench.viewer())
            } == "forbidden")
        #expect(
            bench.error { try $0.create("m", ["access_model": "authorize"]) }
                == "not-acceptable unsupported-access-model")
        let answer = try #require(try bench.set(.create(node: nil, configuration: nil)))
        guard case .create(.some(let name), _) = try PubSub(parsing: answer).content else {
            Issue.record("no name")
            return
        }
        #expect(bench.service.nodes[name] != nil)
        let feeds = PubSubBench(.feeds)
        #expect(
            feeds.error { try $0.create("m", ["access_model": "presence"]) }
                == "not-acceptable unsupported-access-model")
    }

    @Test("XEP-0060 §8.2: configuring, cancelling, and values that cannot be")
    func configuring() throws {
        let bench = PubSubBench()
        try bench.create("n", ["max_items": "3", "notify_config": "1"])
        for id in ["a", "b", "c"] { try bench.publish(id) }
        bench.notices = []
        try bench.own(.configure(node: "n", form: PubSubBench.form(["max_items": "2", "title": "T"])))
        #expect(try bench.ids() == ["b", "c"])
        #expect(bench.notices.count == 1)
        let before = bench.service
        try bench.own(.configure(node: "n", form: DataForm(.cancel)))
        #expect(bench.service == before)
        let shown = try PubSubOwner(
            parsing: try #require(try bench.own(.configure(node: "n", form: nil), isSet: false)))
        guard case .configure(_, .some(let form)) = shown.content else { return }
        #expect(form.value("pubsub#title") == "T")
        #expect(form.formType == Namespace.pubSubNodeConfiguration)
        func error(_ node: String?, _ form: DataForm?, _ viewer: PubSubViewer = PubSubBench.master) -> String?
        {
            bench.error { try $0.own(.configure(node: node, form: form), by: viewer) }
        }
        #expect(error("n", PubSubBench.form(["max_items": "0"])) == "not-acceptable")
        #expect(error("n", PubSubBench.form(["max_items": "257"])) == "not-acceptable")
        #expect(error("n", PubSubBench.form(["max_items": "256"])) == nil)
        #expect(error("n", PubSubBench.form(["persist_items": "perhaps"])) == "not-acceptable")
        #expect(error("n", PubSubBench.form(["title": String(repeating: "x", count: 1_024)])) == nil)
        #expect(
            error("n", PubSubBench.form(["title": String(repeating: "x", count: 1_025)])) == "not-acceptable")
        #expect(error("n", PubSubBench.form(["unknown": "1"])) == nil)
        #expect(error("n", nil) == "bad-request")
        #expect(error("n", PubSubBench.form([:]), PubSubBench.viewer()) == "forbidden")
        #expect(error("x", PubSubBench.form([:])) == "item-not-found")
        #expect(error(nil, PubSubBench.form([:])) == "bad-request nodeid-required")
    }

    @Test("XEP-0060 §8.3, XEP-0163 §4: the defaults")
    func defaults() throws {
        let bench = PubSubBench()
        let answer = try PubSubOwner(
            parsing: try #require(try bench.own(.defaultConfiguration(form: nil), isSet: false)))
        guard case .defaultConfiguration(.some(let form)) = answer.content else { return }
        #expect(form.value("pubsub#access_model") == "presence")
        #expect(form.value("pubsub#send_last_published_item") == "on_sub_and_presence")
        #expect(form.value("pubsub#deliver_payloads") == "1")
        #expect(form.value("pubsub#max_items") == "1")
    }

    @Test("XEP-0060 §8.4, §8.5: deleting and purging, one word about all items")
    func deletingAndPurging() throws {
        let bench = PubSubBench()
        try bench.create("n", ["max_items": "9", "notify_retract": "1", "notify_delete": "1"])
        try bench.create("loose", ["persist_items": "0"])
        for id in ["a", "b"] { try bench.publish(id) }
        bench.notices = []
        #expect(bench.error { try $0.own(.purge(node: "n"), by: PubSubBench.viewer()) } == "forbidden")
        #expect(
            bench.error { try $0.own(.purge(node: "loose")) }
                == "feature-not-implemented unsupported persistent-items")
        try bench.own(.purge(node: "n"))
        #expect(bench.notices.count == 1)
        #expect(try bench.ids().isEmpty)
        #expect(
            bench.error { try $0.own(.delete(node: "n", redirect: nil), by: PubSubBench.viewer()) }
                == "forbidden")
        try bench.own(.delete(node: "n", redirect: nil))
        #expect(bench.notices.count == 2)
        #expect(bench.error { try $0.own(.delete(node: "n", redirect: nil)) } == "item-not-found")
    }

    @Test("XEP-0060 §8.8, §8.9: whom a node concerns is its owner's to say")
    func managing() throws {
        let bench = PubSubBench(.feeds)
        var carol = PubSubBench.viewer(try JID("carol@paris.test/x"))
        carol.mayCreate = true
        try bench.set(.create(node: "n", configuration: nil), by: carol)
        let bob = DomainBench.local("bob")
        #expect(
            bench.error {
                try $0.own(.affiliations(node: "n", []), isSet: false, by: PubSubBench.viewer())
            } == "forbidden")
        #expect(
            bench.error {
                try $0.own(
                    .affiliations(node: "n", [.init(address: carol.address, affiliation: .member)]), by: carol
                )
            } == "not-acceptable")
        #expect(
            bench.error {
                try $0.own(
                    .affiliations(node: "n", [.init(address: PubSubBench.owner, affiliation: .outcast)]),
                    by: carol)
            } == "not-acceptable")
        try bench.own(
            .subscriptions(node: "n", [.init(address: bob, state: .subscribed)]), by: carol)
        #expect(bench.service.nodes["n"]?.subscriptions == [bob: true])
        #expect(
            bench.notices == [
                .personal(bob, .subscription(.init(node: "n", address: bob, state: .subscribed)))
            ])
        // Nobody elsewhere is sent what he has not asked for; the domain's service may subscribe whom it likes.
        let stranger = PubSubBench.bob.bare
        let entry = PubSubSubscription(address: stranger, state: .subscribed)
        #expect(bench.error { try $0.own(.subscriptions(node: "n", [entry]), by: carol) } == "not-allowed")
        try bench.own(.subscriptions(node: "n", [entry]))
        try bench.own(
            .subscriptions(node: "n", [.init(address: stranger, state: PubSubSubscription.State.none)]),
            by: carol)
        #expect(bench.service.nodes["n"]?.subscriptions == [bob: true])
        #expect(
            bench.error {
                try $0.own(.subscriptions(node: "n", [.init(address: bob, state: .pending)]), by: carol)
            } == "not-acceptable")
        try bench.own(.affiliations(node: "n", [.init(address: bob, affiliation: .outcast)]), by: carol)
        #expect(bench.service.nodes["n"]?.subscriptions == [:])
        let list = try PubSubOwner(
            parsing: try #require(try bench.own(.affiliations(node: "n", []), isSet: false, by: carol)))
        #expect(
            list.content
                == .affiliations(
                    node: "n",
                    [
                        .init(address: PubSubBench.owner, affiliation: .owner),
                        .init(address: bob, affiliation: .outcast),
                        .init(address: carol.address.bare, affiliation: .owner),
                    ]))
    }
}
