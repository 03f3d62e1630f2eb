import ArgumentParser
import CloudModel
import ControlAPI
import Foundation
import Gossip
import Logging
import MachineDrivers
import Operations
import Participant
import Storage
import Testing
import XMPP
import XMPPTransport

@testable import tradewind

@Suite("The roles of a process")
struct RolesTests {
    /// Nothing gets anywhere.
    private struct CutLink: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "paris.test", resource: nil)

        func send(_ stanza: Stanza) async throws { throw StanzaError(.remoteServerTimeout) }
        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            throw StanzaError(.remoteServerTimeout)
        }
    }

    @Test("The in-memory host has what the configuration offers, or its usual capacity")
    func capacity() async throws {
        for (offered, expected) in [
            ("", Resources(vcpus: 16, memory: .gibibytes(64), disk: .gibibytes(500))),
            (
                "  offered:\n    vcpus: 3\n    memory: 5G\n    disk: 7G\n",
                Resources(vcpus: 3, memory: .gibibytes(5), disk: .gibibytes(7))
            ),
        ] {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "tradewind-roles-\(UUID().uuidString)").path
            _ = try SiteSetup(
                try InitCommand.parse(["--domain", "paris.test", "--directory", folder, "--driver", "memory"])
            ).write()
            let path = folder + "/tradewind.yaml"
            try String(contentsOfFile: path, encoding: .utf8)
                .replacing("  driver: memory\n", with: "  driver: memory\n" + offered)
                .write(toFile: path, atomically: true, encoding: .utf8)
            let configuration = try await ServeConfiguration.reading(path)
            let driver = try Roles.driver(
                try #require(configuration.agent), configuration, logger: Logger(label: "test"))
            #expect(try await driver.hosts().map(\.total) == [expected])
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    @Test("What is granted to a site does not count while it is in quarantine or has left")
    func suspensions() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-roles-\(UUID().uuidString)").path
        defer {
            do {
                try FileManager.default.removeItem(atPath: folder)
            } catch {
                Issue.record("\(folder) is left behind: \(error)")
            }
        }
        _ = try SiteSetup(
            try InitCommand.parse(["--domain", "paris.test", "--directory", folder, "--driver", "memory"])
        ).write()
        let configuration = try await ServeConfiguration.reading(folder + "/tradewind.yaml")
        let database = try Database()
        let store = FederationStore(database: database)
        let standings: [(String, Standing)] = [
            ("tokyo.test", .member), ("rome.test", .left), ("oslo.test", .quarantined),
        ]
        var given: [Grant] = []
        for (name, standing) in standings {
            try store.save(
                Member(site: SiteID(name), standing: standing, since: Instant(millisecondsSinceEpoch: 0)))
            given.append(Grant(subject: .address(name), permissions: .all, scope: .own))
            given.append(Grant(subject: .domain(name), permissions: .all, scope: .own))
        }
        let keeper = try await GrantKeeper(store: GrantStore(database: database), configured: given)
        let roles = try await Roles(
            configuration, database: database, link: CutLink(), grants: keeper,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let allowed = standings.map { name, _ in
            roles.grantBook.scope(
                of: Permission("reservation.reserve"), for: .init(address: name, domain: name))
        }
        #expect(allowed == [.own, nil, nil])
    }

    @Test("Health says what was seen of the hypervisor last, and asks nothing that may not answer")
    func health() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tradewind-roles-\(UUID().uuidString)").path
        _ = try SiteSetup(
            try InitCommand.parse(["--domain", "paris.test", "--directory", folder, "--driver", "memory"])
        ).write()
        let configuration = try await ServeConfiguration.reading(folder + "/tradewind.yaml")
        let database = try Database()
        let keeper = try await GrantKeeper(store: GrantStore(database: database), configured: [])
        let roles = try await Roles(
            configuration, database: database, link: CutLink(), grants: keeper,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        // The driver would answer; but the agent does not run, so nobody has looked yet.
        let checks = await roles.health()
        #expect(checks.map(\.name) == ["hypervisor"])
        #expect(checks.map(\.fault) == ["it has not been reached yet"])
        try FileManager.default.removeItem(atPath: folder)
    }
}
