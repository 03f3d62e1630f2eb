import Testing
import XML
import XMPP

@Suite("Payloads of publish-subscribe, and their golden files")
struct PubSubGoldenTests {
    static func form(_ type: String) -> DataForm {
        DataForm(
            .submit,
            fields: [
                .init(DataForm.formTypeField, .hidden, values: ["\(Namespace.pubSub)#\(type)"]),
                .init("pubsub#max_items", values: ["8"]),
            ])
    }

    @Test("XEP-0060 §5 to §7: subscribers and publishers")
    func requests() throws {
        let bob = try JID("bob@rome.test")
        let entry = Element("entry", namespace: "urn:example:entry", text: "x")
        let cases: [(String, PubSub.Content)] = [
            ("create", .create(node: "feed", configuration: Self.form("node_config"))),
            ("subscribe", .subscribe(node: "feed", address: bob, options: nil)),
            ("subscription", .subscription(.init(node: "feed", address: bob, state: .subscribed))),
            ("unsubscribe", .unsubscribe(node: "feed", address: bob)),
            ("options", .options(node: "feed", address: bob, form: Self.form("subscribe_options"))),
            ("default", .defaultOptions(node: "feed", form: nil)),
            ("items", .items(node: "feed", [.init(id: "a")], most: 3, page: ResultSet(max: 2))),
            (
                "publish",
                .publish(
                    node: "feed", [.init(id: "a", payloads: [entry])], options: Self.form("publish-options"))
            ),
            ("retract", .retract(node: "feed", [.init(id: "a")], notifies: true)),
            (
                "subscriptions",
                .subscriptions(node: nil, [.init(node: "feed", address: bob, state: .pending)])
            ),
            ("affiliations", .affiliations(node: nil, [.init(node: "feed", affiliation: .owner)])),
        ]
        for (name, content) in cases { try GoldenFile.check("PubSub-\(name)", PubSub(content)) }
    }

    @Test("XEP-0060 §8: owners")
    func owners() throws {
        let bob = try JID("bob@rome.test")
        let cases: [(String, PubSubOwner.Content)] = [
            ("configure", .configure(node: "feed", form: Self.form("node_config"))),
            ("default", .defaultConfiguration(form: nil)),
            ("delete", .delete(node: "feed", redirect: "xmpp:paris.test?;node=other")),
            ("purge", .purge(node: "feed")),
            ("subscriptions", .subscriptions(node: "feed", [.init(address: bob, state: .some(.none))])),
            (
                "affiliations", .affiliations(node: "feed", [.init(address: bob, affiliation: .publishOnly)])
            ),
        ]
        for (name, content) in cases { try GoldenFile.check("PubSubOwner-\(name)", PubSubOwner(content)) }
    }

    @Test("XEP-0060 §7, §8: events")
    func events() throws {
        let (alice, bob) = (try JID("alice@paris.test"), try JID("bob@rome.test"))
        let entry = Element("entry", namespace: "urn:example:entry")
        let cases: [(String, PubSubEvent.Content)] = [
            ("items", .items(node: "feed", [.init(id: "a", publisher: alice, payloads: [entry])])),
            ("retracted", .retracted(node: "feed", ["a", "b"])),
            ("purged", .purged(node: "feed")),
            ("deleted", .deleted(node: "feed", redirect: "xmpp:paris.test?;node=other")),
            ("configured", .configured(node: "feed", form: Self.form("node_config"))),
            ("subscription", .subscription(.init(node: "feed", address: bob, state: .subscribed))),
        ]
        for (name, content) in cases { try GoldenFile.check("PubSubEvent-\(name)", PubSubEvent(content)) }
    }

    @Test("XEP-0060 §8.1.3: a configuration before its node, or with one of its own, is refused")
    func misplacedConfiguration() throws {
        let create = Element("create", namespace: Namespace.pubSub, ["node": "a"])
        let configure = Element("configure", namespace: Namespace.pubSub, ["node": "a"])
        let plain = Element("configure", namespace: Namespace.pubSub)
        for children in [[create, configure], [plain, create]] {
            #expect(throws: PayloadError.self) {
                try PubSub(parsing: Element("pubsub", namespace: Namespace.pubSub, [:], children))
            }
        }
    }
}
