import Foundation
import TestSupport
import Testing

@testable import tradewind

@Suite("The probe of a page", .timeLimit(.minutes(1)))
struct AnswerProbeTests {
    private static func url(_ server: ScriptedServer, _ path: String = "/") throws -> URL {
        try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)"))
    }

    @Test("The time is the one to the head of the answer to a GET, whether its body comes or not")
    func head() async throws {
        let server = try await ScriptedServer(["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"])
        let began = ContinuousClock.now
        let time = try await AnswerProbe().get(Self.url(server, "/shop?item=1"))
        #expect(time > .zero && time <= ContinuousClock.now - began)
        #expect(try await server.heard.next().hasPrefix("GET /shop?item=1 HTTP/1.1\r\n"))
        try await server.close()
    }

    @Test("An error is no answer, and nor is a redirect, which is not followed", arguments: [301, 404, 503])
    func refused(status: Int) async throws {
        let server = try await ScriptedServer([
            "HTTP/1.1 \(status) No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
        ])
        for path in ["/first", "/second"] {
            await #expect(throws: AnswerProbe.Failure.status(status)) {
                try await AnswerProbe().get(Self.url(server, path))
            }
            #expect(try await server.heard.next().hasPrefix("GET \(path) "))
        }
        try await server.close()
    }

    @Test("No longer than the limit is waited for an answer; without a server there is none")
    func unanswered() async throws {
        #expect(AnswerProbe().limit == .seconds(10))
        let server = try await ScriptedServer([""])
        let url = try Self.url(server)
        let limit = Duration.milliseconds(50)
        await #expect(throws: AnswerProbe.Failure.late(limit)) {
            try await AnswerProbe(limit: limit).get(url)
        }
        try await server.close()
        let error = await #expect(throws: AnswerProbe.Failure.self) { try await AnswerProbe().get(url) }
        guard case .unanswered = error else {
            Issue.record("failed otherwise: \(String(describing: error))")
            return
        }
    }
}
