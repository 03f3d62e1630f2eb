import TestRandomness
import Testing

@testable import XML

@Suite("The printer")
struct PrinterTests {
    @Test("A namespace is declared where it changes, and only there")
    func namespaces() throws {
        let element = Element(
            "iq", namespace: "jabber:client", ["type": "get", "to": nil],
            [
                Element(
                    "query", namespace: "urn:a", [:],
                    [Element("item", namespace: "urn:a"), Element("x", namespace: "")])
            ])
        #expect(
            try element.serializedText(inheriting: "jabber:client")
                == "<iq type='get'><query xmlns='urn:a'><item/><x xmlns=''/></query></iq>")
        #expect(try element.serializedText().hasPrefix("<iq xmlns='jabber:client' type='get'>"))
    }

    @Test("Prefixes of the stream header are used")
    func prefixes() throws {
        let result = Element("result", namespace: "jabber:server:dialback", ["from": "a.test"], [])
        let bytes = try result.serialized(
            inheriting: "jabber:server", prefixes: ["jabber:server:dialback": "db"])
        #expect(String(decoding: bytes, as: UTF8.self) == "<db:result from='a.test'/>")
        let error = Element("error", namespace: "urn:s", [:], [Element("c", namespace: "urn:c"), result])
        #expect(
            String(
                decoding: try error.serialized(inheriting: "urn:d", prefixes: ["urn:s": "stream"]),
                as: UTF8.self)
                == "<stream:error><c xmlns='urn:c'/><result xmlns='jabber:server:dialback' from='a.test'/></stream:error>"
        )
    }

    @Test("A stream opens and closes")
    func stream() throws {
        let root = Element(
            "stream", namespace: "http://etherx.jabber.org/streams",
            attributes: [
                .init(name: "to", value: "a'b"),
                .init(name: "lang", namespace: XMLPrinter.xmlNamespace, value: "en"),
            ])
        var printer = XMLPrinter(
            inheriting: "jabber:server",
            prefixes: ["http://etherx.jabber.org/streams": "stream", "jabber:server:dialback": "db"])
        try printer.openStream(root)
        try printer.print(Element("m", namespace: "jabber:server"))
        try printer.closeStream(root)
        #expect(
            String(decoding: printer.bytes, as: UTF8.self)
                == "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
                + "xmlns:stream='http://etherx.jabber.org/streams' to='a&apos;b' xml:lang='en'><m/></stream:stream>"
        )
        #expect(
            Outcome(printer.bytes).events == [
                .opened(root), .element(Element("m", namespace: "jabber:server")), .closed,
            ])
    }

    @Test("Markup is escaped, and so is white space that attributes would lose")
    func escaping() throws {
        let element = Element(
            "m", namespace: "", attributes: [.init(name: "a", value: "<&>'\"\t\n\r")],
            children: [.text("<&>'\"\t\n\r")])
        #expect(
            try element.serializedText()
                == "<m a='&lt;&amp;&gt;&apos;&quot;&#9;&#10;&#13;'>&lt;&amp;&gt;'\"\t\n&#13;</m>")
        #expect(try Element(parsing: element.serialized()) == element)
    }

    @Test(
        "Characters XML forbids are refused, in text and in attributes",
        arguments: ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{C}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"]
            as [Character])
    func forbidden(character: Character) throws {
        let scalar = try #require(character.unicodeScalars.first)
        let text = "ok\(character)"
        #expect(throws: PrintError.forbiddenCharacter(scalar)) {
            try Element("m", namespace: "", text: text).serialized()
        }
        #expect(throws: PrintError.forbiddenCharacter(scalar)) {
            try Element("m", namespace: "", ["a": text]).serialized()
        }
        #expect(throws: PrintError.forbiddenCharacter(scalar)) {
            try Element("m", namespace: text).serialized()
        }
    }

    @Test(
        "Malformed names are refused",
        arguments: ["", "1a", "-a", "a b", "a:b", "a>", "a/", "a='x'", "é\u{0}", "·a", "\u{300}a", "a\u{D7}"])
    func names(name: String) {
        #expect(throws: PrintError.malformedName(name)) { try Element(name, namespace: "").serialized() }
        #expect(throws: PrintError.malformedName(name)) {
            try Element("m", namespace: "", attributes: [.init(name: name, value: "")]).serialized()
        }
    }

    @Test("An attribute cannot declare a namespace, nor be there twice")
    func attributes() {
        #expect(throws: PrintError.malformedName("xmlns")) {
            try Element("m", namespace: "", ["xmlns": "urn:x"]).serialized()
        }
        #expect(throws: PrintError.repeatedAttribute("a")) {
            try Element("m", namespace: "", ["a": "1", "a": "2"]).serialized()
        }
    }

    @Test("A refused element leaves nothing behind")
    func atomic() throws {
        var printer = XMLPrinter()
        try printer.print(Element("a", namespace: ""))
        #expect(throws: PrintError.self) {
            try printer.print(Element("b", namespace: "", [:], [Element("c", namespace: "", text: "\u{1}")]))
        }
        try printer.print(Element("d", namespace: ""))
        #expect(String(decoding: printer.bytes, as: UTF8.self) == "<a/><d/>")
    }

    @Test("What is printed is parsed as the same element", arguments: 0 as UInt64..<300)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let element = Element.random(using: &random)
        #expect(try Element(parsing: element.serialized()) == element)
        let prefixes = ["urn:b": "b", "urn:c'&": "c"]
        var printer = XMLPrinter(inheriting: "urn:a", prefixes: prefixes)
        let root = Element("stream", namespace: "urn:b")
        try printer.openStream(root)
        try printer.print(element)
        try printer.closeStream(root)
        let longest = Int.random(in: 1...100, using: &random)
        let outcome = Outcome(printer.bytes, size: { Int.random(in: 1...longest, using: &random) })
        #expect(outcome.events == [.opened(root), .element(element), .closed])
    }
}
