import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing

@testable import TradewindClient

@Suite("Feeds that tell nothing and end", .timeLimit(.minutes(2)))
struct SilentFeedTests {
    private static let start = "id: 41\nevent: start\ndata: {\"after\": 41}\n\n"
    private static let comment = ": still here\n\n"

    /// Answers each question in turn with one of `answers` and closes; after the last of them nothing is found.
    ///
    /// From where each question wanted the feed to go on.
    private func answering(
        _ answers: [String], _ ask: @escaping @Sendable (TradewindClient) async throws -> Void
    ) async throws -> [String?] {
        let heard = Mutex<[String?]>([])
        let router = Router()
        router.get("/v1/**") { request, _ -> Response in
            let position = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
            let number = heard.withLock { heard in
                heard.append(position)
                return heard.count - 1
            }
            guard answers.indices.contains(number) else { return Response(status: .notFound) }
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: answers[number])))
        }
        try await ClientBench.serving(router) { address in
            try await ask(TradewindClient(server: address, token: "alice-token", attempts: 2))
        }
        return heard.withLock { $0 }
    }

    /// The feed of all, of which a connection that told nothing has worked once it has lasted for `lasting`.
    private static func watch(_ client: TradewindClient, lasting: Duration) -> WorkloadEvents {
        var watch = client.watch()
        watch.lasting = lasting
        return watch
    }

    @Test(
        "What says nothing, or only that it is there, is no answer, and asked as often as what gives none",
        arguments: [
            ("", "unreachable"), (Self.comment, "unreachable"),
            ("event: problem\ndata: {\"code\": \"unavailable\", \"detail\": \"later\"}\n\n", "unavailable"),
        ])
    func nothingTold(answer: String, code: String) async throws {
        let heard = try await self.answering([Self.start, answer, answer]) { client in
            let error = await #expect(throws: TradewindError.self) {
                for try await _ in Self.watch(client, lasting: .seconds(3_600)) {}
            }
            #expect(error?.code.rawValue == code)
        }
        #expect(heard == [nil, "41"])
    }

    @Test(
        "A connection that has lasted is made anew as often as it ends, though it told nothing",
        arguments: ["", Self.comment])
    func lasting(silence: String) async throws {
        let event =
            "{\"position\": 42, \"number\": 1, \"at\": 0, \"kind\": \"running\", \"text\": \"web runs\"}"
        let news = "{\"workload\": \"w\", \"name\": \"web\", \"owner\": \"alice\", \"event\": \(event)}"
        let answers =
            [Self.start] + Array(repeating: silence, count: 3)
            + ["id: 42\nevent: workload\ndata: \(news)\n\n"]
        let heard = try await self.answering(answers) { client in
            var events = Self.watch(client, lasting: .zero).makeAsyncIterator()
            let event = try await events.next()
            #expect(event?.name == "web" && event?.position == 42)
            #expect(event?.followsGap == false)
        }
        #expect(heard == [nil, "41", "41", "41", "41"])
    }
}
