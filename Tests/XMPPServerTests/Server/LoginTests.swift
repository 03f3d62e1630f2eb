import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Logging in to a whole server")
struct LoginTests {
    @Test("RFC 6120 §6, §7: A client logs in and is known by its full address")
    func aClientLogsInAndIsKnownByItsFullAddress() async throws {
        try await TestServer.run { server in
            let (_, desk) = try await TestClient.login("alice", to: server)
            #expect(desk.description == "alice@paris.test/desk")
            let (_, chosen) = try await TestClient.login("Alice", nil, to: server)
            #expect(chosen.bare == desk.bare)
            #expect(chosen.resource?.count == 16)
            #expect(server.server.accounts.list().map(\.sessions) == [2, 0])
        }
    }

    @Test("Nobody learns from a refusal whether the account exists")
    func unknownAndWrong() async throws {
        try await TestServer.run { server in
            func attempt(_ name: String) async throws -> (salt: String, rest: [String], SASLFailure?) {
                let client = try await TestClient(port: server.clientPort, domain: server.domain)
                let outcome = try await client.authenticate(name, password: "wrong password")
                let parts = String(decoding: outcome.challenge, as: UTF8.self).split(separator: ",")
                let salt = parts.first { $0.hasPrefix("s=") } ?? ""
                let rest = parts.filter { !$0.hasPrefix("s=") && !$0.hasPrefix("r=") }
                return (String(salt), rest.map(String.init), outcome.failure)
            }
            let wrong = try await attempt("alice")
            let unknown = try await attempt("nobody")
            #expect(wrong.2 == unknown.2)
            #expect(wrong.2?.condition == .notAuthorized)
            #expect(wrong.rest == unknown.rest)
            #expect(wrong.salt.count == unknown.salt.count)
            #expect(wrong.salt != unknown.salt)
            #expect(try await attempt("nobody").salt == unknown.salt)
        }
    }

    @Test("RFC 6120 §8.1.2.1: Whoever speaks for somebody else is closed with invalid-from")
    func whoSpeaksForSomebodyElseIsClosed() async throws {
        try await TestServer.run { server in
            let (client, _) = try await TestClient.login("alice", to: server)
            try client.send(
                .message(
                    Message(to: try JID("bob@paris.test"), from: try JID("mallory@paris.test"), body: "hi")))
            #expect(try await client.nextStreamError().condition == .invalidFrom)
        }
    }

    @Test func nothingIsHeardBeforeBinding() async throws {
        try await TestServer.run { server in
            let client = try await TestClient(port: server.clientPort, domain: server.domain)
            _ = try await client.authenticate("alice", password: TestServer.password)
            _ = try await client.open()
            try client.send(.message(Message(to: try JID("bob@paris.test"), body: "early")))
            #expect(try await client.nextStreamError().condition == .notAuthorized)
        }
    }

    @Test("RFC 6120 §7.7.2.2: The older of two streams with one resource ends with conflict")
    func theOlderOfTwoWithOneResourceGivesWay() async throws {
        try await TestServer.run { server in
            let (first, _) = try await TestClient.login("alice", to: server)
            _ = try await TestClient.login("alice", to: server)
            #expect(try await first.nextStreamError().condition == .conflict)
        }
    }

    @Test func oneSessionTooManyIsRefused() async throws {
        try await TestServer.run(limits: ServerLimits(sessionsPerAccount: 2)) { server in
            _ = try await TestClient.login("alice", "a", to: server)
            _ = try await TestClient.login("alice", "b", to: server)
            let third = try await TestClient(port: server.clientPort, domain: server.domain)
            _ = try await third.authenticate("alice", password: TestServer.password)
            _ = try await third.open()
            let answer = try await third.ask(
                IQ(to: nil, id: "bind", body: .set(ResourceBinding(resource: "c").element)))
            #expect(Stanza.iq(answer).errorCondition == .resourceConstraint)
        }
    }

    @Test("RFC 6120 §4.9.3.24: What is no stanza closes the stream with unsupported-stanza-type")
    func whatIsNoStanzaClosesTheStream() async throws {
        try await TestServer.run { server in
            let (client, _) = try await TestClient.login("alice", to: server)
            try client.send(Element("compress", namespace: "http://jabber.org/protocol/compress"))
            #expect(try await client.nextStreamError().condition == .unsupportedStanzaType)
        }
    }

    @Test func accountsComeAndGoByCommand() async throws {
        try await TestServer.run(limits: ServerLimits(accounts: AccountLimits(accounts: 3))) { server in
            let accounts = server.server.accounts
            await #expect(throws: AccountError.taken("alice")) {
                try await accounts.create("ALICE", password: "long enough")
            }
            await #expect(throws: AccountError.unusableName("a b")) {
                try await accounts.create("a b", password: "long enough")
            }
            await #expect(throws: AccountError.unusableName("x@tokyo.test")) {
                try await accounts.create("x@tokyo.test", password: "long enough")
            }
            await #expect(throws: AccountError.self) { try await accounts.create("carol", password: "short") }
            #expect(try await accounts.create("carol@paris.test", password: "12345678").local == "carol")
            await #expect(throws: AccountError.tooMany(limit: 3)) {
                try await accounts.create("dave", password: "long enough")
            }
            try await accounts.setPassword("carol", to: "another one")
            let (carol, _) = try await TestClient.login("carol", to: server, password: "another one")
            await #expect(throws: TestClient.Unexpected.self) {
                _ = try await TestClient.login("carol", to: server, password: "12345678")
            }
            try await accounts.delete("carol")
            #expect(try await carol.nextStreamError().condition == .notAuthorized)
            await #expect(throws: AccountError.unknown("carol")) { try await accounts.delete("carol") }
            #expect(accounts.list().map(\.address.local) == ["alice", "bob"])
        }
    }
}
