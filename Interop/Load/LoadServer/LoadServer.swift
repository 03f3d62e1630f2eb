import ArgumentParser
import CloudModel
import Cryptography
import Foundation
import Logging
import ServiceLifecycle
import Storage
import UnixSignals
import XMPP
import XMPPServer
import XMPPTransport

/// The embedded server alone, with accounts ready-made and without TLS for who does not ask for it: for load tests on
/// loopback only.
@main
struct LoadServer: AsyncParsableCommand {
    @Option(help: "The domain to serve.")
    var domain: String

    @Option(help: "The address to listen on, ports 5222, 5223, 5269 and 5270; of 127.0.0.0/8.")
    var host: String

    @Option(help: "The domain's certificate, PEM.")
    var certificate: String

    @Option(help: "Its key, PEM.")
    var key: String

    @Option(help: "Who may vouch for other servers, PEM.")
    var authorities: String

    @Option(help: "Makes the accounts u0, u1, … up to this many.")
    var accounts = 0

    @Option(help: "The password of all accounts.")
    var password = "secret"

    @Option(help: "Where another domain is to be reached, as DOMAIN=HOST:PORT.")
    var route: [String] = []

    @Option(help: "The database file; one in memory if not given.")
    var database: String?

    @Flag(help: "Archive all messages; with a database file, durably before they are delivered.")
    var archive = false

    @Flag(help: "Read from everybody as fast as they send, without the usual rates.")
    var unlimitedRates = false

    func validate() throws {
        guard self.host.hasPrefix("127.") else {
            throw ValidationError(
                "\(self.host) is not a loopback address: this program is no server to attach to a net")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        let logger = Logger(label: "load-server")
        let database = try self.database.map { try Database(path: $0) } ?? Database()
        try await self.makeAccounts(in: AccountStore(database: database))
        let server = try await XMPPServer(
            try self.configuration(), database: database, now: Self.now, logger: logger)
        server.attach(Silence(), profile: ServiceProfile())
        try await server.bind()
        FileHandle.standardOutput.write(Data("serving \(self.domain)\n".utf8))
        let group = ServiceGroup(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }

    private func configuration() throws -> XMPPServer.Configuration {
        var routes: [String: [Route]] = [:]
        for text in self.route {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let route = Route(String(parts[1])) else {
                throw ValidationError("'\(text)' is not DOMAIN=HOST:PORT")
            }
            routes[String(parts[0]), default: []].append(route)
        }
        var limits = ServerLimits()
        // All load comes from one address.
        limits.transport.connectionsPerAddress = 100_000
        if self.unlimitedRates { limits.transport.rates = RatePolicy(clients: nil, remotes: nil) }
        return XMPPServer.Configuration(
            domain: self.domain, certificate: CertificateFiles(chain: self.certificate, key: self.key),
            trust: .file(self.authorities),
            endpoints: XMPPServer.Configuration.usualEndpoints(host: self.host), routes: routes,
            clientsMayOmitTLS: true, archive: self.archive ? .always : nil, limits: limits)
    }

    /// One set of keys for all accounts: deriving thousands would take longer than the test.
    private func makeAccounts(in store: AccountStore) async throws {
        let hash = HashFunction.sha256
        var random = SecureRandom()
        let credentials = try SCRAMCredentials.derive(
            password: self.password, salt: random.bytes(SCRAMCredentials.saltLength),
            iterations: SCRAMCredentials.usualIterations, hash: hash)
        for number in 0..<self.accounts {
            let name = "u\(number)"
            let record = CredentialRecord(
                username: name, mechanism: "SCRAM-SHA-256", salt: credentials.salt,
                iterations: credentials.iterations, storedKey: credentials.storedKey,
                serverKey: credentials.serverKey)
            _ = try await store.insert(
                AccountRecord(username: name, createdAt: Self.now().millisecondsSinceEpoch),
                credentials: [record])
        }
    }

    private static func now() -> Instant {
        Instant(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}

/// Answers nothing: nothing is sent to the domain itself.
struct Silence: StanzaHandler {
    func handle(_ stanza: Stanza, on link: any XMPPLink) async {}
}
