import Storage
import Synchronization
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Accounts")
struct AccountsTests {
    private struct Refused: Error {}

    @Test("What was given to an account is gone before the account is")
    func farewell() async throws {
        let seen = Mutex<[(JID, Int)]>([])
        try await TestServer.run { site in
            let accounts = site.server.accounts
            accounts.beforeDeleting { address in
                let count = accounts.list().count
                seen.withLock { $0.append((address, count)) }
            }
            let address = try await accounts.delete("bob")
            #expect(address.description == "bob@paris.test")
            #expect(seen.withLock { $0.map(\.0) } == [address])
            #expect(seen.withLock { $0.map(\.1) } == [2])
            #expect(accounts.list().map(\.address.local) == ["alice"])
            await #expect(throws: AccountError.unknown("bob")) { try await accounts.delete("bob") }
            #expect(seen.withLock { $0.count } == 1)
        }
    }

    @Test(
        "Whoever gets the name of a deleted account is not in a roster, and a restart does not bring him back"
    )
    func nameIsFree() async throws {
        let database = try Database()
        try await TestServer.run(database: database) { site in
            let (alice, _) = try await TestClient.online("alice", to: site)
            let (bob, _) = try await TestClient.online("bob", to: site)
            let bobAddress = JID(preparedLocal: "bob", domain: site.domain, resource: nil)
            let aliceAddress = JID(preparedLocal: "alice", domain: site.domain, resource: nil)
            try bob.send(.presence(Presence(to: aliceAddress, kind: .subscribed)))
            try alice.send(.presence(Presence(to: bobAddress, kind: .subscribe)))
            // Answers come in the order of the requests, so both have been dealt with then.
            for (index, client) in [bob, alice].enumerated() {
                _ = try await client.ask(IQ(to: nil, id: "p\(index)", body: .get(Ping().element)))
            }
            try await site.server.accounts.delete("bob")
            try await site.server.accounts.create("bob", password: TestServer.password)
            #expect(try await Self.roster(of: alice).isEmpty)
        }
        try await TestServer.run(database: database) { site in
            for name in ["alice", "bob"] {
                let (client, _) = try await TestClient.online(name, to: site)
                #expect(try await Self.roster(of: client).isEmpty)
            }
        }
    }

    private static func roster(of client: TestClient) async throws -> [RosterQuery.Item] {
        let question = IQ(to: nil, id: "roster", body: .get(RosterQuery(version: nil, items: []).element))
        let answer = try #require(try await client.ask(question).result)
        return try RosterQuery(parsing: answer).items
    }

    @Test("If what was given cannot be taken back, the account stays")
    func farewellFails() async throws {
        try await TestServer.run { site in
            let accounts = site.server.accounts
            accounts.beforeDeleting { _ in throw Refused() }
            await #expect(throws: AccountError.self) { try await accounts.delete("bob") }
            #expect(accounts.list().count == 2)
        }
    }

    @Test("Once the server has ended, an account is refused with what to do")
    func offline() async throws {
        let site = try await TestServer.run(accounts: ["alice"]) { $0 }
        let accounts = site.server.accounts
        await #expect(throws: AccountError.offline) {
            try await accounts.create("carol", password: TestServer.password)
        }
        #expect(AccountError.offline.description.contains("not running"))
        #expect(accounts.list().count == 1)
    }

    @Test("A password has eight to 256 characters, for a new account and for one that is there")
    func passwordLength() async throws {
        try await TestServer.run(accounts: ["alice"]) { site in
            let accounts = site.server.accounts
            for (length, isTaken) in [(7, false), (8, true), (256, true), (257, false)] {
                let password = String(repeating: "x", count: length)
                let name = "u\(length)"
                if isTaken {
                    try await accounts.create(name, password: password)
                    try await accounts.setPassword("alice", to: password)
                } else {
                    let changes: [@Sendable () async throws -> Void] = [
                        { _ = try await accounts.create(name, password: password) },
                        { try await accounts.setPassword("alice", to: password) },
                    ]
                    for change in changes {
                        let error = await #expect(throws: AccountError.self) { try await change() }
                        guard case .unusablePassword? = error else {
                            Issue.record("refused for another reason: \(String(describing: error))")
                            continue
                        }
                    }
                }
            }
            #expect(accounts.list().count == 3)
            await #expect(throws: AccountError.unknown("bob")) {
                try await accounts.setPassword("bob", to: TestServer.password)
            }
        }
    }

    @Test("Whoever wants to forget an account too is told once it is gone, and only then")
    func obituary() async throws {
        let seen = Mutex<[(JID, Int)]>([])
        try await TestServer.run { site in
            let accounts = site.server.accounts
            accounts.afterDeleting { address in
                let count = accounts.list().count
                seen.withLock { $0.append((address, count)) }
            }
            await #expect(throws: AccountError.unknown("carol")) { try await accounts.delete("carol") }
            #expect(seen.withLock { $0.isEmpty })
            let address = try await accounts.delete("bob")
            #expect(seen.withLock { $0.map(\.0) } == [address])
            #expect(seen.withLock { $0.map(\.1) } == [1])
        }
    }
}
