import TestRandomness
import Testing

@testable import XML

@Suite("Limits of the parser")
struct LimitTests {
    private static let limits = XMLLimits(
        stanzaBytes: 2_000, tagBytes: 600, depth: 5, attributesPerElement: 4,
        namespaceDeclarationsPerElement: 3, elementsPerStanza: 10, namesPerStanza: 8, treeBytes: 2_500)

    private static func outcome(_ text: String, size: Int = .max) -> Outcome {
        Outcome(Array(text.utf8), parser: XMLStreamParser(limits: Self.limits), size: { size })
    }

    @Test("n passes and n + 1 does not", arguments: XMLLimits.Kind.allCases, [Int.max, 1, 7])
    func edge(kind: XMLLimits.Kind, size: Int) {
        let limit = Self.limits[kind]
        let twice = "<s>" + kind.stanza(reaching: limit) + " \n" + kind.stanza(reaching: limit)
        #expect(Self.outcome(twice, size: size).elements.count == 2)
        #expect(Self.outcome(twice, size: size).failure == nil)
        let beyond = Self.outcome(twice + kind.stanza(reaching: limit + 1) + "<b/>", size: size)
        #expect(beyond.elements.count == 2)
        #expect(beyond.failure == .limitExceeded(kind, limit))
        #expect(beyond.failure?.streamErrorCondition == "policy-violation")
    }

    @Test(
        "What never ends is stopped at the limit",
        arguments: ["<", "<a b='", "<a>", "<a><![CDATA[", "</", "<!--", "<?p "],
        [1, 100, 100_000])
    func endless(beginning: String, size: Int) {
        let text = "<s>" + beginning + String(repeating: "x", count: 10_000)
        let outcome = Self.outcome(text, size: size)
        #expect(outcome.elements.isEmpty)
        #expect(outcome.failure?.streamErrorCondition == "policy-violation")
    }

    @Test("An endless stream header is stopped at the limit", arguments: [1, 100, 100_000])
    func endlessHeader(size: Int) {
        let outcome = Self.outcome("<s a='" + String(repeating: "x", count: 10_000), size: size)
        #expect(outcome.events.isEmpty)
        #expect(outcome.failure?.streamErrorCondition == "policy-violation")
    }

    @Test("White space that keeps a connection alive never adds up to a limit")
    func keepAlive() {
        let outcome = Self.outcome("<s>" + String(repeating: " ", count: 100_000) + "<a/>", size: 1)
        #expect(outcome.failure == nil)
        #expect(outcome.elements.count == 1)
    }

    @Test("Limits can be raised in the middle of a stream")
    func raise() throws {
        let parser = XMLStreamParser(limits: Self.limits)
        parser.feed(Array("<s>".utf8))
        _ = try parser.next()
        parser.limits = .client
        parser.feed(Array(XMLLimits.Kind.stanzaBytes.stanza(reaching: 100_000).utf8))
        #expect(try parser.next() != nil)
    }

    @Test("A stream of 200,000 distinct names goes through fresh parsers, and loses nothing")
    func recycling() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array("<x:s xmlns='urn:a' xmlns:x='urn:&amp;x'>".utf8))
        #expect(try parser.next() == .opened(Element("s", namespace: "urn:&x")))
        for block in 0..<200 {
            let text = (0..<1_000).map { "<n\(block)-\($0) x:a='1'><x:b/></n\(block)-\($0)>\n" }.joined()
            parser.feed(Array(text.utf8))
            for index in 0..<1_000 {
                let expected = Element(
                    "n\(block)-\(index)", namespace: "urn:a",
                    attributes: [.init(name: "a", namespace: "urn:&x", value: "1")],
                    children: [.element(Element("b", namespace: "urn:&x"))])
                let event = try parser.next()
                try #require(event == .element(expected))
            }
            #expect(parser.internedNames <= XMLStreamParser.namesBeforeRecycling + 16)
        }
        #expect(parser.recycleCount >= 200_000 / XMLStreamParser.namesBeforeRecycling)
        parser.feed(Array("</x:s>".utf8))
        #expect(try parser.next() == .closed)
    }

    @Test(
        "A fresh parser in the middle changes nothing, however the stream is cut", arguments: 0 as UInt64..<20
    )
    func recyclingCuts(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stanzas = (0..<4_000).map { "<n\($0) a\($0)='&lt;'>t<m xmlns='urn:m'/></n\($0)>" }
        let bytes = Array(("<s xmlns='urn:a'>" + stanzas.joined(separator: " ") + "</s>").utf8)
        let whole = Outcome(bytes)
        #expect(whole.failure == nil)
        #expect(whole.elements.count == 4_000)
        #expect(Outcome(bytes, size: { Int.random(in: 1...5_000, using: &random) }) == whole)
    }

    @Test("Ordinary traffic never needs a fresh parser")
    func noRecycling() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array("<s xmlns='jabber:client'>".utf8))
        for id in 0..<10_000 {
            parser.feed(Array("<iq id='\(id)' type='get'><ping xmlns='urn:xmpp:ping'/></iq>".utf8))
            while try parser.next() != nil {}
        }
        #expect(parser.recycleCount == 0)
    }

    @Test("The presets obey RFC 6120 §13.12")
    func presets() {
        for limits in [XMLLimits.beforeAuthentication, .client, .server, .document] {
            #expect(limits.stanzaBytes >= 10_000)
        }
    }

    @Test("The presets are what the documentation says")
    func presetValues() {
        let unknown = XMLLimits.beforeAuthentication
        #expect(unknown.stanzaBytes == 10_000 && unknown.elementsPerStanza == 64 && unknown.depth == 8)
        #expect(XMLLimits.client.stanzaBytes == 262_144 && XMLLimits.client.elementsPerStanza == 4_096)
        #expect(XMLLimits.server.stanzaBytes == 524_288 && XMLLimits.server.elementsPerStanza == 8_192)
        for limits in [XMLLimits.client, .server] {
            #expect(limits.attributesPerElement == 256 && limits.namespaceDeclarationsPerElement == 64)
            #expect(limits.depth == 64)
            #expect(limits.treeBytes < 2_000_000, "one stream stays under 2 MB")
        }
    }

    /// Each limit of each preset; before authentication a tag has no limit of its own below that of the stanza.
    private static let presetEdges: [(limits: XMLLimits, kind: XMLLimits.Kind)] =
        [XMLLimits.beforeAuthentication, .client, .server].flatMap { limits in
            XMLLimits.Kind.allCases
                .filter { $0 != .tagBytes || limits.tagBytes < limits.stanzaBytes }
                .map { (limits, $0) }
        }

    @Test("Of each preset n passes and n + 1 does not", arguments: Self.presetEdges)
    func presetEdge(limits: XMLLimits, kind: XMLLimits.Kind) {
        let limit = limits[kind]
        let parser = XMLStreamParser(limits: limits)
        let within = Outcome(Array(("<s>" + kind.stanza(reaching: limit) + "\n").utf8), parser: parser)
        #expect(within.elements.count == 1)
        #expect(within.failure == nil)
        let beyond = Outcome(Array(kind.stanza(reaching: limit + 1).utf8), parser: parser)
        #expect(beyond.elements.isEmpty)
        #expect(beyond.failure == .limitExceeded(kind, limit))
    }
}
