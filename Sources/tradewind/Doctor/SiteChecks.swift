import CloudModel
import ControlAPI
import Cryptography
import Foundation
import Operations
import Participant
import Storage
import XMPP
import XMPPServer
import XMPPTransport

/// Looks at what only this machine knows: the files that the configuration names, the disk, the hypervisor, the clock.
struct SiteChecks: Sendable {
    /// When this version was made: a clock that is before it is wrong.
    static let released = Instant(millisecondsSinceEpoch: 1_793_491_200_000)

    private let configuration: ServeConfiguration
    /// Nil while no agent runs: the file is then looked at from outside.
    private let database: Database?
    private let health: (@Sendable () async -> [HealthReport.Check])?
    private let rules = DiagnosisRules()

    init(
        _ configuration: ServeConfiguration, database: Database? = nil,
        health: (@Sendable () async -> [HealthReport.Check])? = nil
    ) {
        self.configuration = configuration
        self.database = database
        self.health = health
    }

    /// All of it, in order.
    @Sendable func findings() async -> [Finding] {
        self.certificates() + self.permissions() + [await self.storage()] + self.space()
            + (await self.hypervisor())
            + [self.clock()]
    }

    // MARK: Certificates

    private func certificates() -> [Finding] {
        guard let server = self.configuration.server else { return [] }
        let own = self.configuration.address.domain
        var findings = self.certificate(server.certificate, for: own, server.trust)
        if let rooms = self.configuration.rooms {
            findings += self.certificate(
                rooms.certificate ?? server.certificate, for: rooms.domain, server.trust)
        }
        return findings
    }

    private func certificate(
        _ files: CertificateFiles, for domain: String, _ trust: TrustAnchors
    ) -> [Finding] {
        do throws(TLSError) {
            let facts = try CertificateStore(certificates: [:], trust: trust).examine(files)
            return self.rules.findings(of: facts, for: domain, by: .ourselves, now: SiteProcess.now())
        } catch {
            return [
                Finding(
                    "certificate", .fault, "\(error)",
                    cure:
                        "look at server.certificate, server.key and server.authorities: files in PEM, the chain leaf first"
                )
            ]
        }
    }

    // MARK: Files

    private func permissions() -> [Finding] {
        var paths = [self.configuration.siteKeyFile]
        if let server = self.configuration.server { paths.append(server.certificate.key) }
        if let rooms = self.configuration.rooms?.certificate { paths.append(rooms.key) }
        if self.configuration.isAPIServed { paths.append(self.configuration.clientTokenFile) }
        if self.database != nil { paths.append(self.databasePath) }
        return paths.map { path in
            guard FileManager.default.fileExists(atPath: path) else {
                return Finding(
                    "file", path == self.configuration.clientTokenFile ? .warning : .fault,
                    "\(path) is not there",
                    cure: "tradewind init writes it; a lost site key means joining anew")
            }
            guard let mode = self.mode(of: path) else {
                return Finding(
                    "permissions", .warning, "those of \(path) cannot be read", cure: "look at its folder")
            }
            return self.rules.secrecy(of: path, mode: mode)
        }
    }

    private func mode(of path: String) -> Int? {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.posixPermissions] as? NSNumber)?.intValue
        } catch {
            // The caller says so.
            return nil
        }
    }

    private var databasePath: String { self.configuration.directory + "/tradewind.sqlite" }

    private func storage() async -> Finding {
        let cure = "look at the permissions of \(self.configuration.directory) and at the space on its disk"
        guard let database else {
            if !FileManager.default.fileExists(atPath: self.databasePath) {
                return Finding(
                    "database", .skipped, "\(self.databasePath) is not there yet: the first start makes it")
            }
            return FileManager.default.isWritableFile(atPath: self.databasePath)
                ? Finding("database", .ok, "\(self.databasePath) can be written")
                : Finding("database", .fault, "\(self.databasePath) cannot be written", cure: cure)
        }
        do {
            try await database.checkWritable()
            return Finding("database", .ok, "can be written")
        } catch {
            return Finding("database", .fault, "cannot be written: \(error)", cure: cure)
        }
    }

    private func space() -> [Finding] {
        do {
            let attributes = try FileManager.default.attributesOfFileSystem(
                forPath: self.configuration.directory)
            guard let free = (attributes[.systemFreeSize] as? NSNumber)?.int64Value else { return [] }
            return [self.rules.space(free, in: self.configuration.directory)]
        } catch {
            return [
                Finding(
                    "space", .fault, "the folder \(self.configuration.directory) cannot be looked at",
                    cure: "make it, or name another with the key directory")
            ]
        }
    }

    // MARK: Hypervisor and clock

    private func hypervisor() async -> [Finding] {
        guard self.configuration.agent != nil else { return [] }
        guard let health else {
            return [Finding("hypervisor", .skipped, "the agent holds it, and no agent runs")]
        }
        return await health().map { check in
            guard let fault = check.fault else { return Finding(check.name, .ok, "answers") }
            return Finding(
                check.name, .fault, fault,
                cure:
                    "look at agent.uri and whether libvirt runs; embedded QEMU needs agent.root to be readable for it"
            )
        }
    }

    private func clock() -> Finding {
        self.rules.clock(SiteProcess.now(), release: Self.released)
    }
}

extension SiteDoctor {
    /// The doctor of a process that runs.
    init(_ configuration: ServeConfiguration, _ connection: SiteLink, _ roles: Roles, database: Database) {
        let checks = SiteChecks(configuration, database: database) { await roles.health() }
        self.init(
            site: configuration.site, link: connection.link, prober: connection.prober,
            federation: roles.federation, ports: configuration.ports, local: checks.findings,
            now: SiteProcess.now)
    }
}

extension ServeConfiguration {
    /// Where this process listens, as somebody on this machine reaches it.
    var ports: SiteDoctor.Ports {
        var ports = SiteDoctor.Ports()
        for endpoint in self.endpoints {
            let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][endpoint.host] ?? endpoint.host
            let server = NameFacts.Server(
                host: host, port: endpoint.port, usesDirectTLS: endpoint.security == .directTLS,
                addresses: [host])
            switch endpoint.side {
            case .serverStreams: ports.servers.append(server)
            case .clientStreams, .componentStreams: ports.locals.append(server)
            }
        }
        return ports
    }
}
