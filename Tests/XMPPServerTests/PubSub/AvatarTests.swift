import Cryptography
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("User avatars")
struct AvatarTests {
    private static let dataNode = "urn:xmpp:avatar:data"
    private static let metadataNode = "urn:xmpp:avatar:metadata"

    /// The bytes of an image, as an element of XEP-0084 has them, and the id that they are known by.
    private static func avatar() -> (id: String, data: Element, metadata: Element) {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let id = Hexadecimal.encode(HashFunction.sha1.digest(of: bytes))
        let information = Element(
            "info", namespace: Self.metadataNode,
            ["bytes": String(bytes.count), "id": id, "type": "image/png"])
        return (
            id, Element("data", namespace: Self.dataNode, text: Base64.encode(bytes)),
            Element("metadata", namespace: Self.metadataNode, [:], [information])
        )
    }

    private static func publish(
        _ bench: inout DomainBench, _ session: ClientSession, _ node: String, _ id: String, _ payload: Element
    ) -> StanzaError.Condition? {
        let request = PubSub(
            .publish(node: node, [PubSubItem(id: id, payloads: [payload])], options: nil))
        bench.send(.iq(IQ(to: nil, id: "publish", body: .set(request.element))), from: session)
        return bench.take(session).last { $0.iqValue?.id == "publish" }?.errorCondition
    }

    private static func fetch(
        _ bench: inout DomainBench, _ session: ClientSession, of owner: JID, _ id: String
    ) throws -> [Element]? {
        _ = bench.take(session)
        let request = PubSub(.items(node: Self.dataNode, [PubSubItem(id: id)], most: nil, page: nil))
        bench.send(.iq(IQ(to: owner, id: "fetch", body: .get(request.element))), from: session)
        guard case .result(let element?)? = bench.take(session).last?.iqValue?.body,
            case .items(_, let items, _, _) = try PubSub(parsing: element).content
        else { return nil }
        return items.flatMap(\.payloads)
    }

    @Test("XEP-0084 §3, XEP-0163 §4.3: a contact is told of a new avatar and fetches it, a stranger neither")
    func published() throws {
        var bench = DomainPubSubTests.bench()
        let alice = try DomainPubSubTests.connect(&bench, "alice", wants: [])
        let bob = try DomainPubSubTests.connect(&bench, "bob", wants: [Self.metadataNode])
        let carol = try DomainPubSubTests.connect(&bench, "carol", wants: [Self.metadataNode])
        DomainPubSubTests.befriend(&bench, alice, bob)
        bench.send(DomainPubSubTests.presence([Self.metadataNode]), from: bob)
        for session in [alice, bob, carol] { _ = bench.take(session) }

        let avatar = Self.avatar()
        #expect(Self.publish(&bench, alice, Self.dataNode, avatar.id, avatar.data) == nil)
        #expect(bench.take(bob).isEmpty, "nobody asked for the data itself")
        #expect(Self.publish(&bench, alice, Self.metadataNode, avatar.id, avatar.metadata) == nil)
        let told = bench.take(bob).compactMap(\.messageValue)
        let message = try #require(told.first)
        let event = try #require(try message.payloads.first(PubSubEvent.self))
        guard case .items(Self.metadataNode, let items) = event.content else {
            Issue.record("another event: \(event)")
            return
        }
        #expect(items.map(\.id) == [avatar.id])
        #expect(items.first?.payloads == [avatar.metadata])
        #expect(bench.take(carol).isEmpty)

        let owner = alice.address.bare
        #expect(try Self.fetch(&bench, bob, of: owner, avatar.id) == [avatar.data])
        #expect(try Self.fetch(&bench, carol, of: owner, avatar.id) == nil)
    }

    @Test("XEP-0398 §5: no conversion is announced, for a vCard's photo and an avatar are kept apart")
    func noConversion() throws {
        var bench = DomainPubSubTests.bench()
        let alice = try bench.connect("alice")
        bench.send(
            .iq(IQ(to: alice.address.bare, id: "d", body: .get(DiscoInfo().element))), from: alice)
        guard case .result(let element?)? = bench.take(alice).last?.iqValue?.body else {
            Issue.record("no answer")
            return
        }
        let features = try DiscoInfo(parsing: element).features
        #expect(features.contains("vcard-temp"))
        #expect(!features.contains { $0.hasPrefix("urn:xmpp:pep-vcard-conversion") })
    }
}
