import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import Participant
import ServiceLifecycle
import TestSupport
import Testing

@Suite("Feeds on a socket", .timeLimit(.minutes(2)))
struct LiveFeedTests {
    /// Asks for what happens to all of Alice's workloads.
    private func watch(_ server: String) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: server + "/v1/workloads/events")
        request.headers.add(name: "Authorization", value: "Bearer alice-token")
        request.headers.add(name: "Accept", value: "text/event-stream")
        return try await HTTPClient.shared.execute(request, deadline: .distantFuture)
    }

    private static let comment = ": still here\n\n"

    @Test("A feed on which nothing happens says where it begins, and then shows that it lives")
    func comments() async throws {
        try await ClientBench().run { _, server in
            var text = ""
            for try await piece in try await self.watch(server).body {
                text += String(buffer: piece)
                if text.hasSuffix(Self.comment + Self.comment), text.contains("data:") { break }
            }
            let begin = text.replacing(Self.comment, with: "")
            let position = try #require(Int64(begin.dropFirst("id: ".count).prefix { $0.isNumber }))
            // Not the one that stands for all that is kept.
            #expect(position > 0)
            #expect(
                begin == """
                    id: \(position)
                    event: start
                    data: {"site":"coordinator.test","text":"what happens from now on","after":\(position)}


                    """)
        }
    }

    @Test("A reader that goes makes room for another, so the number of feeds at once is all that is bounded")
    func leaving() async throws {
        try await ClientBench().run { _, server in
            for _ in 0..<30 {
                var text = ""
                for try await piece in try await self.watch(server).body {
                    text += String(buffer: piece)
                    if text.contains(Self.comment) { break }
                }
                #expect(text.contains(Self.comment) && !text.contains("problem"))
            }
        }
    }

    @Test("A process that shuts down ends its feeds with the reason, and then itself")
    func shutdown() async throws {
        let bench = try ClientBench()
        try await bench.bench.run { _, table in
            let ports = Recorder<Int>()
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let server = ClientBench.server(ClientBench.once(table)) { ports.record($0) }
            let services = ServiceGroup(
                configuration: .init(services: [.init(service: server)], logger: logger))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await services.run() }
                let response = try await self.watch("http://127.0.0.1:\(try await ports.next())")
                await services.triggerGracefulShutdown()
                var text = ""
                for try await piece in response.body { text += String(buffer: piece) }
                #expect(text.contains("event: problem\n") && text.contains("\"code\":\"unavailable\""))
                #expect(text.contains("Last-Event-ID"))
                try await group.waitForAll()
            }
        }
    }
}
