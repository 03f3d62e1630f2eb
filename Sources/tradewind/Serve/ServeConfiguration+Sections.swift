import Agent
import CloudModel
import ControlAPI
import Cryptography
import Foundation
import MachineDrivers
import Operations
import XMPP
import XMPPServer
import XMPPTransport

extension ServeConfiguration.Profile {
    init(_ file: ConfigurationFile, usualName: String) throws(OperationError) {
        self.name = try file.text("site.name") ?? usualName
        self.country = try file.text("site.country")?.uppercased()
        if let country, country.count != 2 { throw file.problem("site.country", "a country of two letters") }
        switch (try file.number("site.latitude"), try file.number("site.longitude")) {
        case (.none, .none):
            self.position = nil
        case (.some(let latitude), .some(let longitude)):
            guard let position = Position(latitude: latitude, longitude: longitude) else {
                throw file.problem("site.latitude", "-90 to 90, and site.longitude -180 to 180")
            }
            self.position = position
        case (.some, .none), (.none, .some):
            throw file.problem("site.latitude", "given together with site.longitude")
        }
        self.showsVersion = try file.flag("site.show-version") ?? self.showsVersion
        for text in try file.list("site.labels") {
            guard let colon = text.firstIndex(of: ":") else {
                throw file.problem("site.labels", "a list of texts NAME:VALUE; “\(text)” is none")
            }
            self.labels[String(text[..<colon])] = String(text[text.index(after: colon)...])
        }
    }
}

extension ServeConfiguration.Server {
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.certificate = CertificateFiles(
            chain: file.resolved(try file.requiredText("server.certificate")),
            key: file.resolved(try file.requiredText("server.key")))
        let authorities = try file.text("server.authorities") ?? "system"
        self.trust = authorities == "system" ? .system : .file(file.resolved(authorities))
        self.clientHost = try file.text("server.clients.host") ?? self.clientHost
        self.clientPort = try Self.port(file, "server.clients.port", usual: 5_222)
        self.clientTLSPort = try Self.port(file, "server.clients.tls-port", usual: nil)
        self.serverHost = try file.text("server.servers.host") ?? self.serverHost
        self.serverPort = try Self.port(file, "server.servers.port", usual: 5_269)
        self.serverTLSPort = try Self.port(file, "server.servers.tls-port", usual: nil)
        self.limits = try ServerLimits(file)
        self.acceptsDialback = try file.flag("server.dialback") ?? false
        self.peers = try RemotePolicy.exceptions(in: file)
        self.rootKey = try Self.rootKey(file)
        self.nameServers = try Self.nameServers(file)
        self.allowsSelfService = try file.flag("server.self-service") ?? true
        self.contacts = try Self.contacts(file)
        try self.readComponents(file)
        let mechanisms = try file.list("server.mechanisms")
        if !mechanisms.isEmpty {
            self.mechanisms = try Self.mechanisms(mechanisms, in: file)
        }
        let archive = try file.choice("server.archive", ["always", "roster", "never", "none"])
        if let archive { self.archive = ArchivePreferences.Standard(rawValue: archive) }
        self.hasFeeds = try file.flag("server.feeds") ?? self.hasFeeds
        for text in try file.list("server.routes") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let route = Route(parts[1]) else {
                throw file.problem("server.routes", "a list of texts DOMAIN=HOST:PORT; “\(text)” is none")
            }
            self.routes[parts[0], default: []].append(route)
        }
    }

    /// `abuse=mailto:abuse@paris.example`, one text for each address.
    private static func contacts(_ file: ConfigurationFile) throws(OperationError) -> ContactAddresses {
        var contacts = ContactAddresses()
        for text in try file.list("server.contacts") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let concern = ContactAddresses.Concern(rawValue: parts[0]),
                parts[1].contains(":")
            else {
                let concerns = ContactAddresses.Concern.allCases.map(\.rawValue).joined(separator: ", ")
                throw file.problem(
                    "server.contacts",
                    "a list of texts CONCERN=URI, with a concern among \(concerns); “\(text)” is none")
            }
            contacts.addresses[concern, default: []].append(parts[1])
        }
        return contacts
    }

    private mutating func readComponents(_ file: ConfigurationFile) throws(OperationError) {
        self.componentHost = try file.text("server.components.host") ?? self.componentHost
        self.componentPort =
            try file.integer("server.components.port", in: 1...65_535) ?? self.componentPort
        self.componentsUseTLS = try file.flag("server.components.tls") ?? false
        for text in try file.list("server.components.secrets") {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw file.problem(
                    "server.components.secrets", "a list of texts DOMAIN=FILE; “\(text)” is none")
            }
            self.components[parts[0]] = try ServeConfiguration.secret(in: file.resolved(parts[1]))
        }
    }

    /// Where Debian's package dns-root-data has the key of DNS's root.
    static let usualRootKey = "/usr/share/dns/root.key"

    /// Nil unless the file says that DNS is to be validated.
    private static func rootKey(_ file: ConfigurationFile) throws(OperationError) -> String? {
        let path = try file.text("federation.root-key").map(file.resolved) ?? Self.usualRootKey
        guard try file.flag("federation.dane") ?? false else { return nil }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw file.problem(
                "federation.root-key",
                "a file that can be read; \(path) cannot: Debian's package dns-root-data has one")
        }
        return path
    }

    private static func nameServers(_ file: ConfigurationFile) throws(OperationError) -> [NameServer] {
        var servers: [NameServer] = []
        for text in try file.list("federation.name-servers") {
            guard let server = NameServer(text) else {
                throw file.problem(
                    "federation.name-servers",
                    "a list of texts ADDRESS, ADDRESS:PORT or DOMAIN=ADDRESS:PORT, with IP addresses; “\(text)” is none"
                )
            }
            servers.append(server)
        }
        return servers
    }

    private static func mechanisms(
        _ names: [String], in file: ConfigurationFile
    ) throws(OperationError) -> [SASLMechanism] {
        var mechanisms: [SASLMechanism] = []
        for name in names {
            guard let mechanism = SASLMechanism(rawValue: name) else {
                throw file.problem(
                    "server.mechanisms", "a list of SASL mechanisms; “\(name)” is none that is known")
            }
            mechanisms.append(mechanism)
        }
        return mechanisms
    }

    /// A port; 0 switches it off.
    private static func port(
        _ file: ConfigurationFile, _ key: String, usual: Int?
    ) throws(OperationError) -> Int? {
        guard let port = try file.integer(key, in: 0...65_535) else { return usual }
        return port == 0 ? nil : port
    }
}

extension RoomHosting {
    /// Nil if the file switches rooms off.
    init?(_ file: ConfigurationFile, beside address: JID) throws(OperationError) {
        self = .beside(address.domain)
        let isEnabled = try file.flag("rooms.enabled") ?? true
        if let text = try file.text("rooms.domain") {
            let wish = "a domain of their own beside the site's, such as rooms.\(address.domain)"
            do throws(JIDError) {
                let domain = try JID(text)
                guard domain == domain.domainJID, domain != address else { throw JIDError.forbidden(.domain) }
                self.domain = domain.domain
            } catch {
                throw file.problem("rooms.domain", wish)
            }
        }
        self.policy.name = try file.text("rooms.name") ?? self.policy.name
        if try file.choice("rooms.creators", ["accounts", "anyone"]) == "anyone" {
            self.policy.creators = .anyone
        }
        self.limits = try RoomLimits(file)
        switch (try file.text("rooms.certificate"), try file.text("rooms.key")) {
        case (.none, .none): break
        case (.some(let chain), .some(let key)):
            self.certificate = CertificateFiles(chain: file.resolved(chain), key: file.resolved(key))
        case (.some, .none), (.none, .some):
            throw file.problem("rooms.certificate", "given together with rooms.key")
        }
        guard isEnabled else { return nil }
    }
}

extension ServeConfiguration.Agent {
    /// Nil if the file does not mention an agent.
    init?(_ file: ConfigurationFile, directory: String) throws(OperationError) {
        let driver = try file.choice("agent.driver", ["libvirt", "memory"])
        self.driver = driver == "memory" ? .memory : .libvirt
        self.uri = try file.text("agent.uri")
        self.root = try file.text("agent.root").map(file.resolved) ?? directory + "/libvirt"
        self.guestUser = try file.text("agent.guest-user")
        self.network = try MachineNetwork(in: file)
        self.offered = try Resources(offeredIn: file)
        let folders = try file.list("agent.image-directories")
        self.imageDirectories = folders.isEmpty ? [directory + "/images"] : folders.map(file.resolved)
        self.imageCacheMax =
            try file.amount("agent.image-cache") ?? ImageStoreConfiguration.cacheMaxDefault
        self.consoleMax =
            try file.amount("agent.console-limit") ?? LibvirtConfiguration.consoleMaxDefault
        let policies = AdmissionPolicy.allCases.map(\.rawValue)
        self.policy =
            try file.choice("agent.policy", policies).flatMap(AdmissionPolicy.init(rawValue:)) ?? .open
        self.rules = try SiteRules(file)
        self.price = try Price(file)
        self.carbon = try Carbon(file)
        self.measureInterval =
            try file.duration("agent.measure-interval", in: Duration.milliseconds(100)...(.seconds(60)))
            ?? .seconds(2)
        self.heat = try HeatRules(file)
        guard file.has("agent") else { return nil }
    }
}

extension MachineNetwork {
    /// What `agent.network` says.
    init(in file: ConfigurationFile) throws(OperationError) {
        let key = "agent.network"
        guard let text = try file.text(key) else {
            self = .none
            return
        }
        guard let network = MachineNetwork(text) else {
            throw file.problem(key, "none, user, bridge:NAME or network:NAME")
        }
        self = network
    }
}

extension Resources {
    /// What `agent.offered` says; nil if it is not there.
    init?(offeredIn file: ConfigurationFile) throws(OperationError) {
        let vcpus = try file.integer("agent.offered.vcpus", in: 1...65_536)
        let memory = try file.size("agent.offered.memory")
        let disk = try file.size("agent.offered.disk")
        guard file.has("agent.offered") else { return nil }
        guard let vcpus, let memory, let disk else {
            throw file.problem("agent.offered", "given in full: vcpus, memory and disk")
        }
        self.init(vcpus: vcpus, memory: Mebibytes(memory), disk: Mebibytes(disk))
    }
}

extension ControlAPI.Configuration {
    init(_ file: ConfigurationFile) throws(OperationError) {
        self.init()
        self.host = try file.text("api.host") ?? self.host
        self.port = try file.integer("api.port", in: 0...65_535) ?? self.port
        self.operationTimeout = try file.duration("api.timeout") ?? self.operationTimeout
        for text in try file.list("api.tokens") { self.tokens.append(try BearerToken(text, in: file)) }
    }
}

extension BearerToken {
    /// `ADDRESS sha256:HEX LABEL`.
    init(_ text: String, in file: ConfigurationFile) throws(OperationError) {
        let wish = "a list of texts ADDRESS sha256:DIGEST LABEL"
        let words = text.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3, words[1].hasPrefix("sha256:"),
            let digest = Hexadecimal.decode(words[1].dropFirst(7)),
            digest.count == HashFunction.sha256.digestLength
        else { throw file.problem("api.tokens", wish) }
        let address: JID
        do {
            address = try JID(words[0])
        } catch {
            throw file.problem("api.tokens", "\(wish); “\(words[0])” is no address: \(error)")
        }
        self.init(label: words[2], caller: GrantBook.Caller(address), digest: digest)
    }
}
