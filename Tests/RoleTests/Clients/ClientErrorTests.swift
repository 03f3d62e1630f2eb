import HTTPTypes
import Hummingbird
import NIOCore
import Testing
import TradewindClient

@Suite("Errors of the client library", .timeLimit(.minutes(3)))
struct ClientErrorTests {
    /// Something that is no coordinator answers whatever is asked with `body`.
    private func answering(
        _ body: String, _ ask: @escaping @Sendable (TradewindClient) async throws -> Void
    ) async throws {
        let router = Router()
        router.get("/v1/**") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/event-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        }
        try await ClientBench.serving(router) { address in
            try await ask(ClientBench.client(address))
        }
    }

    @Test(
        "What is not understood is an error of the library",
        arguments: [
            "", "[", "{}", "{\"value\": 7}", "{\"value\": [{\"id\": 7}]}", "{\"value\": {\"id\": \"a\"}}",
        ])
    func oddAnswers(body: String) async throws {
        try await self.answering(body) { client in
            for ask in [
                { _ = try await client.list() }, { _ = try await client.show("web") },
                { _ = try await client.listApplications() }, { _ = try await client.application("shop") },
            ] as [@Sendable () async throws -> Void] {
                let error = await #expect(throws: TradewindError.self) { try await ask() }
                #expect(error?.code == .badAnswer && error?.next != nil)
            }
        }
    }

    @Test("So it is in a feed", arguments: ["{}", "[", "{\"event\": 7}"])
    func oddEvents(event: String) async throws {
        try await self.answering("event: workload\ndata: \(event)\n\n") { client in
            let error = await #expect(throws: TradewindError.self) {
                for try await _ in client.watch() {}
            }
            #expect(error?.code == .badAnswer)
        }
    }

    @Test("A request that JSON cannot say is refused before it is sent")
    func unsayable() async throws {
        let nobody = TradewindClient(server: "http://127.0.0.1:1", token: "alice-token")
        var request = ClientBench.request()
        request.maxPrice = .nan
        let absurd = request
        let error = await #expect(throws: TradewindError.self) { try await nobody.plan(absurd) }
        #expect(error?.code == .badRequest)
    }
}
