import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite struct AdministrationTests {
    static let carol = JID(preparedLocal: "carol", domain: "tokyo.test", resource: nil)
    static let ended = StreamError(.policyViolation, text: "an administrator ended this session")

    @Test("XEP-0133 §4.5: A bare address ends all sessions of the account, a full one its own")
    func disconnecting() throws {
        var bench = DomainBench()
        let desk = try bench.connect("alice", "desk")
        let phone = try bench.connect("alice", "phone")
        let bob = try bench.connect("bob")
        let one = bench.domain.disconnect(phone.address, Self.ended)
        #expect(one.count == 1)
        #expect(one.directives.last == .close(phone.id, Self.ended))
        // Those who saw the session see it end.
        let told = one.directives.contains { directive in
            if case .deliver(.presence(let presence), [desk.id]) = directive {
                presence.kind == .unavailable && presence.from == phone.address
            } else {
                false
            }
        }
        #expect(told)
        #expect(bench.domain.disconnect(desk.address.bare, Self.ended).count == 1)
        #expect(bench.domain.disconnect(desk.address.bare, Self.ended).count == 0)
        #expect(bench.domain.sessions[bob.id] != nil)
    }

    @Test("XEP-0133 §4.3, §4.4: A disabled account is closed and cannot be bound until it is enabled")
    func disabling() throws {
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let directives = bench.domain.setDisabled(alice.address.bare, true)
        #expect(directives.contains { if case .close(alice.id, _) = $0 { true } else { false } })
        #expect(throws: StanzaError.self) {
            try bench.domain.bind(account: alice.address.bare, resource: "x")
        }
        #expect(bench.domain.hasAccount(alice.address.bare))
        #expect(bench.domain.setDisabled(alice.address.bare, false).isEmpty)
        _ = try bench.connect("alice")
    }

    @Test("XEP-0133 §4.23: An announcement goes to every client that is connected, once")
    func announcement() throws {
        var bench = DomainBench()
        let sessions = [
            try bench.connect("alice", "desk"), try bench.connect("alice", "bot", priority: -1),
            try bench.connect("bob", "silent", priority: nil),
        ]
        let directives = bench.domain.announcement("down at noon")
        let told = directives.compactMap { directive -> (SessionID, Message)? in
            guard case .deliver(.message(let message), let ids) = directive, let id = ids.first else {
                return nil
            }
            return (id, message)
        }
        #expect(Set(told.map(\.0)) == Set(sessions.map(\.id)))
        #expect(told.count == 3)
        #expect(told.allSatisfy { $0.1.body == "down at noon" && $0.1.from == DomainBench.domainAddress })
    }

    @Test("XEP-0133 §4.24: The message of the day greets whoever comes online, not at each presence")
    func messageOfTheDay() throws {
        var bench = DomainBench()
        bench.domain.messageOfTheDay = "be kind"
        let alice = try bench.connect("alice")
        #expect(bench.take(alice).compactMap { $0.messageValue?.body } == ["be kind"])
        bench.send(.presence(DomainBench.available(3)), from: alice)
        #expect(bench.take(alice).compactMap(\.messageValue).isEmpty)
        bench.domain.messageOfTheDay = nil
        let phone = try bench.connect("alice", "phone")
        #expect(bench.take(phone).compactMap(\.messageValue).isEmpty)
    }

    @Test("XEP-0133 §4: A running server does what the administrator says, and remembers it")
    func running() async throws {
        let database = try Database()
        try await TestServer.run(database: database) { server in
            let accounts = server.server.accounts
            let (alice, address) = try await TestClient.online("alice", to: server)
            #expect(try accounts.details(of: "alice").resources == [address.resource])
            #expect(accounts.announce("down at noon") == 1)
            #expect(try await alice.nextMessage().body == "down at noon")
            try await accounts.setMessageOfTheDay("be kind")
            try await accounts.setDisabled("alice", true)
            #expect(try await alice.nextStreamError().condition == .notAuthorized)
            let again = try await TestClient(port: server.clientPort, domain: server.domain)
            let outcome = try await again.authenticate("alice", password: TestServer.password)
            #expect(outcome.failure?.condition == .notAuthorized)
            #expect(accounts.list().map(\.isDisabled) == [true, false])
            #expect(throws: AccountError.self) { try accounts.disconnect("nobody") }
            #expect(throws: AccountError.self) { try accounts.details(of: "nobody") }
            await #expect(throws: AccountError.self) { try await accounts.setDisabled("nobody", true) }
        }
        try await TestServer.run(database: database) { server in
            #expect(server.server.accounts.list().map(\.isDisabled) == [true, false])
            let (bob, _) = try await TestClient.online("bob", to: server)
            #expect(try await bob.nextMessage().body == "be kind")
            try await server.server.accounts.setDisabled("alice", false)
            try await server.server.accounts.setMessageOfTheDay(nil)
            _ = try await TestClient.online("alice", to: server)
        }
    }
}
