import CloudModel
import ControlAPI
import CoreMetrics
import Cryptography
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Operations
import Synchronization
import Testing

@Suite("ControlServer")
struct ControlServerTests {
    private static let alice = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")
    private static let signedIn: HTTPFields = [.authorization: "Bearer open-sesame"]

    private static func performer() -> ScriptedPerformer {
        ScriptedPerformer { invocation, progress throws(OperationError) in
            await progress(Progress(site: ScriptedPerformer.site, text: "half way", step: 1, of: 2))
            guard let operation = Catalogue.operation(invocation.operation) else {
                throw Catalogue.unknown(invocation.operation)
            }
            let arguments = try operation.checked(invocation.arguments)
            return OperationResult(
                site: ScriptedPerformer.site,
                value: ["machine": arguments["machine"] ?? arguments["name"] ?? nil], message: "done")
        }
    }

    private static func api(
        _ performer: any OperationGatekeeper, metrics: PrometheusRegistry = PrometheusRegistry(),
        health: HealthReport = HealthReport([.init("storage")]),
        change: (inout ControlAPI.Configuration) -> Void = { _ in }
    ) -> some ApplicationProtocol {
        var configuration = ControlAPI.Configuration()
        configuration.port = 0
        configuration.tokens = [
            BearerToken(
                label: "first", caller: GrantBook.Caller(address: "bob@paris.test", domain: "paris.test"),
                digest: HashFunction.sha256.digest(of: Array("another".utf8))),
            BearerToken(
                label: "second", caller: Self.alice,
                digest: HashFunction.sha256.digest(of: Array("open-sesame".utf8))),
        ]
        change(&configuration)
        return ControlServer(
            configuration: configuration, performer: performer, metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, health: { health }
        ).application
    }

    private static func document(_ response: TestResponse) throws -> Value {
        try JSONParser.parse(Array(response.body.readableBytesView))
    }

    @Test("A route of the catalogue takes its parameters from path, query and body")
    func performs() async throws {
        let performer = Self.performer()
        try await Self.api(performer).test(.router) { client in
            let create = try await client.execute(
                uri: "/v1/machines?at=tokyo.test", method: .post,
                headers: Self.signedIn.with("Idempotency-Key", "k-1"),
                body: ByteBuffer(string: #"{"name":"web-1","image":"/a","memory":"1G","start":false}"#))
            #expect(create.status == .ok)
            #expect(
                try Self.document(create)
                    == ["site": "paris.test", "message": "done", "value": ["machine": "web-1"]])
            let start = try await client.execute(
                uri: "/v1/machines/web%2D1/start", method: .post, headers: Self.signedIn)
            #expect(try Self.document(start).value(at: "value.machine") == "web-1")
            let list = try await client.execute(
                uri: "/v1/machines?state=running", method: .get, headers: Self.signedIn)
            #expect(list.status == .ok)
        }
        let asked = performer.asked.withLock { $0 }
        #expect(asked.map(\.operation) == ["machine.create", "machine.start", "machine.list"])
        #expect(asked.map(\.caller) == [Self.alice, Self.alice, Self.alice])
        #expect(asked[0].site == SiteID("tokyo.test"))
        #expect(asked[0].idempotencyKey == "k-1")
        #expect(asked[0].arguments == ["name": "web-1", "image": "/a", "memory": "1G", "start": false])
        #expect(asked[2].arguments == ["state": "running"])
    }

    @Test("The generic route performs any operation by name")
    func performsByName() async throws {
        try await Self.api(Self.performer()).test(.router) { client in
            let start = try await client.execute(
                uri: "/v1/operations/machine.start", method: .post, headers: Self.signedIn,
                body: ByteBuffer(string: #"{"machine":"web-1"}"#))
            #expect(start.status == .ok)
            let unknown = try await client.execute(
                uri: "/v1/operations/machine.strat", method: .post, headers: Self.signedIn)
            #expect(unknown.status == .notFound)
            #expect(try Self.document(unknown).value(at: "next") == "did you mean machine.start?")
        }
    }

    @Test(
        "Without a token that is known, nothing is performed",
        arguments: ["", "Bearer", "Bearer wrong", "Basic open-sesame", "open-sesame", "Bearer open-sesame2"])
    func refusesStrangers(authorization: String) async throws {
        let performer = Self.performer()
        try await Self.api(performer).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/machines", method: .get, headers: [.authorization: authorization])
            #expect(response.status == .unauthorized)
            #expect(response.headers[.wwwAuthenticate] == "Bearer")
            #expect(response.headers[.contentType] == "application/problem+json")
            #expect(try Self.document(response).value(at: "code") == "unauthenticated")
        }
        #expect(performer.asked.withLock { $0.isEmpty })
    }

    @Test(
        "A body that is wrong is refused with what is wrong about it",
        arguments: [
            ("{", "the body is no JSON: expected a name in quotes, at byte 1", 400),
            ("[]", "the body must be a JSON object with the parameters as members", 400),
            (#"{"name":"a","image":"/a","memroy":"1G"}"#, "machine create has no parameter “memroy”", 400),
            (
                #"{"name":"a","image":"/a","memory":"much"}"#,
                "memory must be a size such as 512M or 2G; “much” is not", 400
            ),
            (
                #"{"name":"a"}"#,
                "machine create needs image: path on the site or http(s) URL of what it boots from", 400
            ),
            (
                "{\"name\":\"\(String(repeating: "x", count: 300 * 1_024))\"}",
                "the body has more than 262144 bytes", 413
            ),
        ])
    func refusesBodies(body: String, detail: String, status: Int) async throws {
        try await Self.api(Self.performer()).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/machines", method: .post, headers: Self.signedIn, body: ByteBuffer(string: body))
            #expect(response.status.code == status)
            #expect(try Self.document(response).value(at: "detail")?.string == detail)
        }
    }

    @Test(
        "What names no site as a text is refused, and nothing is performed here instead",
        arguments: [#"["tokyo.test"]"#, "7", "true", #"{"site":"tokyo.test"}"#, #""""#])
    func refusesOddSites(at: String) async throws {
        let performer = Self.performer()
        try await Self.api(performer).test(.router) { client in
            for (uri, method) in [
                ("/v1/operations/machine.delete", HTTPRequest.Method.post), ("/v1/machines/web-1", .delete),
            ] {
                let parameters = uri.hasSuffix("delete") ? #""machine":"web-1","# : ""
                let response = try await client.execute(
                    uri: uri, method: method, headers: Self.signedIn,
                    body: ByteBuffer(string: "{\(parameters)\"at\":\(at)}"))
                #expect(response.status == .badRequest)
                let document = try Self.document(response)
                #expect(document.value(at: "code") == "bad-request")
                let detail = document.value(at: "detail")?.string
                #expect(detail == "at must be the address of one site, as a text")
            }
        }
        #expect(performer.asked.withLock { $0.isEmpty })
    }

    @Test("A site that is null is none, as with any other parameter")
    func takesNoSite() async throws {
        let performer = Self.performer()
        try await Self.api(performer).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/operations/machine.start", method: .post, headers: Self.signedIn,
                body: ByteBuffer(string: #"{"machine":"web-1","at":null}"#))
            #expect(response.status == .ok)
        }
        #expect(performer.asked.withLock { $0.map(\.site) } == [nil])
    }

    @Test("A body may be as long as the limit")
    func takesTheLongestBody() async throws {
        let text = #"{"machine":"web-1"}"#
        let body = text + String(repeating: " ", count: 100 - text.utf8.count)
        try await Self.api(Self.performer(), change: { $0.bodyLimit = 100 }).test(.router) { client in
            for (body, status) in [(body, 200), (body + " ", 413)] {
                let response = try await client.execute(
                    uri: "/v1/operations/machine.start", method: .post, headers: Self.signedIn,
                    body: ByteBuffer(string: body))
                #expect(response.status.code == status)
            }
        }
    }

    @Test("The same parameter twice, a key that is none and a path that is none are refused")
    func refusesRequests() async throws {
        try await Self.api(Self.performer()).test(.router) { client in
            let twice = try await client.execute(
                uri: "/v1/machines/a/start?machine=b", method: .post, headers: Self.signedIn)
            #expect(try Self.document(twice).value(at: "detail") == "machine is given twice")
            let key = try await client.execute(
                uri: "/v1/machines/a/start", method: .post,
                headers: Self.signedIn.with("Idempotency-Key", String(repeating: "k", count: 129)))
            #expect(key.status == .badRequest)
            let path = try await client.execute(
                uri: "/v1/machines/%zz/start", method: .post, headers: Self.signedIn)
            #expect(path.status == .badRequest)
            let nothing = try await client.execute(uri: "/v2", method: .get, headers: Self.signedIn)
            #expect(nothing.status == .notFound)
            #expect(try Self.document(nothing).value(at: "next") == "see /v1/openapi.json")
        }
    }

    @Test("Every error has its status and its words", arguments: OperationError.Code.allCases)
    func wordsErrors(code: OperationError.Code) async throws {
        let performer = ScriptedPerformer { _, _ throws(OperationError) in
            throw OperationError(code, "no", next: "wait", site: SiteID("tokyo.test"))
        }
        try await Self.api(performer).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/status", method: .get, headers: Self.signedIn)
            #expect(response.status.code == code.status)
            let document = try Self.document(response)
            #expect(document.value(at: "status") == .integer(Int64(code.status)))
            #expect(document.value(at: "type") == .string("urn:tradewind:problem:\(code.rawValue)"))
            #expect(document.value(at: "next") == "wait")
            #expect(document.value(at: "site") == "tokyo.test")
        }
    }

    @Test("A long operation reports its progress as events, and its outcome last")
    func streams() async throws {
        let headers = Self.signedIn.with("Accept", "text/event-stream")
        try await Self.api(Self.performer()).test(.router) { client in
            let response = try await client.execute(
                uri: "/v1/machines/web-1/start", method: .post, headers: headers)
            #expect(response.headers[.contentType] == "text/event-stream")
            #expect(
                String(buffer: response.body) == """
                    event: progress
                    data: {"site":"paris.test","text":"half way","step":1,"steps":2}

                    event: result
                    data: {"site":"paris.test","message":"done","value":{"machine":"web-1"}}


                    """)
            let refused = try await client.execute(
                uri: "/v1/machines?name=a", method: .post, headers: headers)
            #expect(String(buffer: refused.body).contains("event: problem\ndata: {\"type\""))
        }
    }

    @Test("An operation that takes too long is answered with 504 and told to stop")
    func limitsTime() async throws {
        let performer = ScriptedPerformer { _, _ throws(OperationError) in
            // Suspends until it is cancelled, which only the time limit does.
            let (stream, _) = AsyncStream.makeStream(of: Never.self, bufferingPolicy: .bufferingOldest(1))
            for await _ in stream {}
            throw OperationError(.cancelled, "stopped")
        }
        try await Self.api(performer, change: { $0.operationTimeout = .milliseconds(10) }).test(.router) {
            client in
            let response = try await client.execute(
                uri: "/v1/status", method: .get, headers: Self.signedIn)
            #expect(response.status == .gatewayTimeout)
        }
    }

    @Test("Health is told with reasons, without a token")
    func tellsHealth() async throws {
        let sick = HealthReport([.init("storage"), .init("hypervisor", fault: "libvirt does not answer")])
        try await Self.api(Self.performer(), health: sick).test(.router) { client in
            let response = try await client.execute(uri: "/healthz", method: .get)
            #expect(response.status == .serviceUnavailable)
            #expect(
                try Self.document(response) == [
                    "healthy": false,
                    "checks": ["storage": "ok", "hypervisor": "libvirt does not answer"],
                ])
        }
        try await Self.api(Self.performer()).test(.router) { client in
            let response = try await client.execute(uri: "/healthz", method: .get)
            #expect(response.status == .ok)
        }
    }

    @Test("Metrics and the OpenAPI document are served over a real socket")
    func servesDocuments() async throws {
        let metrics = PrometheusRegistry()
        metrics.makeCounter(label: "tradewind_test_total", dimensions: []).increment(by: 2)
        try await Self.api(Self.performer(), metrics: metrics).test(.live) { client in
            let text = try await client.execute(uri: "/metrics", method: .get)
            #expect(String(buffer: text.body).contains("tradewind_test_total 2\n"))
            let document = try await client.execute(uri: "/v1/openapi.json", method: .get)
            #expect(try Self.document(document).value(at: "openapi") == "3.1.0")
            let list = try await client.execute(uri: "/v1/operations", method: .get)
            #expect(try Self.document(list).array?.count == Catalogue.operations.count)
        }
    }
}

extension HTTPFields {
    fileprivate func with(_ name: String, _ value: String) -> HTTPFields {
        var fields = self
        if let name = HTTPField.Name(name) { fields[name] = value }
        return fields
    }
}
