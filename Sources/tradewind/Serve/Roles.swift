import Agent
import CloudModel
import ControlAPI
import Coordinator
import Cryptography
import Federation
import Foundation
import Gossip
import Logging
import MachineDrivers
import Operations
import Participant
import Placement
import ServiceLifecycle
import Storage
import XMPP
import XMPPTransport

/// The alliance and the roles that take part in it: agent, coordinator or both.
struct Roles: Sendable {
    let names: [String]
    private let site: SiteID
    let federation: FederationService
    private let grants: GrantKeeper
    private let agent: Agent?
    /// Where machines' states and what happens to workloads are told.
    let feeds: SiteFeeds
    private let coordinator: Coordinator?
    private let remote: RemoteOperations
    private let reports: Reports

    init(
        _ configuration: ServeConfiguration, database: Database, link: any XMPPLink, grants: GrantKeeper,
        logger: Logger
    ) async throws {
        self.site = configuration.site
        self.grants = grants
        self.remote = RemoteOperations(link: link)
        let reports = Reports(site: configuration.site, link: link)
        self.reports = reports
        self.names =
            (configuration.agent == nil ? [] : ["agent"])
            + (configuration.isCoordinator ? ["coordinator"] : [])
        let federation = try FederationService(
            link: link, signingKey: Self.signingKey(in: configuration.siteKeyFile),
            store: FederationStore(database: database),
            configuration: configuration.federation, now: SiteProcess.now, logger: logger)
        self.federation = federation
        let feeds = try await SiteFeeds(
            at: configuration.entity, feeds: configuration.feedNodes, store: PubSubStore(database: database),
            link: link, mayListen: Self.mayListen(grants, federation), now: SiteProcess.now, logger: logger)
        self.feeds = feeds
        if let wishes = configuration.agent {
            self.agent = try Self.agent(
                wishes, configuration, driver: try Self.driver(wishes, configuration, logger: logger),
                database: database,
                federation: federation, reports: reports, feeds: feeds, logger: logger)
        } else {
            self.agent = nil
        }
        guard configuration.isCoordinator else {
            self.coordinator = nil
            return
        }
        let agent = self.agent
        let coordinator = Coordinator(
            configuration: configuration.coordinator, store: PlacementStore(database),
            sites: LinkedSites(link: link) {
                AllianceView(
                    federation.sites(), at: federation.site, position: configuration.profile.position,
                    own: agent?.description, now: SiteProcess.now())
            },
            now: SiteProcess.now, tell: { news in await feeds.publish(news) }, logger: logger)
        reports.attach(coordinator)
        self.coordinator = coordinator
    }

    /// All grants as they count now.
    var grantBook: GrantBook {
        var book = self.grants.book
        book.suspensions = self.federation.suspensions
        return book
    }

    /// Whether an address may listen at a node, as the grants are when it is asked.
    private static func mayListen(
        _ grants: GrantKeeper, _ federation: FederationService
    ) -> SiteFeeds.Guard {
        { address, feed, owner in
            var book = grants.book
            book.suspensions = federation.suspensions
            let caller = GrantBook.Caller(address)
            switch feed {
            case .machines: return book.scope(of: Permission("machine.list"), for: caller) == .site
            case .workloads:
                let scope = book.scope(of: Permission("workload.events"), for: caller)
                return scope == .site || (scope == .own && (owner == nil || owner == caller.address))
            }
        }
    }

    /// In the order of their dependencies.
    var services: [any Service] {
        var services: [any Service] = [self.federation]
        if let agent { services.append(agent) }
        if let coordinator { services.append(coordinator) }
        return services
    }

    /// Answers what other sites ask of the alliance, the agent and the coordinator.
    func register(on dispatcher: StanzaDispatcher) {
        self.federation.register(on: dispatcher)
        if let agent {
            agent.responder { self.grantBook }.register(on: dispatcher)
        }
        if let coordinator {
            self.federation.serve(MachineReport.self, on: dispatcher) { report, site throws(StanzaError) in
                do throws(OperationError) {
                    try await coordinator.receive(report, from: site)
                } catch {
                    throw error.stanzaError
                }
                return nil
            }
            self.federation.serve(LeaseRequest.self, on: dispatcher) { request, site throws(StanzaError) in
                coordinator.renew(request, from: site).element
            }
        }
    }

    /// Registers what the roles perform.
    func register(in table: inout OperationTable) {
        let agent = self.agent
        table.registerSites(self.federation, grants: self.grants, load: { await agent?.load }) {
            agent?.description
        }
        self.agent?.register(in: &table)
        guard let coordinator else { return }
        coordinator.register(in: &table)
        if self.agent == nil {
            MachineForwarding(coordinator: coordinator, remote: self.remote).register(in: &table)
        }
    }

    /// What hinders the roles, as far as is known already: nothing is asked that may not answer.
    func health() async -> [HealthReport.Check] {
        guard let agent else { return [] }
        return [.init("hypervisor", fault: agent.outage)]
    }

    private static func signingKey(in path: String) throws(OperationError) -> SigningKey {
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let seed = Hexadecimal.decode(text.trimmingCharacters(in: .whitespacesAndNewlines))
            return try SigningKey(rawRepresentation: seed ?? [])
        } catch {
            throw OperationError(
                .badRequest, "the site key in \(path) cannot be read: \(error)",
                next: "tradewind init writes one; a lost key means joining anew")
        }
    }

    static func driver(
        _ wishes: ServeConfiguration.Agent, _ configuration: ServeConfiguration, logger: Logger
    ) throws(OperationError) -> any MachineDriver {
        switch wishes.driver {
        case .memory:
            let total =
                wishes.offered
                ?? Resources(vcpus: 16, memory: .gibibytes(64), disk: .gibibytes(500))
            return InMemoryDriver(hosts: [
                Host(
                    name: "memory", hypervisor: "memory", total: total, load: 0, freeMemory: total.memory)
            ])
        case .libvirt:
            var libvirt = LibvirtConfiguration.embedded(root: wishes.root)
            if let uri = wishes.uri { libvirt.uri = uri }
            libvirt.offered = wishes.offered
            libvirt.guestUser = wishes.guestUser
            libvirt.network = wishes.network
            libvirt.consoleMax = wishes.consoleMax
            if wishes.uri == nil { try SiteProcess.makeDirectory(wishes.root) }
            return LibvirtDriver(configuration: libvirt, logger: logger)
        }
    }

    private static func agent(
        _ wishes: ServeConfiguration.Agent, _ configuration: ServeConfiguration, driver: any MachineDriver,
        database: Database, federation: FederationService, reports: Reports, feeds: SiteFeeds,
        logger: Logger
    ) throws -> Agent {
        let profile = configuration.profile
        let images = ImageStoreConfiguration(
            directories: wishes.imageDirectories, cache: wishes.root + "/images",
            cacheMax: wishes.imageCacheMax)
        return try Agent(
            configuration: AgentConfiguration(
                site: configuration.site,
                profile: .init(
                    name: profile.name, position: profile.position, country: profile.country,
                    labels: profile.labels, price: wishes.price, carbon: wishes.carbon),
                rules: wishes.rules,
                policy: wishes.policy, measureInterval: wishes.measureInterval, heat: wishes.heat),
            driver: driver, images: ImageStore(configuration: images), database: database,
            outlets: .init(
                report: { machine, holder in try await reports.send(machine, to: holder) },
                publish: { description in
                    do {
                        try await federation.publish(description)
                    } catch {
                        logger.error("the site's row cannot be published", metadata: ["error": "\(error)"])
                    }
                },
                listens: { holder in
                    holder == configuration.site || federation.knownSite(holder) != nil
                },
                tell: { machines, isNews in await feeds.publish(machines, isNews: isNews) },
                renew: { request, holder, patience in
                    try await reports.renew(request, of: holder, within: patience)
                }), logger: logger,
            now: SiteProcess.now, load: Self.load(wishes))
    }

    /// What is measured of the host that this process runs on, if that is where the machines are.
    private static func load(_ wishes: ServeConfiguration.Agent) -> LoadReader {
        switch wishes.driver {
        case .memory: return .none
        case .libvirt:
            var libvirt = LibvirtConfiguration.embedded(root: wishes.root)
            if let uri = wishes.uri { libvirt.uri = uri }
            return libvirt.isLocalQEMU ? .system(root: wishes.root) : .none
        }
    }
}
