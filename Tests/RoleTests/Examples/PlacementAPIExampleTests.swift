import CloudModel
import ControlAPI
import Coordinator
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Operations
import Participant
import Storage
import TestSupport
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

    /// What answers: a coordinator over fake sites, by all of its faces.
    private struct Stage: Sendable {
        let bench: ClientBench
        let coordinator: Coordinator
        let table: OperationTable
        let once: OncePerformer
        let client: any TestClientProtocol
        let feeds: SiteFeeds
        let told: Recorder<Message>
    }

    @Test("Every request is answered as the page says")
    func answers() async throws {
        let exchanges = try ExamplePage(Self.page).exchanges
        #expect(exchanges.count >= 24)
        let link = NotingLink(address: try JID("coordinator.test"))
        let feeds = try await Self.feeds(link)
        var bench = try ClientBench()
        bench.bench.tell = { await feeds.publish($0) }
        let sites = bench
        try await bench.bench.run { coordinator, table in
            let table = Self.withLoad(table)
            let once = ClientBench.once(table)
            try await ClientBench.server(once).application.test(.router) { client in
                let stage = Stage(
                    bench: sites, coordinator: coordinator, table: table, once: once, client: client,
                    feeds: feeds, told: link.sent)
                let story = Story()
                for (request, answer) in exchanges {
                    switch (request.language, answer) {
                    case ("http", .some(let answer)): try await Self.check(request, answer, stage, story)
                    case ("xml", .some(let answer)): try await Self.ask(request, answer, stage, story)
                    case ("xml", .none): try await Self.hear(request, stage, story)
                    default: Issue.record("line \(request.line): a block of another language")
                    }
                }
            }
        }
    }

    /// The feed of workloads, to which everybody may listen for their own.
    private static func feeds(_ link: NotingLink) async throws -> SiteFeeds {
        try await SiteFeeds(
            at: link.address, feeds: [.workloads], store: PubSubStore(database: try Database()), link: link,
            mayListen: { listener, _, owner in owner == nil || owner == listener.bare.description },
            now: { Instant(millisecondsSinceEpoch: 1_800_000_000_000) },
            logger: Logger(label: "feed") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The operations of a coordinator beside an agent, whose hosts do this.
    private static func withLoad(_ table: OperationTable) -> OperationTable {
        let measured = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
        let report = LoadReport(
            site: SiteID("paris.test"), measured: measured, heat: nil,
            lines: [
                LoadReport.Line(
                    figure: .cpu, now: 0.41,
                    recent: LoadReport.Series(stepSeconds: 5, start: measured, values: [0.78, nil, 0.41]))
            ])
        var table = table
        table.register("site.load") { _, _ throws(OperationError) in
            try OperationResult(site: report.site, encoding: report, message: report.message)
        }
        return table
    }

    // MARK: HTTP

    private static func check(
        _ request: ExamplePage.Block, _ answer: ExamplePage.Block, _ stage: Stage, _ story: Story
    ) async throws {
        let asked = try ExampleMessage(story.filledIn(request.text))
        let wanted = try ExampleMessage(story.filledIn(answer.text))
        let response = try await Self.response(to: asked, line: request.line, stage)
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

    /// Machines come up only while somebody waits for them; Paris is busy when moves are looked for.
    private static func response(
        to asked: ExampleMessage, line: Int, _ stage: Stage
    ) async throws -> TestResponse {
        let words = asked.first.split(separator: " ").map(String.init)
        try #require(words.count == 2, "line \(line): METHOD PATH")
        let method = try #require(HTTPRequest.Method(words[0]))
        var fields = HTTPFields()
        for header in asked.headers {
            fields[try #require(HTTPField.Name(header.name))] = header.value
        }
        let (headers, path, body) = (fields, words[1], asked.body)
        if path.hasSuffix("/rebalancing") {
            // What was given up before takes no room any more.
            try await Turns.pass(until: "what was given up is gone") {
                stage.coordinator.workloads(for: "root@paris.test", scope: .site)
                    .allSatisfy { $0.state != .removing }
            }
            stage.bench.bench.sites.update {
                $0.sites[SiteID("paris.test")]?.description.capacity.load = 0.9
            }
        }
        @Sendable func execute() async throws -> TestResponse {
            try await stage.client.execute(
                uri: path, method: method, headers: headers,
                body: body.isEmpty ? nil : ByteBuffer(string: body))
        }
        guard path.hasSuffix("wait=running") else { return try await execute() }
        return try await stage.bench.booting(stage.coordinator) { try await execute() }
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

    private static func ask(
        _ request: ExamplePage.Block, _ answer: ExamplePage.Block, _ stage: Stage, _ story: Story
    ) async throws {
        let asked = try Self.stanza(request.text, story)
        let wanted = try Self.stanza(answer.text, story)
        let payload = try #require(asked.elements.first)
        let sender = try JID(try #require(asked[attribute: "from"]))
        let face = CommandFace(
            table: stage.table, performer: stage.once, address: try JID("coordinator.test"),
            now: { Instant(millisecondsSinceEpoch: 1_800_000_000_000) })
        var kind = "result"
        let found: Element?
        do throws(StanzaError) {
            switch payload.name {
            case "invoke":
                found = try await InvokeFace(performer: stage.once).respond(to: payload, from: sender)
            case "pubsub":
                let iq = IQ(to: nil, from: sender, id: "1", body: .set(payload))
                found = try await stage.feeds.answer(iq, payload, from: sender)
            default: found = try await face.command(payload, from: sender)
            }
        } catch {
            (kind, found) = ("error", error.element)
        }
        #expect(kind == wanted[attribute: "type"], "line \(answer.line)")
        let difference = Likeness.difference(
            try #require(wanted.elements.first), try #require(found, "line \(answer.line)"))
        #expect(difference == nil, "line \(answer.line)")
        for name in ["id", "from", "to"] {
            let opposite = ["from": "to", "to": "from"][name] ?? name
            #expect(wanted[attribute: name] == asked[attribute: opposite], "line \(answer.line)")
        }
    }

    /// What is told next.
    private static func hear(_ told: ExamplePage.Block, _ stage: Stage, _ story: Story) async throws {
        let wanted = try Self.stanza(told.text, story)
        let message = try await stage.told.next()
        #expect(message.kind.rawValue == wanted[attribute: "type"], "line \(told.line)")
        #expect(message.from?.description == wanted[attribute: "from"], "line \(told.line)")
        #expect(message.to?.description == wanted[attribute: "to"], "line \(told.line)")
        let difference = Likeness.difference(
            try #require(wanted.elements.first), try #require(message.payloads.first))
        #expect(difference == nil, "line \(told.line)")
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
