import CloudModel
import ControlAPI
import Logging
import Operations
import Participant
import ServiceLifecycle
import Storage
import XMPP
import XMPPServer
import XMPPTransport

/// How this process speaks XMPP: as the server of its domain, or through somebody else's.
enum SiteLink: Sendable {
    case embedded(XMPPServer)
    case attached(AttachedLink)

    init(_ configuration: ServeConfiguration, database: Database, logger: Logger) async throws {
        switch configuration.link {
        case .embedded(let server):
            self = .embedded(
                try await XMPPServer(
                    configuration.xmppServer(server), database: database, now: SiteProcess.now,
                    logger: logger))
        case .attached(let attached):
            self = .attached(try await Self.link(attached, database: database, logger: logger))
        }
    }

    private static func link(
        _ attached: ServeConfiguration.Attached, database: Database, logger: Logger
    ) async throws -> AttachedLink {
        let store = AttachmentStore(database: database)
        let account = attached.attachment.address.description
        if attached.forgetsMechanism { try await store.pin(nil, of: account) }
        return try AttachedLink(
            attached.attachment, trust: attached.trust, limits: attached.limits, routes: attached.routes,
            pinned: try await store.mechanism(of: account).flatMap(SASLMechanism.init(rawValue:)),
            logger: logger, classify: TrafficClass.federation,
            remember: { try await store.pin($0.rawValue, of: account) })
    }

    var link: any XMPPLink {
        switch self {
        case .embedded(let server): server.link
        case .attached(let link): link
        }
    }

    /// When there is a new stream to somebody else's server; nil for a process that is a server.
    var renewals: AsyncStream<Void>? {
        switch self {
        case .embedded: nil
        case .attached(let link): link.renewals
        }
    }

    var service: any Service {
        switch self {
        case .embedded(let server): server
        case .attached(let link): link
        }
    }

    /// Whether there is a connection, for those that need one.
    var health: [HealthReport.Check] {
        switch self {
        case .embedded: []
        case .attached(let link): [.init("xmpp", fault: link.fault)]
        }
    }

    /// Looks at other servers; nil if the streams to them are somebody else's.
    var prober: RemoteProber? {
        switch self {
        case .embedded(let server): server.prober
        case .attached: nil
        }
    }

    /// What the process says of itself, where no server of ours says it.
    func register(on dispatcher: StanzaDispatcher, showingVersion: Bool) {
        guard case .attached = self else { return }
        SelfDescription(version: showingVersion ? SiteProcess.version : nil, now: SiteProcess.now).register(
            on: dispatcher)
    }

    /// The operations on accounts: only where accounts are ours.
    ///
    /// What was granted to an account goes with it, whoever deletes it, and what it was subscribed to.
    func register(in table: inout OperationTable, grants: GrantKeeper, feeds: SiteFeeds) {
        guard case .embedded(let server) = self else { return }
        server.accounts.afterDeleting { address in await feeds.forget(address) }
        server.accounts.beforeDeleting { address in
            try await grants.removeAll(of: .address(address.description))
        }
        table.registerAccounts(server.accounts, grants: grants)
    }

    /// Names who handles what arrives, and takes the ports before anything runs, so that one that is taken ends the
    /// process with a clear error.
    func open(
        _ dispatcher: StanzaDispatcher, _ configuration: ServeConfiguration
    ) async throws(OperationError) {
        switch self {
        case .attached(let link): link.attach(dispatcher)
        case .embedded(let server):
            server.attach(
                dispatcher, profile: configuration.serviceProfile(features: dispatcher.features))
            do {
                try await server.bind()
            } catch {
                let ports = configuration.endpoints.map { "\($0.host):\($0.port)" }.joined(separator: ", ")
                throw OperationError(
                    .unavailable, "one of \(ports) cannot be listened on: \(error)",
                    next: "change server.clients.port or server.servers.port, or end whoever uses it")
            }
        }
    }
}
