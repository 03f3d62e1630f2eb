import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("What waits for the local service")
struct ServiceQueueTests {
    private static let domain = JID(preparedLocal: nil, domain: "paris.test", resource: nil)

    private static func send(_ id: String, from client: TestClient) throws {
        try client.send(.message(Message(to: Self.domain, id: id, kind: .chat, body: id)))
    }

    /// The next message: what it says, or by which id it was refused and why.
    private static func answer(_ client: TestClient) async throws -> String {
        let message = try await client.nextMessage()
        guard let error = message.error else { return message.body ?? "" }
        return "\(message.id ?? "") \(error.condition.rawValue)"
    }

    @Test(
        "Of one sender 100 stanzas wait, of 1,000 senders; here two of two: one more is resource-constraint")
    func edges() async throws {
        #expect(ServerLimits().serviceStanzasPerSender == 100)
        #expect(ServerLimits().serviceSenders == 1_000)
        let gate = Gate()
        try await TestServer.run(
            limits: ServerLimits(serviceStanzasPerSender: 2, serviceSenders: 2),
            accounts: ["alice", "bob", "carol"], gate: gate
        ) { server in
            let (alice, _) = try await TestClient.online("alice", to: server)
            let (bob, _) = try await TestClient.online("bob", to: server)
            let (carol, _) = try await TestClient.online("carol", to: server)
            // One is being handled, two wait.
            try Self.send("1", from: alice)
            _ = try await server.service.heard.next()
            for id in ["2", "3", "4"] { try Self.send(id, from: alice) }
            #expect(try await Self.answer(alice) == "4 resource-constraint")
            try Self.send("1", from: bob)
            _ = try await server.service.heard.next()
            try Self.send("1", from: carol)
            #expect(try await Self.answer(carol) == "1 resource-constraint")
            gate.open()
            for id in ["1", "2", "3"] { #expect(try await Self.answer(alice) == "you said: \(id)") }
            #expect(try await Self.answer(bob) == "you said: 1")
        }
    }
}
