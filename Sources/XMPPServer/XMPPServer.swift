package import CloudModel
import Cryptography
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
package import Storage
import Synchronization
package import XMPP
package import XMPPTransport

/// The XMPP server of one domain, with a local service behind the domain's own address.
///
/// ```swift
/// let server = try await XMPPServer(configuration, database: database, now: now, logger: logger)
/// server.attach(dispatcher, profile: profile)   // who handles what is addressed to the domain
/// try await server.accounts.create("alice", password: password)   // once it runs
/// // server.link speaks as the domain; server is a Service
/// ```
package final class XMPPServer: Service {
    /// The domain as a bare JID.
    package let address: JID
    /// Speaks as the domain.
    package let link: any XMPPLink
    /// Makes, lists and deletes accounts; works while the server runs.
    package let accounts: Accounts

    private let shell: DomainShell
    private let clock: any Clock<Duration>
    private let lane: DurableLane
    private let wideLane: WideLane
    private let delivery: ServiceDelivery
    private let remotes: RemoteStreams
    private let listener: XMPPListener
    private let renewal: CertificateRenewal

    /// Bytes of the secret from which dialback keys and made-up credentials are derived.
    private static let secretLength = 32

    /// Reads accounts, rosters, certificates and keys; nothing listens before `bind()` or `run()`.
    ///
    /// - Parameters:
    ///   - now: the time of day, for delay stamps and `urn:xmpp:time`.
    ///   - clock: measures the time-outs of the link's requests.
    package init(
        _ configuration: Configuration, database: Database,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Instant,
        logger: Logger
    ) async throws {
        let address = try Self.address(configuration.domain)
        let store = AccountStore(database: database)
        let stored = try await store.accounts()
        let limits = configuration.limits
        var domain = try await Self.domain(
            address, stored: stored, database: database, configuration: configuration, startedAt: now())
        var random = SecureRandom()
        let secret = try await store.secret(for: "domain", orStore: random.bytes(Self.secretLength))
        try await Self.hostRooms(of: configuration, in: &domain, beside: address, database: database)
        let secrets = try Self.host(configuration.components, in: &domain)
        let environment = try Self.environment(
            configuration, domain, secret: secret, group: group, logger: logger)
        self.renewal = CertificateRenewal(environment.certificates, clock: clock, logger: logger)

        self.address = address
        self.lane = DurableLane()
        self.wideLane = WideLane()
        self.shell = DomainShell(
            domain: domain, database: database, lane: self.lane, wideLane: self.wideLane,
            sessionLimits: limits.sessions, keptBytesPerAccount: limits.keptBytesPerAccount,
            now: now, logger: logger)
        self.shell.attachArchive()
        self.clock = clock
        self.accounts = Accounts(
            domain: address, shell: self.shell, limits: limits.accounts, rosterLimits: limits.roster,
            secret: secret, stored: stored)
        let link = ServerLink(
            address: address, shell: self.shell, clock: clock, pendingLimit: limits.pendingRequests)
        self.link = link
        self.delivery = ServiceDelivery(
            on: link,
            queues: SenderQueues(
                stanzasPerSender: limits.serviceStanzasPerSender, senders: limits.serviceSenders))
        let resolver = Resolver(
            routes: configuration.routes, rootKey: configuration.rootKey,
            nameServers: configuration.nameServers)
        self.remotes = RemoteStreams(environment: environment, resolver: resolver)
        let components = Components(
            domains: Set(secrets.keys), local: environment.domains.union(environment.hostedDomains),
            shell: self.shell, remotes: self.remotes)
        let receiver = RemoteReceiver(shell: self.shell)
        self.remotes.attach(receiver)
        self.listener = try XMPPListener(
            configuration.endpoints, environment: environment,
            clients: ClientService(
                mechanisms: configuration.mechanisms,
                features: { [shell] in shell.withDomain { $0.streamFeatures } },
                authority: self.accounts, acceptor: ClientAcceptor(shell: self.shell)),
            components: ComponentService(secrets: secrets, acceptor: components),
            remotes: self.remotes, receiver: receiver)
        self.openExits(link, components)
    }

    /// Looks at other servers the way this one reaches them.
    package var prober: RemoteProber { self.remotes.prober }

    /// Names who handles what is addressed to the domain, and what the domain says of itself; once, before `run()`.
    package func attach(_ handler: any StanzaHandler, profile: ServiceProfile) {
        self.delivery.attach(handler)
        self.shell.withDomain { $0.profile = profile }
    }

    /// Begins to listen; the ports in the order of the configuration's endpoints, where 0 let the system choose.
    ///
    /// Optional: `run()` does it otherwise. Clients can connect at once, but are answered only when the server runs.
    @discardableResult
    package func bind() async throws -> [Int] {
        try await self.listener.bind()
    }

    /// Serves until graceful shutdown: then streams are closed, and what they left to write is written.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // What the lanes do may wait for the archive.
                defer { self.shell.archive?.finish() }
                try await self.lane.run()
            }
            group.addTask {
                // What is done beside the lane may end in it.
                defer { self.lane.finish() }
                await self.wideLane.run()
            }
            group.addTask { await self.shell.archive?.run() }
            group.addTask { await self.keepArchivePruned() }
            group.addTask { try await self.delivery.run() }
            group.addTask {
                defer { self.wideLane.finish() }
                try await withGracefulShutdownHandler {
                    try await self.runStreams()
                } onGracefulShutdown: {
                    // Before the streams close: who is in a room elsewhere would not know otherwise.
                    self.shell.perform(self.shell.withDomain { $0.closeRooms() })
                }
            }
            try await group.waitForAll()
        }
    }

    /// How often messages that are too old are removed.
    private static let pruningPeriod = Duration.seconds(3_600)

    private func keepArchivePruned() async {
        guard let archive = self.shell.archive else { return }
        let (shell, clock) = (self.shell, self.clock)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let rules = shell.withDomain({ $0.archive }) {
                    await archive.prune(at: shell.now(), by: rules)
                }
                do {
                    try await clock.sleep(for: Self.pruningPeriod)
                } catch {
                    // The server stops.
                    return
                }
            }
        }
    }

    private func runStreams() async throws {
        // However the streams end: what their clients never got is to be kept or refused.
        defer { self.shell.endHibernated() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.listener.run() }
            group.addTask { try await self.remotes.run() }
            group.addTask { try await self.renewal.run() }
            try await group.waitForAll()
        }
    }

    private func openExits(_ link: ServerLink, _ components: Components) {
        let accounts = self.accounts
        self.shell.keeper.withLock { $0 = accounts.keeper }
        let (shell, delivery, remotes) = (self.shell, self.delivery, self.remotes)
        let logger = shell.logger
        shell.open(
            DomainShell.Exits(
                remote: { stanza in
                    if components.isFor(stanza) { return components.deliver(stanza) }
                    do throws(StanzaError) {
                        try remotes.send(stanza)
                    } catch {
                        guard let reply = stanza.errorReply(error) else { return }
                        shell.handleNow(.routed(reply))
                    }
                },
                service: { stanza in
                    if case .iq(let iq) = stanza, stanza.isAnswer {
                        if !link.take(iq) {
                            logger.debug("An answer that nobody waits for", metadata: ["id": "\(iq.id)"])
                        }
                        return
                    }
                    guard !delivery.offer(stanza) else { return }
                    let error = StanzaError(
                        .resourceConstraint, text: "too much of yours is waiting already; try again later")
                    guard let reply = stanza.errorReply(error) else { return }
                    shell.handleNow(.routed(reply))
                }))
    }

    private static func address(_ domain: String) throws -> JID {
        let address = try JID(domain)
        guard address.local == nil, address.resource == nil else {
            throw ConfigurationError(
                description: "'\(domain)' is not a domain: write it without '@' and '/', as in paris.example")
        }
        return address
    }

    /// Hosts the rooms that were kept, with the last that was said in them (XEP-0045); none without a domain for them.
    private static func hostRooms(
        of configuration: Configuration, in domain: inout LocalDomain, beside server: JID, database: Database
    ) async throws {
        guard let hosting = configuration.rooms else { return }
        let address = try Self.address(hosting.domain)
        guard address != server else {
            throw ConfigurationError(
                description: "the rooms need a domain of their own, not \(server): rooms.\(server), for one")
        }
        var random = SecureRandom()
        // What the ids of occupants are derived from.
        let secret = try await AccountStore(database: database)
            .secret(for: "rooms", orStore: random.bytes(Self.secretLength))
        domain.host(
            RoomService(
                address: address, policy: hosting.policy, limits: hosting.limits, secret: secret,
                rooms: try await RoomStore(database: database).rooms().map(RoomSnapshot.init)))
        try await Self.restoreHistories(in: &domain, from: ArchiveStore(database: database))
    }

    private static func environment(
        _ configuration: Configuration, _ domain: LocalDomain, secret: [UInt8], group: any EventLoopGroup,
        logger: Logger
    ) throws -> StreamEnvironment {
        StreamEnvironment(
            domains: [domain.address.domain], hostedDomains: Set(domain.hosted.keys),
            certificates: try CertificateStore(
                certificates: try Self.certificates(
                    configuration, domain.address, hosted: domain.hosted.keys),
                trust: configuration.trust),
            remotePolicy: configuration.remotePolicy, clientsMayOmitTLS: configuration.clientsMayOmitTLS,
            secret: secret, limits: configuration.limits.transport, group: group, logger: logger)
    }

    /// Each served domain with the certificate it shows.
    private static func certificates(
        _ configuration: Configuration, _ address: JID, hosted: some Sequence<String>
    ) throws -> [String: CertificateFiles] {
        var certificates = [try address.asciiDomain(): configuration.certificate]
        for domain in hosted {
            let name = try JID(domain).asciiDomain()
            let isRooms = try configuration.rooms.map { try JID($0.domain).domain } == domain
            certificates[name] =
                isRooms
                ? configuration.rooms?.certificate ?? configuration.certificate : configuration.certificate
        }
        return certificates
    }
}
