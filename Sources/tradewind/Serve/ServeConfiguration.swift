import Agent
import CloudModel
import ControlAPI
import Coordinator
import Federation
import Gossip
import Logging
import MachineDrivers
import Operations
import Participant
import XMPP
import XMPPServer
import XMPPTransport

/// Everything that `tradewind serve` reads from its file; the manual page describes each key.
struct ServeConfiguration: Sendable {
    /// What listens, and with which certificate.
    struct Server: Sendable {
        var certificate: CertificateFiles
        var trust: TrustAnchors
        var clientHost = "127.0.0.1"
        var clientPort: Int? = 5_222
        var clientTLSPort: Int?
        var serverHost = "127.0.0.1"
        var serverPort: Int? = 5_269
        var serverTLSPort: Int?
        var limits = ServerLimits()
        var routes: [String: [Route]] = [:]
        var acceptsDialback = false
        /// Where external components connect, and the secret of each by its domain.
        var componentHost = "127.0.0.1"
        var componentPort = 5_347
        /// Whether components have to speak TLS from the first byte.
        var componentsUseTLS = false
        var components: [String: String] = [:]
        /// The file of the keys by which DNS is validated, if it is.
        var rootKey: String?
        /// Who is asked about other servers, for all names or some, instead of the system's name servers.
        var nameServers: [NameServer] = []
        /// How single domains, and all below one, must prove who they are.
        var peers: [String: RemotePolicy.Authentication] = [:]
        /// By which mechanisms clients may log in; nil for the server's own choice.
        var mechanisms: [SASLMechanism]?
        /// What is archived for accounts that have said nothing about it; nil for no archives at all.
        var archive: ArchivePreferences.Standard? = .always
        /// Whether people of the domain may publish feeds.
        var hasFeeds = true
        /// Whom to turn to about the server, for everybody to see.
        var contacts = ContactAddresses()
        /// Whether people may change their own password and delete their account with their client.
        var allowsSelfService = true
    }

    /// What a site says about itself.
    struct Profile: Sendable {
        var name: String
        var country: String?
        var position: Position?
        var labels: [String: String] = [:]
        /// Whether everybody may ask for the version of the software.
        var showsVersion = true
    }

    /// What this process is as an agent.
    struct Agent: Sendable {
        /// Which hypervisor it drives.
        enum Driver: Hashable, Sendable {
            /// Machines that exist only in this process: for trials and tests.
            case memory
            case libvirt
        }

        var driver: Driver
        /// Any libvirt URI; nil for QEMU inside this process, with everything below `root`.
        var uri: String?
        /// Where embedded machines live; a short path, for sockets are made below it.
        var root: String
        /// The user that embedded guests run as; nil for libvirt's own.
        var guestUser: String?
        /// What machines are connected to.
        var network: MachineNetwork
        /// What the site offers of its host; nil for all of it.
        var offered: Resources?
        /// Below which folders images may be named by path.
        var imageDirectories: [String]
        /// How much of what was downloaded is kept.
        var imageCacheMax: Mebibytes
        /// How much of a guest's console is kept on disk.
        var consoleMax: Mebibytes
        var policy: AdmissionPolicy
        /// Quotas and how long things are remembered.
        var rules: SiteRules
        var price: Price?
        var carbon: Carbon?
        /// How often the hosts are measured.
        var measureInterval: Duration
        /// When the site is too busy for new work.
        var heat: HeatRules
    }

    /// The address, a bare JID.
    let address: JID
    /// Where state is kept: the database, images, consoles.
    let directory: String
    let siteKeyFile: String
    let logLevel: Logger.Level
    let profile: Profile
    let link: Link
    /// Nil if there are none.
    let rooms: RoomHosting?
    /// Nil if this process is no agent.
    let agent: Agent?
    let isCoordinator: Bool
    /// How it coordinates, if it does.
    let coordinator: Coordinator.Configuration
    /// How it takes part in alliances.
    let federation: FederationService.Configuration
    let api: ControlAPI.Configuration
    let isAPIServed: Bool
    /// The token that the command line shows when it is given this file.
    let clientTokenFile: String
    let grants: [Grant]
    /// Domains whose chat rooms are believed about who is in them, besides our own.
    let trustedRooms: Set<String>
    let roles: [String: Set<String>]

    var site: SiteID { SiteID(self.address.description) }

    /// Where stanzas for this very process go: the address, with the resource of a client.
    var entity: JID {
        self.address.local.map {
            JID(preparedLocal: $0, domain: self.address.domain, resource: SiteID.accountResource)
        } ?? self.address
    }

    /// The embedded server; nil if somebody else's is used.
    var server: Server? {
        if case .embedded(let server) = self.link { server } else { nil }
    }

    static func reading(_ path: String) async throws(OperationError) -> Self {
        let file = try await ConfigurationFile(path: path)
        let configuration = try Self(file)
        try file.refuseUnknownKeys()
        guard configuration.agent != nil || configuration.isCoordinator else {
            throw OperationError(
                .badRequest, "\(path) names no role", next: "add agent.driver, coordinator.enabled, or both")
        }
        return configuration
    }

    private init(_ file: ConfigurationFile) throws(OperationError) {
        let kinds = Link.Kind.allCases.map(\.rawValue)
        let kind = try file.choice("xmpp.kind", kinds).flatMap(Link.Kind.init(rawValue:)) ?? .embedded
        self.address = try Self.address(file, "site.address", kind)
        self.directory = file.resolved(try file.text("directory") ?? "data")
        self.siteKeyFile = file.resolved(try file.text("site.key") ?? "site.key")
        let levels = Logger.Level.allCases.map(\.rawValue)
        self.logLevel = try file.choice("log.level", levels).flatMap(Logger.Level.init(rawValue:)) ?? .info
        self.profile = try Profile(file, usualName: self.address.description)
        self.link = try Link(file, kind: kind, address: self.address)
        self.rooms = kind == .embedded ? try RoomHosting(file, beside: self.address) : nil
        self.agent = try Agent(file, directory: self.directory)
        self.isCoordinator = try file.flag("coordinator.enabled") ?? false
        self.coordinator = try .init(file, address: SiteID(self.address.description))
        self.federation = try .init(
            file, name: self.profile.name, role: self.agent == nil ? .coordinator : .agent)
        self.isAPIServed = try file.flag("api.enabled") ?? true
        self.api = try ControlAPI.Configuration(file)
        self.clientTokenFile = file.resolved(try file.text("api.token-file") ?? "token")
        var grants: [Grant] = []
        for text in try file.list("grants") { grants.append(try Grant(text: text)) }
        self.grants = grants
        self.trustedRooms = try Self.domains(file, "chat.trusted-rooms")
        self.roles = try Self.roles(file)
    }

    private static func address(
        _ file: ConfigurationFile, _ key: String, _ kind: Link.Kind
    ) throws(OperationError) -> JID {
        let text = try file.requiredText(key)
        let address: JID
        do {
            address = try JID(text)
        } catch {
            throw file.problem(key, "an XMPP address such as paris.example; “\(text)” is none: \(error)")
        }
        switch kind {
        case .embedded, .component:
            guard address.isBare, address.local == nil else {
                throw file.problem(key, "a domain, without @ and /")
            }
        case .client:
            guard address.isBare, address.local != nil else {
                throw file.problem(key, "the account's address, such as paris@example.org, for a client")
            }
        }
        return address
    }

    /// A list of domains, prepared.
    private static func domains(
        _ file: ConfigurationFile, _ key: String
    ) throws(OperationError) -> Set<String> {
        var domains: Set<String> = []
        for text in try file.list(key) {
            let address: JID
            do {
                address = try JID(text)
            } catch {
                throw file.problem(key, "a list of domains; “\(text)” is none: \(error)")
            }
            guard address.local == nil, address.resource == nil else {
                throw file.problem(key, "a list of domains, without @ and /; “\(text)” is none")
            }
            domains.insert(address.domain)
        }
        return domains
    }

    /// `admins=alice@paris.example,bob@paris.example`, one text for each role.
    private static func roles(_ file: ConfigurationFile) throws(OperationError) -> [String: Set<String>] {
        var roles: [String: Set<String>] = [:]
        for text in try file.list("roles") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw file.problem("roles", "a list of texts ROLE=ADDRESS,…; “\(text)” is none")
            }
            roles[parts[0], default: []].formUnion(parts[1].split(separator: ",").map(String.init))
        }
        return roles
    }
}
