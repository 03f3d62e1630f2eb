import CloudModel
import Cryptography
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Operations
import Synchronization
import Testing

@testable import ControlAPI

@Suite("Feeds over HTTP")
struct FeedTests {
    private static let headers: HTTPFields = [
        .authorization: "Bearer open-sesame", .accept: "text/event-stream",
    ]

    private static func api(_ performer: ScriptedPerformer) -> some ApplicationProtocol {
        var configuration = ControlAPI.Configuration()
        configuration.tokens = [
            BearerToken(
                label: "alice", caller: GrantBook.Caller(address: "alice@paris.test", domain: "paris.test"),
                digest: HashFunction.sha256.digest(of: Array("open-sesame".utf8)))
        ]
        return ControlServer(
            configuration: configuration, performer: performer, metrics: PrometheusRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, health: { HealthReport([]) }
        ).application
    }

    /// Tells of three things, those after the position that was asked for.
    private static func counting(
        _ meanwhile: @escaping @Sendable (Int64) -> Void = { _ in }
    ) -> ScriptedPerformer {
        ScriptedPerformer { invocation, progress throws(OperationError) in
            #expect(invocation.isLive)
            guard let operation = Catalogue.operation(invocation.operation) else {
                throw Catalogue.unknown(invocation.operation)
            }
            let arguments = try operation.checked(invocation.arguments)
            for number in 1...3 as ClosedRange<Int64> where number > arguments["after"]?.integer ?? 0 {
                await progress(
                    Progress(
                        site: ScriptedPerformer.site, text: "\(number)",
                        item: .init(kind: "workload", id: "\(number)", value: ["number": .integer(number)])))
                meanwhile(number)
            }
            return OperationResult(site: ScriptedPerformer.site, value: ["position": 3])
        }
    }

    private static func feed(
        _ performer: ScriptedPerformer, _ uri: String = "/v1/workloads/web/events", after: String? = nil
    ) async throws -> String {
        var headers = Self.headers
        if let after, let name = HTTPField.Name("Last-Event-ID") { headers[name] = after }
        let asked = headers
        return try await Self.api(performer).test(.router) { client in
            let response = try await client.execute(uri: uri, method: .get, headers: asked)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "text/event-stream")
            return String(buffer: response.body)
        }
    }

    @Test("Each event has an id, and the result is the last")
    func tells() async throws {
        #expect(
            try await Self.feed(Self.counting()) == """
                id: 1
                event: workload
                data: {"number":1}

                id: 2
                event: workload
                data: {"number":2}

                id: 3
                event: workload
                data: {"number":3}

                event: result
                data: {"site":"paris.test","value":{"position":3}}


                """)
    }

    @Test("Who comes back with the last id is told what is after it, whatever the address says")
    func resumes() async throws {
        for uri in ["/v1/workloads/web/events", "/v1/workloads/events?after=1"] {
            let text = try await Self.feed(Self.counting(), uri, after: "2")
            #expect(text.hasPrefix("id: 3\n"), "\(uri)")
        }
        let wrong = try await Self.feed(Self.counting(), after: "yesterday")
        #expect(wrong.contains("event: problem\n") && wrong.contains("after must be a whole number"))
    }

    @Test("Who loses the grant hears nothing more", arguments: [nil, Grant.Scope.own])
    func asksGrants(scope: Grant.Scope?) async throws {
        let changed = Mutex<ScriptedPerformer?>(nil)
        let performer = Self.counting { number in
            guard number == 1 else { return }
            changed.withLock { $0 }?.scope.withLock { $0 = scope }
        }
        changed.withLock { $0 = performer }
        let text = try await Self.feed(performer)
        #expect(text.contains("id: 1\n") && !text.contains("id: 2\n"))
        #expect(text.contains("event: problem\n") && text.contains("\"code\":\"forbidden\""))
        #expect(!text.contains("event: result"))
    }

    @Test("A feed that is refused says so as its only event")
    func refused() async throws {
        let performer = ScriptedPerformer { _, _ throws(OperationError) in
            throw OperationError(.notFound, "there is no workload web")
        }
        let text = try await Self.feed(performer)
        #expect(text.hasPrefix("event: problem\ndata: {"))
        #expect(text.contains("there is no workload web"))
    }

    @Test("Without the wish for a stream a feed is an answer like any other")
    func answers() async throws {
        let performer = ScriptedPerformer { invocation, _ throws(OperationError) in
            OperationResult(site: ScriptedPerformer.site, value: .bool(invocation.isLive))
        }
        try await Self.api(performer).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/workloads/events", method: .get, headers: [.authorization: "Bearer open-sesame"])
            #expect(String(buffer: response.body) == "{\"site\":\"paris.test\",\"value\":false}\n")
        }
    }

    @Test("Every answer names the version, those that are errors and those to nobody in particular too")
    func version() async throws {
        #expect(OpenAPIDocument.value.value(at: "info.version") == .string(InterfaceVersion.text))
        #expect(InterfaceVersion.text.hasPrefix("1."))
        let name = try #require(HTTPField.Name("Tradewind-Version"))
        try await Self.api(Self.counting()).test(.router) { client in
            for uri in [
                "/v1/workloads/web/events", "/v1/openapi.json", "/v2/workloads", "/healthz", "/v1/status",
            ] {
                let response = try await client.execute(uri: uri, method: .get)
                #expect(response.headers[name] == InterfaceVersion.text, "\(uri)")
            }
        }
    }

    @Test(
        "A reader that takes nothing for three rounds is cut off; one that reads, or has nothing to read, is not"
    )
    func pulse() {
        var pulse = WritePulse()
        for _ in 0..<10 { #expect(pulse.tick() == .comment) }
        for _ in 0..<10 {
            pulse.writing()
            #expect(pulse.tick() == .wait)
            #expect(pulse.tick() == .wait)
            pulse.written()
            #expect(pulse.tick() == .comment)
        }
        pulse.writing()
        #expect([pulse.tick(), pulse.tick(), pulse.tick()] == [.wait, .wait, .close])
    }
}
