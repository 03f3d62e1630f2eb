import Testing

@testable import XML

@Suite("The stream parser")
struct StreamParserTests {
    static let header = """
        <?xml version='1.0'?><stream:stream xmlns='jabber:client' \
        xmlns:stream='http://etherx.jabber.org/streams' to='paris.test' version='1.0' xml:lang='en'>
        """

    @Test("A stream yields its root, its stanzas and its end")
    func stream() {
        let outcome = Outcome(
            Array(
                (Self.header + " <iq id='1' type='get'><ping xmlns='urn:xmpp:ping'/></iq>\n</stream:stream>")
                    .utf8))
        #expect(outcome.failure == nil)
        let root = Element(
            "stream", namespace: "http://etherx.jabber.org/streams",
            attributes: [
                .init(name: "to", value: "paris.test"), .init(name: "version", value: "1.0"),
                .init(name: "lang", namespace: XMLPrinter.xmlNamespace, value: "en"),
            ])
        let iq = Element(
            "iq", namespace: "jabber:client", ["id": "1", "type": "get"],
            [Element("ping", namespace: "urn:xmpp:ping")])
        #expect(outcome.events == [.opened(root), .element(iq), .closed])
    }

    @Test("The namespaces that the root declares are kept")
    func declarations() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array(Self.header.utf8))
        _ = try parser.next()
        #expect(
            parser.rootDeclarations == ["": "jabber:client", "stream": "http://etherx.jabber.org/streams"])
    }

    @Test("A stanza is reported as soon as its last byte is there")
    func promptness() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array(Self.header.utf8))
        guard case .opened = try parser.next() else {
            Issue.record("the header was not reported at once")
            return
        }
        for stanza in ["<a/>", "<b>text</b>", "<c><d/></c>"] {
            parser.feed(Array(stanza.utf8.dropLast()))
            #expect(try parser.next() == nil)
            parser.feed(Array(stanza.utf8.suffix(1)))
            #expect(try parser.next() != nil, "\(stanza)")
        }
    }

    @Test("References, CDATA and line ends become plain text")
    func text() throws {
        let body = "<m a='&amp;&lt;&#x41;&quot;&#10;'>a&lt;b&amp;&#66;<![CDATA[<&]]>\r\nend</m>"
        let outcome = Outcome(Array((Self.header + body).utf8))
        let message = try #require(outcome.elements.first)
        #expect(message.children == [.text("a<b&B<&\nend")])
        #expect(message[attribute: "a"] == "&<A\"\n")
    }

    @Test("Prefixes resolve to namespaces and are gone")
    func prefixes() throws {
        let body = "<db:result xmlns:db='jabber:server:dialback' db:x='1' y='2'>key</db:result>"
        let outcome = Outcome(Array((Self.header + body).utf8))
        let expected = Element(
            "result", namespace: "jabber:server:dialback",
            attributes: [
                .init(name: "x", namespace: "jabber:server:dialback", value: "1"),
                .init(name: "y", value: "2"),
            ],
            children: [.text("key")])
        #expect(outcome.elements == [expected])
    }

    @Test("A namespace that is no absolute URI is accepted, as vcard-temp is none")
    func relativeNamespace() {
        let outcome = Outcome(Array((Self.header + "<iq><vCard xmlns='vcard-temp'/></iq>").utf8))
        #expect(outcome.failure == nil)
        #expect(outcome.elements.first?.child("vCard", namespace: "vcard-temp") != nil)
    }

    @Test("A reset forgets the old stream, and what nobody has taken of it")
    func reset() throws {
        let parser = XMLStreamParser(limits: .client)
        parser.feed(Array((Self.header + "<starttls/><forged/>").utf8))
        _ = try parser.next()
        #expect(try parser.next() == .element(Element("starttls", namespace: "jabber:client")))
        parser.reset()
        #expect(try parser.next() == nil)
        let outcome = Outcome(Array((Self.header + "<iq/>").utf8), parser: parser)
        #expect(outcome.failure == nil)
        #expect(outcome.elements == [Element("iq", namespace: "jabber:client")])
    }
}
