import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct DocumentTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: "laptop")

    static func card(_ name: String = "Alice") -> Element {
        Element(
            "vCard", namespace: "vcard-temp", [:], [Element("FN", namespace: "vcard-temp", text: name)])
    }

    static let emptyCard = Element("vCard", namespace: "vcard-temp")

    static func privateData(_ elements: [Element]) -> Element {
        Element("query", namespace: Namespace.privateData, [:], elements)
    }

    static func notes(_ text: String = "", _ name: String = "notes") -> Element {
        Element(name, namespace: "urn:example:notes", text: text)
    }

    func get(_ query: Element, to: JID? = nil, from: JID? = nil) -> Stanza {
        .iq(IQ(to: to, from: from, id: "g", body: .get(query)))
    }

    func set(_ query: Element, to: JID? = nil, from: JID? = nil) -> Stanza {
        .iq(IQ(to: to, from: from, id: "s", body: .set(query)))
    }

    func result(_ stanza: Stanza?) -> Element? {
        guard case .result(let element) = stanza?.iqValue?.body else { return nil }
        return element
    }

    // MARK: XEP-0054

    @Test("XEP-0054 §3.1, §3.2, §3.3: One's vCard is kept and everybody may read it, only its owner write it")
    func vCards() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = (bench.take(alice), bench.take(bob))
        let account = alice.address.bare
        bench.send(self.get(Self.emptyCard), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.itemNotFound])
        bench.send(self.set(Self.card()), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [nil])
        bench.send(self.get(Self.emptyCard), from: alice)
        #expect(self.result(bench.take(alice).first) == Self.card())
        bench.send(self.get(Self.emptyCard, to: account), from: bob)
        #expect(self.result(bench.take(bob).first) == Self.card())
        bench.handle(.routed(self.get(Self.emptyCard, to: account, from: Self.carol)))
        #expect(self.result(bench.takeRemote().first) == Self.card())
        bench.send(self.set(Self.card("Mallory"), to: account), from: bob)
        #expect(bench.take(bob).map(\.errorCondition) == [.forbidden])
        bench.handle(.routed(self.set(Self.card("Mallory"), to: account, from: Self.carol)))
        #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable])
        bench.send(self.set(Self.card("Alice L.")), from: alice)
        bench.send(self.get(Self.emptyCard), from: alice)
        #expect(self.result(bench.take(alice).last) == Self.card("Alice L."))
    }

    @Test("XEP-0054 §3.3: A stranger cannot tell an account without a vCard from none")
    func noCard() {
        var bench = DomainBench()
        for name in ["alice", "nobody"] {
            bench.handle(
                .routed(self.get(Self.emptyCard, to: DomainBench.local(name), from: Self.carol)))
        }
        #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable, .serviceUnavailable])
    }

    @Test("A vCard comes back from its text, whose namespace is no absolute URI")
    func text() throws {
        let card = Self.card("Élodie & <co>")
        #expect(try Element(parsing: try card.serializedText()) == card)
    }

    // MARK: XEP-0049

    @Test("XEP-0049 §2: Private data is kept by element and namespace; what was never stored is empty")
    func privateData() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(Self.privateData([Self.notes()])), from: alice)
        #expect(self.result(bench.take(alice).first) == Self.privateData([Self.notes()]))
        let both = [Self.notes("buy milk"), Self.notes("dark", "theme")]
        bench.send(self.set(Self.privateData(both)), from: alice)
        bench.send(self.get(Self.privateData([Self.notes()])), from: alice)
        bench.send(self.get(Self.privateData([Self.notes("", "theme")])), from: alice)
        let answers = bench.take(alice)
        #expect(answers.map(\.errorCondition) == [nil, nil, nil])
        #expect(answers.dropFirst().map(self.result) == both.map { Self.privateData([$0]) })
    }

    @Test("XEP-0049 §2: Malformed requests and reserved namespaces are refused")
    func badPrivateData() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(self.get(Self.privateData([])), from: alice)
        bench.send(self.get(Self.privateData([Self.notes(), Self.notes("", "theme")])), from: alice)
        bench.send(self.set(Self.privateData([])), from: alice)
        bench.send(
            self.set(Self.privateData([Element("message", namespace: Namespace.client)])), from: alice)
        #expect(
            bench.take(alice).map(\.errorCondition)
                == [.badRequest, .badRequest, .notAcceptable, .notAcceptable])
    }

    @Test("XEP-0049 §2: Nobody else gets at it")
    func foreignPrivateData() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        bench.send(self.set(Self.privateData([Self.notes("secret")])), from: alice)
        _ = (bench.take(alice), bench.take(bob))
        for stanza in [
            self.get(Self.privateData([Self.notes()]), to: alice.address.bare),
            self.set(Self.privateData([Self.notes("x")]), to: alice.address.bare),
        ] {
            bench.send(stanza, from: bob)
            #expect(bench.take(bob).map(\.errorCondition) == [.forbidden])
            var foreign = stanza
            foreign.from = Self.carol
            bench.handle(.routed(foreign))
            #expect(bench.takeRemote().map(\.errorCondition) == [.serviceUnavailable])
        }
    }

    // MARK: Limits

    @Test("Documents are taken up to their limits: of one, of all together, and in number")
    func limits() throws {
        let size = try Self.notes(String(repeating: "x", count: 10)).serializedText().utf8.count
        var bench = DomainBench(
            documentLimits: DocumentLimits(bytes: size, documents: 3, bytesPerAccount: 2 * size))
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        func store(_ length: Int, _ name: String = "notes") -> StanzaError.Condition? {
            let text = String(repeating: "x", count: length)
            bench.send(self.set(Self.privateData([Self.notes(text, name)])), from: alice)
            return bench.take(alice).first?.errorCondition
        }
        #expect(store(10) == nil)
        #expect(store(11) == .policyViolation)
        #expect(store(10, "other") == nil)
        // What is replaced does not count twice.
        #expect(store(10) == nil)
        #expect(store(1, "third") == .resourceConstraint)
        #expect(store(1) == nil)
        #expect(store(1, "other") == nil)
        #expect(store(1, "third") == .resourceConstraint)
        #expect(store(0) == nil)
        #expect(store(0, "other") == nil)
        bench = DomainBench(documentLimits: DocumentLimits(documents: 2))
        let other = try bench.connect("bob")
        _ = bench.take(other)
        for (name, isTaken) in [("a", true), ("b", true), ("c", false), ("a", true)] {
            bench.send(self.set(Self.privateData([Self.notes("x", name)])), from: other)
            #expect(bench.take(other).map(\.errorCondition) == [isTaken ? nil : .resourceConstraint])
        }
    }

    @Test("What cannot be written is said so, and is not there")
    func fullDisk() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.isDiskFull = true
        bench.send(self.set(Self.card()), from: alice)
        bench.send(self.get(Self.emptyCard), from: alice)
        #expect(bench.take(alice).map(\.errorCondition) == [.internalServerError, .itemNotFound])
    }
}
