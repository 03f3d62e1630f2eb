import TestRandomness
import Testing

@testable import XML

@Suite("Parsers that share what they work with")
struct ParserPoolTests {
    private static func header(prefix: String = "stream", to domain: String = "paris.test") -> String {
        "<\(prefix):stream xmlns='jabber:client' xmlns:\(prefix)='http://etherx.jabber.org/streams' to='\(domain)'>"
    }

    private static func parser(_ pool: XMLParserPool, header: String = header()) throws -> XMLStreamParser {
        let parser = XMLStreamParser(limits: .client)
        parser.pool = pool
        parser.feed(Array(header.utf8))
        #expect(try parser.next() != nil)
        #expect(try parser.next() == nil)
        parser.rest()
        return parser
    }

    @Test("Between stanzas a parser rests, in the middle of one it does not")
    func resting() throws {
        let parser = try Self.parser(XMLParserPool())
        #expect(parser.isResting)
        parser.feed(Array("<a><b/>".utf8))
        #expect(try parser.next() == nil)
        parser.rest()
        #expect(!parser.isResting)
        parser.feed(Array("</a>".utf8))
        parser.rest()
        #expect(!parser.isResting, "an event was not taken")
        #expect(try parser.next() != nil)
        #expect(try parser.next() == nil)
        parser.rest()
        #expect(parser.isResting)
        #expect(parser.rootDeclarations["stream"] == "http://etherx.jabber.org/streams")
    }

    @Test("White space between stanzas wakes no parser; the beginning of a character in it does")
    func whiteSpace() throws {
        let parser = try Self.parser(XMLParserPool())
        parser.feed(Array(" \r\n\t".utf8))
        #expect(parser.isResting)
        #expect(try parser.next() == nil)
        parser.feed([0xC3])
        parser.rest()
        #expect(!parser.isResting)
        parser.feed([0xA9] + Array("<a/>".utf8))
        #expect(throws: ParseError.textBetweenStanzas) { try parser.next() }
    }

    @Test("A stream that has failed, has ended or has not begun does not rest")
    func ends() throws {
        let pool = XMLParserPool()
        for end in ["</stream:stream>", "<a><!-- -->", "<a></b>"] {
            let parser = try Self.parser(pool)
            parser.feed(Array(end.utf8))
            _ = try? parser.next()
            _ = try? parser.next()
            parser.rest()
            #expect(!parser.isResting, "\(end)")
        }
        let parser = XMLStreamParser(limits: .client)
        parser.pool = pool
        parser.feed(Array("<stream:str".utf8))
        parser.rest()
        #expect(!parser.isResting)
    }

    @Test("Streams with different prefixes do not lend each other anything")
    func roots() throws {
        let pool = XMLParserPool()
        let one = try Self.parser(pool)
        let other = try Self.parser(pool, header: Self.header(prefix: "s"))
        one.feed(Array("<stream:error/>".utf8))
        #expect(try one.next() != nil)
        other.feed(Array("<stream:error/>".utf8))
        #expect(throws: ParseError.badNamespacePrefix) { try other.next() }
    }

    @Test("More roots than are kept do no harm")
    func manyRoots() throws {
        let pool = XMLParserPool()
        let parsers = try (0..<3 * XMLParserPool.rootsKept).map { number in
            try Self.parser(pool, header: Self.header(prefix: "s\(number)"))
        }
        for (number, parser) in parsers.enumerated() {
            parser.feed(Array("<s\(number):error/>".utf8))
            #expect(try parser.next() != nil)
        }
    }

    @Test("The limits are those of the stream, whoever used the context before")
    func limits() throws {
        let pool = XMLParserPool()
        let strict = try Self.parser(pool)
        strict.limits = .beforeAuthentication
        let generous = try Self.parser(pool)
        let deep = [UInt8]("\(String(repeating: "<a>", count: 9))\(String(repeating: "</a>", count: 9))".utf8)
        for _ in 0..<2 {
            generous.feed(deep)
            #expect(try generous.next() != nil)
            #expect(try generous.next() == nil)
            generous.rest()
        }
        strict.feed(deep)
        #expect(throws: ParseError.limitExceeded(.depth, 8)) { try strict.next() }
    }

    @Test("However streams take turns, each yields what it would alone", arguments: 0 as UInt64..<100)
    func turns(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pool = XMLParserPool()
        var streams = (0..<5).map { number in
            let stanzas = (0..<6).map { _ in Element.random(using: &random) }
            let printed = stanzas.map { stanza in
                (try? stanza.serialized(inheriting: "jabber:client")) ?? []
            }
            let header = Self.header(prefix: number == 0 ? "s" : "stream")
            return (
                parser: XMLStreamParser(limits: .client),
                rest: [UInt8](header.utf8) + printed.flatMap(\.self),
                events: [XMLEvent](), alone: Outcome([UInt8](header.utf8) + printed.flatMap(\.self)).events
            )
        }
        while let index = streams.indices.filter({ !streams[$0].rest.isEmpty }).randomElement(using: &random)
        {
            let parser = streams[index].parser
            parser.pool = pool
            let count = min(Int.random(in: 1...60, using: &random), streams[index].rest.count)
            parser.feed(Array(streams[index].rest.prefix(count)))
            streams[index].rest.removeFirst(count)
            while let event = try parser.next() { streams[index].events.append(event) }
            parser.rest()
        }
        for stream in streams { #expect(stream.events == stream.alone) }
    }

    @Test("A flood of names ends at the same bound for all streams together")
    func names() throws {
        let parser = try Self.parser(XMLParserPool())
        for number in 0..<10_000 {
            parser.feed(Array("<n\(number)/>".utf8))
            #expect(try parser.next() != nil)
            #expect(try parser.next() == nil)
            #expect(parser.internedNames <= XMLStreamParser.namesBeforeRecycling + 16)
            parser.rest()
        }
    }
}
