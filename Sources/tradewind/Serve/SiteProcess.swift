import Agent
import CloudModel
import ControlAPI
import Cryptography
import Foundation
import Logging
import Metrics
import Operations
import Participant
import ServiceLifecycle
import Storage
import UnixSignals
import XMPP
import XMPPTransport

/// Puts the parts of one process together and runs them until a signal ends it.
enum SiteProcess {
    static let version = "0.1"

    /// Runs the roles of `configuration`; returns after a graceful shutdown (SIGTERM, SIGINT).
    static func run(_ configuration: ServeConfiguration) async throws {
        let level = configuration.logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "tradewind")
        let services = try await Self.services(configuration, metrics: metrics, logger: logger)
        logger.info("tradewind starts", metadata: ["site": "\(configuration.site)"])
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    /// Everything that runs, what depends on something after it.
    static func services(
        _ configuration: ServeConfiguration, metrics: PrometheusRegistry, logger: Logger
    ) async throws -> [any Service] {
        try Self.makeDirectory(configuration.directory)
        let database = try Database(
            path: try Self.makeSecretFile(configuration.directory + "/tradewind.sqlite"))
        let connection = try await SiteLink(configuration, database: database, logger: logger)
        let link = connection.link
        let grants = try await GrantKeeper(
            store: GrantStore(database: database), configured: configuration.allGrants,
            roles: configuration.roles)
        let dispatcher = StanzaDispatcher(
            identity: .init(category: "automation", type: "tradewind", name: configuration.profile.name),
            logger: logger)
        let roles = try await Roles(
            configuration, database: database, link: link, grants: grants, logger: logger)
        var table = OperationTable(
            site: configuration.site, grants: { () async throws(OperationError) in roles.grantBook },
            remote: RemoteOperations(link: link),
            audit: { record in Self.log(record, to: logger) })
        roles.register(on: dispatcher)
        roles.register(in: &table)
        connection.register(on: dispatcher, showingVersion: configuration.profile.showsVersion)
        connection.register(in: &table, grants: grants, feeds: roles.feeds)
        table.registerGrants(grants)
        let health: @Sendable () async -> HealthReport = { [roles] in
            await Self.health(database: database, roles: roles, connection: connection)
        }
        table.registerProcess(version: Self.version, roles: roles.names) {
            await health().checks.map { ($0.name, $0.fault) }
        }
        table.registerCheck(
            SiteDoctor(configuration, connection, roles, database: database), now: Self.now)
        let rooms = try await RoomKeeper(
            link: link, trusted: configuration.trustedRooms, store: VisitStore(database: database),
            renewals: connection.renewals, now: Self.now, logger: logger)
        table.registerRooms(rooms)
        let once = OncePerformer(table, now: Self.now)
        let chat = ChatFace(table: table, link: link, rooms: rooms, now: Self.now, logger: logger)
        dispatcher.register(
            chat: chat,
            commands: CommandFace(
                table: table, performer: once, address: configuration.entity, now: Self.now),
            invocations: InvokeFace(performer: once), feeds: roles.feeds)
        try await connection.open(dispatcher, configuration)
        var services: [any Service] = [connection.service, dispatcher] + roles.services + [chat, rooms]
        if configuration.isAPIServed {
            services.append(
                ControlServer(
                    configuration: configuration.api, performer: once, metrics: metrics, logger: logger,
                    health: health))
        }
        return services
    }

    /// The time of day, in the one place that asks the system for it.
    static let now: @Sendable () -> Instant = {
        Instant(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    static func makeDirectory(_ path: String) throws(OperationError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw OperationError(
                .unavailable, "the folder \(path) cannot be made: \(error.localizedDescription)",
                next: "name another with the key directory")
        }
    }

    /// A file that only this process's user can read; SQLite gives what it writes beside it the same permissions.
    ///
    /// The database has the secret of dialback, the keys of passwords and people's messages.
    private static func makeSecretFile(_ path: String) throws(OperationError) -> String {
        let permissions: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        do {
            if FileManager.default.fileExists(atPath: path) {
                try FileManager.default.setAttributes(permissions, ofItemAtPath: path)
            } else if !FileManager.default.createFile(atPath: path, contents: nil, attributes: permissions) {
                throw CocoaError(.fileWriteUnknown)
            }
        } catch {
            throw OperationError(
                .unavailable, "\(path) cannot be made: \(error.localizedDescription)",
                next: "name another folder with the key directory")
        }
        return path
    }

    private static func health(
        database: Database, roles: Roles, connection: SiteLink
    ) async -> HealthReport {
        var checks: [HealthReport.Check] = []
        do {
            _ = try await GrantStore(database: database).all()
            checks.append(.init("storage"))
        } catch {
            checks.append(.init("storage", fault: "the database cannot be read: \(error)"))
        }
        return HealthReport(checks + connection.health + (await roles.health()))
    }

    private static func log(_ record: AuditRecord, to logger: Logger) {
        var metadata: Logger.Metadata = [
            "operation": "\(record.operation)", "caller": "\(record.caller)", "at": "\(record.site)",
            "arguments": "\(record.arguments)",
        ]
        if let behalf = record.behalf { metadata["behalf"] = "\(behalf)" }
        switch record.outcome {
        case .performed:
            metadata["outcome"] = "performed"
        case .failed(let code):
            metadata["outcome"] = "\(code.rawValue)"
        }
        logger.info("operation", metadata: metadata)
    }
}
