import Synchronization
import Testing
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
}
