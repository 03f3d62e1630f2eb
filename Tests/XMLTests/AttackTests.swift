import Testing

@testable import XML

/// What has been sent to other servers to bring them down or to fool them, and how it ends here.
@Suite("Attacks on the parser")
struct AttackTests {
    private static let header = "<s xmlns='jabber:client'>"

    private static func outcome(_ text: String, limits: XMLLimits = .client) -> Outcome {
        Outcome(Array((Self.header + text).utf8), parser: XMLStreamParser(limits: limits))
    }

    @Test(
        "Entity expansion: a document type ends the stream, before an entity is declared",
        arguments: [
            "<!DOCTYPE s [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><s>&b;</s>",
            "<!DOCTYPE s SYSTEM 'http://attacker.test/s.dtd'><s/>",
            "<!DOCTYPE s PUBLIC '-//A//B' 'file:///etc/passwd'><s/>",
            "<!DOCTYPE s [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><s/>",
            "<?xml version='1.0'?><!DOCTYPE s []><s/>",
        ])
    func documentType(text: String) {
        for size in [Int.max, 1] {
            let outcome = Outcome(Array(text.utf8), size: { size })
            #expect(outcome.events.isEmpty)
            #expect(outcome.failure == .restricted(.documentType))
        }
        #expect(throws: ParseError.restricted(.documentType)) { try Element(parsing: text) }
    }

    @Test("Entity expansion: an entity that XML does not predefine ends the stream")
    func entity() {
        #expect(Self.outcome("<m><b>&lol;</b></m>").failure == .restricted(.entityReference))
        #expect(Self.outcome("<m b='&lol;'/>").failure == .restricted(.entityReference))
    }

    @Test(
        "Restricted XML: comments, processing instructions and second declarations end the stream",
        arguments: [
            ("<m><!-- x --></m>", ParseError.Restriction.comment),
            ("<!-- x --><m/>", .comment),
            ("<m><?php x?></m>", .processingInstruction),
            ("<?php x?><m/>", .processingInstruction),
            ("<?xml version='1.0'?><m/>", .xmlDeclaration),
        ])
    func restricted(text: String, restriction: ParseError.Restriction) {
        let outcome = Self.outcome(text)
        #expect(outcome.elements.isEmpty)
        #expect(outcome.failure == .restricted(restriction))
    }

    @Test(
        "Parser disagreement: bytes that are not UTF-8 end the stream, overlong forms included",
        arguments: [
            [0xC0, 0xBC], [0xE0, 0x80, 0xBC], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE9],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        let start = Array((Self.header + "<m>").utf8)
        let outcome = Outcome(start + bytes + Array("</m>".utf8))
        #expect(outcome.elements.isEmpty)
        #expect(outcome.failure == .unsupportedEncoding)
    }

    @Test(
        "Parser disagreement: a stream begins with `<` or white space",
        arguments: [
            [0xFE, 0xFF], [0xFF, 0xFE], [0x3C, 0], [0, 0x3C], [0xEF, 0xBB, 0xBF, 0x3C], [0x16, 3, 1],
        ]
            as [[UInt8]])
    func beginning(bytes: [UInt8]) {
        let outcome = Outcome(bytes + Array("<s><m/>".utf8))
        #expect(outcome.events.isEmpty)
        #expect(outcome.failure != nil)
    }

    @Test(
        "Stanza smuggling: what was printed has no bytes of the sender's markup",
        arguments: ["<m a='&lt;x/&gt;'>]]&gt;<![CDATA[<x/>]]></m>", "<m a=\"'/&gt;&lt;x\">&amp;lt;x/></m>"])
    func smuggling(text: String) throws {
        let outcome = Self.outcome(text)
        let message = try #require(outcome.elements.first)
        let printed = try message.serializedText(inheriting: "jabber:client")
        #expect(Self.outcome(printed).elements == [message])
        #expect(!printed.contains("<x"))
    }

    @Test("Size: a stanza without end is stopped at its limit, before authentication at 10,000 bytes")
    func size() {
        let endless = "<m>" + String(repeating: "x", count: 600_000)
        for limits in [XMLLimits.beforeAuthentication, .client, .server] {
            let outcome = Self.outcome(endless, limits: limits)
            #expect(outcome.failure == .limitExceeded(.stanzaBytes, limits.stanzaBytes))
        }
    }

    @Test("Memory amplification: 60,000 children of four bytes are stopped")
    func elementFlood() {
        let outcome = Self.outcome("<m>" + String(repeating: "<a/>", count: 60_000) + "</m>", limits: .server)
        #expect(outcome.failure == .limitExceeded(.elementsPerStanza, 8_192))
    }

    @Test("Memory amplification: many elements with many attributes are stopped, small as they are in bytes")
    func treeFlood() {
        let element = "<a a='' b='' c='' d='' e='' f='' g='' h=''/>"
        let outcome = Self.outcome(
            "<m>" + String(repeating: element, count: 4_000) + "</m>", limits: .client)
        #expect(outcome.failure == .limitExceeded(.treeBytes, 1_048_576))
    }

    @Test("Attribute flood: 10,000 attributes are stopped")
    func attributeFlood() {
        let some = "<m" + (0..<1_500).map { " a\($0)=''" }.joined() + "/>"
        #expect(Self.outcome(some).failure == .limitExceeded(.attributesPerElement, 256))
        let many = "<m" + (0..<10_000).map { " a\($0)=''" }.joined() + "/>"
        #expect(Self.outcome(many).failure == .limitExceeded(.tagBytes, 16_384))
    }

    @Test("Namespace flood: 8,000 declarations are stopped")
    func namespaceFlood() {
        let some = "<m" + (0..<500).map { " xmlns:a\($0)='u:\($0)'" }.joined() + "/>"
        #expect(Self.outcome(some).failure == .limitExceeded(.namespaceDeclarationsPerElement, 64))
        let many = "<m" + (0..<8_000).map { " xmlns:a\($0)='u:\($0)'" }.joined() + "/>"
        #expect(Self.outcome(many).failure == .limitExceeded(.tagBytes, 16_384))
    }

    @Test("Nesting: 10,000 levels are stopped at 64, before authentication at 8")
    func nesting() {
        let nested = String(repeating: "<a>", count: 10_000)
        #expect(Self.outcome(nested).failure == .limitExceeded(.depth, 64))
        #expect(Self.outcome(nested, limits: .beforeAuthentication).failure == .limitExceeded(.depth, 8))
    }

    @Test("Names flood: one stanza of new names is stopped")
    func namesInStanza() {
        let names = (0..<4_000).map { "<n\($0)/>" }.joined()
        #expect(Self.outcome("<m>\(names)</m>").failure == .limitExceeded(.namesPerStanza, 1_024))
    }

    @Test("Names flood: new names, stanza after stanza, never make libxml2 hold more than the thresholds")
    func namesInStream() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array(Self.header.utf8))
        _ = try parser.next()
        for block in 0..<100 {
            let stanzas = (0..<1_000).map {
                "<n\(block)-\($0) a\(block)-\($0)='' xmlns:p='u:\(block)-\($0)'/>"
            }
            parser.feed(Array(stanzas.joined().utf8))
            while try parser.next() != nil {
                #expect(parser.internedNames <= XMLStreamParser.namesBeforeRecycling + 16)
            }
            #expect(parser.internedNameBytes <= XMLStreamParser.nameBytesBeforeRecycling)
            #expect(parser.keptNameBytes <= 128 * NameCache.longestName)
        }
        #expect(parser.recycleCount >= 3 * 100_000 / (XMLStreamParser.namesBeforeRecycling + 16))
    }

    @Test("Names flood: few but long names never make libxml2 hold more bytes than the threshold")
    func longNames() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array(Self.header.utf8))
        _ = try parser.next()
        for index in 0..<2_000 {
            let name = "n\(index)-" + String(repeating: "x", count: 12_000)
            parser.feed(Array("<\(name)/>".utf8))
            #expect(try parser.next() == .element(Element(name, namespace: "jabber:client")))
            #expect(try parser.next() == nil)
            #expect(parser.internedNameBytes <= XMLStreamParser.nameBytesBeforeRecycling)
            #expect(parser.keptNameBytes <= 128 * NameCache.longestName)
        }
        #expect(parser.recycleCount >= 2_000 * 12_000 / XMLStreamParser.nameBytesBeforeRecycling)
    }
}
