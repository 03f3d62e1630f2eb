import CloudModel
import Logging
import Operations
import ServiceLifecycle
import Storage
import TestSupport
import Testing
import XMPP
import XMPPServer
import XMPPTransport

@testable import Participant

@Suite("Operations on accounts")
struct AccountOperationTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private static let admin = GrantBook.Caller(address: "admin@paris.test", domain: "paris.test")
    private static let carol = GrantBook.Caller(address: "carol@paris.test", domain: "paris.test")

    /// What `body` uses while a server without clients runs.
    private func run(
        configured: [Grant] = [],
        _ body: (OperationTable, GrantKeeper) async throws -> Void
    ) async throws {
        let authority = try TestAuthority.shared.get()
        let database = try Database()
        let server = try await XMPPServer(
            XMPPServer.Configuration(
                domain: "paris.test", certificate: try authority.issue("paris.test"), trust: authority.trust,
                endpoints: []),
            database: database, now: { Instant(millisecondsSinceEpoch: 0) }, logger: Self.logger)
        let admin = Grant(subject: .address(Self.admin.address), permissions: .all, scope: .site)
        let keeper = try await GrantKeeper(
            store: GrantStore(database: database), configured: [admin] + configured)
        var table = OperationTable(
            site: SiteID("paris.test"), grants: { () async throws(OperationError) in keeper.book })
        server.accounts.beforeDeleting { address in
            try await keeper.removeAll(of: .address(address.description))
        }
        table.registerAccounts(server.accounts, grants: keeper)
        table.registerGrants(keeper)
        let services = ServiceGroup(services: [server], logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            try await body(table, keeper)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    private func ask(
        _ table: OperationTable, _ operation: String, _ arguments: [String: Value]
    ) async throws -> OperationResult {
        try await table.perform(
            Invocation(operation: operation, arguments: arguments, caller: Self.admin))
    }

    @Test("Whoever gets a deleted account's name next inherits none of its grants, not even after a restart")
    func deletion() async throws {
        try await self.run { table, keeper in
            let account: [String: Value] = ["account": "carol", "password": "correct horse"]
            _ = try await self.ask(table, "account.create", account)
            for permission in ["machine", "workload"] {
                _ = try await self.ask(
                    table, "grant.add",
                    ["subject": "carol@paris.test", "permissions": .string(permission), "scope": "site"])
            }
            #expect(keeper.book.scope(of: Permission("machine.start"), for: Self.carol) == .site)
            let deleted = try await self.ask(table, "account.delete", ["account": "carol"])
            #expect(deleted.message?.contains("configuration") == false)
            _ = try await self.ask(table, "account.create", account)
            #expect(keeper.book.scope(of: Permission("machine.start"), for: Self.carol) == nil)
            #expect(keeper.grants(of: .address("carol@paris.test")).isEmpty)
        }
    }

    @Test("What the configuration grants a deleted account is named")
    func configured() async throws {
        let grant = Grant(subject: .address("carol@paris.test"), permissions: .noun("machine"), scope: .own)
        try await self.run(configured: [grant]) { table, _ in
            _ = try await self.ask(
                table, "account.create", ["account": "carol", "password": "correct horse"])
            let deleted = try await self.ask(table, "account.delete", ["account": "carol"])
            #expect(deleted.message?.contains("the configuration file still grants it machine") == true)
        }
    }

    @Test("A misspelled name takes nobody's grants")
    func unknown() async throws {
        try await self.run { table, keeper in
            _ = try await self.ask(
                table, "grant.add", ["subject": "carol@paris.test", "permissions": "machine"])
            let error = await #expect(throws: OperationError.self) {
                try await self.ask(table, "account.delete", ["account": "carol"])
            }
            #expect(error?.code == .notFound)
            #expect(keeper.grants(of: .address("carol@paris.test")).count == 1)
        }
    }
}
