import CloudModel
import ControlAPI
import Coordinator
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Operations
import Participant
import Testing
import XML
import XMPP

@Suite("The examples of the page on the placement API", .timeLimit(.minutes(2)))
struct PlacementAPIExampleTests {
    private static let page = "Sources/ControlAPI/ControlAPI.docc/PlacementAPI.md"

    /// What the page's placeholders stand for so far.
    private final class Story {
        var id = ""

        func filledIn(_ text: String) -> String { text.replacing("{id}", with: self.id) }

        func learn(from value: Value) {
            if let id = value.value(at: "value.id")?.string { self.id = id }
        }
    }

    @Test("Every request is answered as the page says")
    func answers() async throws {
        let pairs = try ExamplePage(Self.page).pairs
        #expect(pairs.count >= 11)
        let bench = try CoordinatorBench()
        try await bench.run { _, table in
            let once = ClientBench.once(table)
            try await ClientBench.server(once).application.test(.router) { client in
                let story = Story()
                for (request, answer) in pairs {
                    switch request.language {
                    case "http": try await Self.check(request, answer, client, story)
                    case "xml": try await Self.check(request, answer, once, table, story)
                    default: Issue.record("line \(request.line): a block of another language")
                    }
                }
            }
        }
    }

    // MARK: HTTP

    private static func check(
        _ request: ExamplePage.Block, _ answer: ExamplePage.Block, _ client: any TestClientProtocol,
        _ story: Story
    ) async throws {
        let asked = try ExampleMessage(story.filledIn(request.text))
        let wanted = try ExampleMessage(story.filledIn(answer.text))
        let words = asked.first.split(separator: " ").map(String.init)
        try #require(words.count == 2, "line \(request.line): METHOD PATH")
        var fields = HTTPFields()
        for header in asked.headers {
            fields[try #require(HTTPField.Name(header.name))] = header.value
        }
        let response = try await client.execute(
            uri: words[1], method: try #require(HTTPRequest.Method(words[0])), headers: fields,
            body: asked.body.isEmpty ? nil : ByteBuffer(string: asked.body))
        let body = String(buffer: response.body)
        #expect("HTTP/1.1 \(response.status.code)" == wanted.first, "line \(answer.line): \(body)")
        for header in wanted.headers {
            let value = response.headers[try #require(HTTPField.Name(header.name))]
            #expect(value == header.value, "line \(answer.line)")
        }
        if wanted.headers.contains(where: { $0.value == "text/event-stream" }) {
            try Self.compare(wanted.body, body, line: answer.line)
        } else {
            let found = try JSONParser.parse(body)
            let difference = Likeness.difference(try JSONParser.parse(wanted.body), found)
            #expect(difference == nil, "line \(answer.line): \(body)")
            story.learn(from: found)
        }
    }

    /// Streams: block by block; a block `…` stands for any number of them.
    private static func compare(_ wanted: String, _ found: String, line: Int) throws {
        var found = found.split(separator: "\n\n").filter { !$0.hasPrefix(":") }[...]
        let parts = wanted.split(separator: "\n\n")
        for (index, part) in parts.enumerated() {
            if part == Likeness.anything {
                found = found.suffix(parts.count - index - 1)
                continue
            }
            let next = found.popFirst()
            let block = try #require(next, "line \(line): the stream ends too soon")
            let lines = zip(part.split(separator: "\n"), block.split(separator: "\n"))
            for (wanted, found) in lines {
                let field = wanted.prefix { $0 != ":" }
                #expect(found.hasPrefix(field), "line \(line): \(block)")
                let (text, value) = (wanted.dropFirst(field.count + 2), found.dropFirst(field.count + 2))
                if field == "data" {
                    let difference = Likeness.difference(
                        try JSONParser.parse(String(text)), try JSONParser.parse(String(value)))
                    #expect(difference == nil, "line \(line): \(block)")
                } else if text != Likeness.anything {
                    #expect(text == value, "line \(line): \(block)")
                }
            }
        }
        #expect(found.isEmpty, "line \(line)")
    }

    // MARK: XMPP

    private static func check(
        _ request: ExamplePage.Block, _ answer: ExamplePage.Block, _ once: OncePerformer,
        _ table: OperationTable, _ story: Story
    ) async throws {
        let asked = try Self.stanza(request.text, story)
        let wanted = try Self.stanza(answer.text, story)
        let payload = try #require(asked.elements.first)
        let sender = try JID(try #require(asked[attribute: "from"]))
        let face = CommandFace(
            table: table, address: try JID("coordinator.test"),
            now: { Instant(millisecondsSinceEpoch: 1_800_000_000_000) })
        var kind = "result"
        let found: Element
        do throws(StanzaError) {
            found =
                payload.name == "invoke"
                ? try await InvokeFace(performer: once).respond(to: payload, from: sender)
                : try await face.command(payload, from: sender)
        } catch {
            (kind, found) = ("error", error.element)
        }
        #expect(kind == wanted[attribute: "type"], "line \(answer.line)")
        let difference = Likeness.difference(try #require(wanted.elements.first), found)
        #expect(difference == nil, "line \(answer.line)")
        for name in ["id", "from", "to"] {
            let opposite = ["from": "to", "to": "from"][name] ?? name
            #expect(wanted[attribute: name] == asked[attribute: opposite], "line \(answer.line)")
        }
    }

    private static func stanza(_ text: String, _ story: Story) throws -> Element {
        try Element(
            parsing: story.filledIn(text).replacing("<!-- … -->", with: "<\(Likeness.more)/>")
        ).withoutIndentation
    }

    // MARK: The comparison itself

    @Test(
        "What varies may vary, and nothing else",
        arguments: [
            (#"{"a": "…"}"#, #"{"a": [1]}"#, true), (#"{"a": 1}"#, #"{"a": 2}"#, false),
            (#"{"a": 1}"#, #"{"a": 1, "b": 2}"#, false),
            (#"{"a": 1, "…": "…"}"#, #"{"a": 1, "b": 2}"#, true),
            (#"{"a": 1, "…": "…"}"#, #"{"b": 2}"#, false), (#"[1, "…"]"#, "[1, 2, 3]", true),
            (#"[1, "…"]"#, "[2]", false), ("[1]", "[1, 2]", false), (#"["…"]"#, "[]", true),
        ])
    func likeness(wanted: String, found: String, isLike: Bool) throws {
        let difference = Likeness.difference(try JSONParser.parse(wanted), try JSONParser.parse(found))
        #expect((difference == nil) == isLike)
    }
}
