import TestSupport
import Testing

@testable import WebRequests

@Suite("Requests to web servers", .timeLimit(.minutes(2)))
struct WebRequestTests {
    private static let patience = Duration.seconds(100)

    private static func request(_ server: ScriptedServer, idle: Duration = patience) -> WebRequest {
        WebRequest("http://127.0.0.1:\(server.port)/things?kind=1", idle: idle)
    }

    private static func text(_ answer: WebAnswer) async throws -> String {
        var body: [UInt8] = []
        try await answer.read { body += $0 }
        return String(decoding: body, as: UTF8.self)
    }

    @Test("What is sent is what was asked for, and the answer is given with its head and its whole body")
    func answer() async throws {
        let server = try await ScriptedServer([
            "HTTP/1.1 202 Accepted\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nthere"
        ])
        var request = Self.request(server)
        request.method = "POST"
        request.headers = ["Accept": "text/plain", "Authorization": "Bearer abc"]
        request.body = Array("hello".utf8)
        let (status, type, text) = try await request.send { answer in
            (answer.status, answer.header("content-type"), try await Self.text(answer))
        }
        #expect(status == 202)
        #expect(type == "text/plain")
        #expect(text == "there")
        var heard = ""
        while !heard.hasSuffix("hello") { heard += try await server.heard.next() }
        #expect(heard.hasPrefix("POST /things?kind=1 HTTP/1.1\r\n"))
        let lines = heard.lowercased().split(separator: "\r\n")
        for line in ["accept: text/plain", "authorization: bearer abc", "user-agent: tradewind"] {
            #expect(lines.contains(Substring(line)))
        }
        try await server.close()
    }

    @Test("A redirect is followed where that is asked for, and else is the answer", arguments: [false, true])
    func redirect(isFollowed: Bool) async throws {
        let there = try await ScriptedServer(["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere"])
        let here = try await ScriptedServer([
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:\(there.port)/\r\nContent-Length: 0\r\n\r\n"
        ])
        var request = Self.request(here)
        request.followsRedirects = isFollowed
        let (status, text) = try await request.send { ($0.status, try await Self.text($0)) }
        #expect(status == (isFollowed ? 200 : 302))
        #expect(text == (isFollowed ? "there" : ""))
        try await here.close()
        try await there.close()
    }

    @Test("Of redirects that are followed the limit is the last", arguments: [WebRequest.redirectLimit, 11])
    func redirects(count: Int) async throws {
        var servers = [try await ScriptedServer(["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])]
        for _ in 0..<count {
            let next = "http://127.0.0.1:\(servers.last?.port ?? 0)/"
            servers.append(
                try await ScriptedServer([
                    "HTTP/1.1 302 Found\r\nLocation: \(next)\r\nContent-Length: 0\r\n\r\n"
                ]))
        }
        var request = Self.request(try #require(servers.last))
        request.followsRedirects = true
        do {
            let status = try await request.send { $0.status }
            #expect(status == 200 && count == WebRequest.redirectLimit)
        } catch let failure as WebFailure {
            #expect(failure == .unanswered("it leads on more than 10 times"))
            #expect(count > WebRequest.redirectLimit)
        }
        for server in servers { try await server.close() }
    }

    @Test("Neither the head nor the body of an answer is waited for longer than allowed")
    func limits() async throws {
        for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"] {
            let server = try await ScriptedServer([answer])
            let short = Self.request(server, idle: .milliseconds(50))
            await #expect(throws: WebFailure.unanswered("nothing comes any more, or is read of it")) {
                try await short.send { try await Self.text($0) }
            }
            var whole = Self.request(server)
            whole.whole = .milliseconds(50)
            let late = whole
            await #expect(throws: WebFailure.late(.milliseconds(50))) {
                try await late.send { try await Self.text($0) }
            }
            try await server.close()
        }
    }

    @Test("Why there is no answer is told in words")
    func words() async throws {
        let server = try await ScriptedServer([])
        let request = Self.request(server)
        await #expect(throws: WebFailure.unanswered("it closes the connection")) {
            try await request.send { $0.status }
        }
        try await server.close()
        await #expect(throws: WebFailure.unanswered("Connection refused")) {
            try await request.send { $0.status }
        }
    }

    @Test(
        "What is no address of a web server is not asked, nor gone to from one",
        arguments: [
            "http://127.0.0.1:70000/x", "http://127.0.0.1:0/x", "http://%5B%5D/", "http:///x",
            "ftp://a.test/x", "file:///etc/passwd", "/etc/passwd", "",
        ])
    func impossible(url: String) async throws {
        #expect(!WebRequest.canAsk(url))
        let refusal = WebFailure.unanswered("“\(url)” is no address of a web server")
        await #expect(throws: refusal) {
            try await WebRequest(url, idle: Self.patience).send { $0.status }
        }
        // What is a path leads on at the same server.
        guard url.contains(":") else { return }
        let server = try await ScriptedServer([
            "HTTP/1.1 301 Moved\r\nLocation: \(url)\r\nContent-Length: 0\r\n\r\n"
        ])
        var request = Self.request(server)
        request.followsRedirects = true
        let leading = request
        await #expect(throws: WebFailure.self) { try await leading.send { $0.status } }
        try await server.close()
    }

    @Test(
        "Names, addresses of either kind, and the least and the largest port",
        arguments: [
            "http://a.test", "HTTPS://a.test/x?y=z", "http://127.0.0.1:1/", "http://[::1]:65535/",
        ])
    func possible(url: String) {
        #expect(WebRequest.canAsk(url))
    }

    @Test("A body that is cut off is none")
    func cutOff() async throws {
        for head in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
            let server = try await ScriptedServer(
                ["HTTP/1.1 200 OK\r\n\(head)\r\n\r\n4\r\nhalf\r\n"], closesAtEnd: true)
            let request = Self.request(server)
            await #expect(throws: WebFailure.self) { try await request.send { try await Self.text($0) } }
            try await server.close()
        }
    }

    @Test("No TLS is told in words; HTTP/1.1 alone is offered")
    func noTLS() async throws {
        let server = try await ScriptedServer(["HTTP/1.1 400 Bad Request\r\n\r\n"])
        let request = WebRequest("https://127.0.0.1:\(server.port)/", idle: Self.patience)
        let failure = await #expect(throws: WebFailure.self) { try await request.send { $0.status } }
        #expect(failure?.description.hasPrefix("TLS fails") == true)
        let hello = try await server.heard.next()
        #expect(!hello.contains("h2\u{8}http/1.1"))
        try await server.close()
    }

    @Test("Whoever is cancelled gets no answer, and no reason but that", arguments: [false, true])
    func cancelled(isHeadThere: Bool) async throws {
        let server = try await ScriptedServer([
            isHeadThere ? "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" : ""
        ])
        let request = Self.request(server)
        let heads = Recorder<Int>()
        let asking = Task {
            try await request.send { answer in
                heads.record(answer.status)
                return try await Self.text(answer)
            }
        }
        _ = try await server.heard.next()
        if isHeadThere { #expect(try await heads.next() == 200) }
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        try await server.close()
    }
}
