import Cryptography
import Foundation
import Operations
import XMPP
import XMPPTransport

/// Makes the files of a new site; nothing that is there is overwritten.
struct SiteSetup {
    private let wishes: InitCommand
    /// A domain, or the account's address of a client.
    private let address: JID
    private let access: SiteAccess
    private let admin: JID
    private let files: SiteFiles

    init(_ wishes: InitCommand) throws(OperationError) {
        self.wishes = wishes
        self.files = SiteFiles(directory: wishes.directory)
        self.access = try SiteAccess(wishes)
        guard let text = wishes.client ?? wishes.domain else {
            throw OperationError(.badRequest, "--domain or --client is needed: it is the site's address")
        }
        self.address = try Self.address(text)
        guard self.address.isBare, (self.address.local == nil) == (wishes.client == nil) else {
            throw OperationError(
                .badRequest, "--domain must be a domain without @ and /, --client an account's address")
        }
        let admin = wishes.admin ?? "admin"
        guard admin.contains("@") || wishes.component == nil else {
            throw OperationError(
                .badRequest,
                "--admin must be a whole address, such as you@example.org: a component has no accounts")
        }
        self.admin = try Self.address(admin.contains("@") ? admin : "\(admin)@\(self.address.domain)").bare
        guard ["libvirt", "memory", "none"].contains(wishes.driver) else {
            throw OperationError(.badRequest, "--driver must be libvirt, memory or none")
        }
        guard (wishes.certificate == nil) == (wishes.key == nil) else {
            throw OperationError(.badRequest, "--certificate and --key go together")
        }
        guard (wishes.latitude == nil) == (wishes.longitude == nil) else {
            throw OperationError(.badRequest, "--latitude and --longitude go together")
        }
    }

    private static func address(_ text: String) throws(OperationError) -> JID {
        do { return try JID(text) } catch {
            throw OperationError(.badRequest, "“\(text)” is no address: \(error)")
        }
    }

    /// Writes everything; what to tell, line by line.
    func write() throws(OperationError) -> [String] {
        let path = self.files.path("tradewind.yaml")
        guard !self.files.has("tradewind.yaml") else {
            throw OperationError(.conflict, "\(path) is there already", next: "choose another --directory")
        }
        try self.files.makeFolder("")
        var random = SecureRandom()
        let seed = Hexadecimal.encode(random.bytes(SigningKey.length))
        try self.files.write(seed + "\n", to: "site.key", isSecret: true)
        let token = Hexadecimal.encode(random.bytes(24))
        try self.files.write(token + "\n", to: "token", isSecret: true)
        let digest = Hexadecimal.encode(HashFunction.sha256.digest(of: Array(token.utf8)))
        let told: [String]
        let section: [String]
        switch self.access {
        case .embedded:
            section = self.serverSection(authorities: try self.writeCertificate(&random))
            told = [
                "Make an account: tradewind account create \(self.admin.local ?? "admin") password=… "
                    + "--config \(path)"
            ]
        case .component, .client:
            let name = try self.writeSecret(&random)
            section = self.access.section(secretFile: name, authorities: self.authorities)
            told = self.access.advice(for: self.address, secretFile: self.files.path(name))
        }
        try self.files.write(
            self.configuration(section, digest: digest), to: "tradewind.yaml", isSecret: false)
        return [
            "\(path) is written, with the keys beside it.",
            "Start it:        tradewind serve --config \(path)",
        ] + told
    }

    /// The secret shared with somebody else's server, given or made up; the name of its file.
    private func writeSecret(_ random: inout SecureRandom) throws(OperationError) -> String {
        let name = self.access.secretName
        let secret: String
        if let path = self.wishes.secretFile {
            secret = try SiteFiles.read(path)
        } else {
            secret = Hexadecimal.encode(random.bytes(16)) + "\n"
        }
        try self.files.write(secret, to: name, isSecret: true)
        return name
    }

    /// Who vouches for somebody else's server: an authority of one's own, or nil for the system's.
    private var authorities: String? { self.wishes.ca.map { SiteFiles(directory: $0).path("ca.crt") } }

    /// The domain's certificate, made or copied; the file of trusted authorities, or `system`.
    private func writeCertificate(_ random: inout SecureRandom) throws(OperationError) -> String {
        try self.files.makeFolder("tls")
        if let certificate = self.wishes.certificate, let key = self.wishes.key {
            try self.files.write(SiteFiles.read(certificate), to: "tls/site.crt", isSecret: false)
            try self.files.write(SiteFiles.read(key), to: "tls/site.key", isSecret: true)
            return "system"
        }
        let folder =
            self.wishes.ca.map { SiteFiles(directory: $0) } ?? SiteFiles(directory: self.files.path("ca"))
        let authority = try self.authority(in: folder, &random)
        let pair: CertificateAuthority.Pair
        do {
            pair = try authority.certificate(
                for: self.address.asciiDomain(), others: ["rooms." + self.address.asciiDomain()],
                serial: Self.serial(&random))
        } catch {
            throw OperationError(.internalError, "the certificate could not be made: \(error)")
        }
        try self.files.write(pair.certificate, to: "tls/site.crt", isSecret: false)
        try self.files.write(pair.key, to: "tls/site.key", isSecret: true)
        try self.files.write(authority.pair.certificate, to: "tls/authorities.crt", isSecret: false)
        return "tls/authorities.crt"
    }

    /// Positive and no longer than 20 bytes (RFC 5280 §4.1.2.2).
    private static func serial(_ random: inout SecureRandom) -> [UInt8] {
        [0x40] + random.bytes(15)
    }

    private func authority(
        in folder: SiteFiles, _ random: inout SecureRandom
    ) throws(OperationError) -> CertificateAuthority {
        if folder.has("ca.crt") {
            return CertificateAuthority(
                .init(
                    certificate: try SiteFiles.read(folder.path("ca.crt")),
                    key: try SiteFiles.read(folder.path("ca.key"))))
        }
        let authority: CertificateAuthority
        do {
            authority = try CertificateAuthority(
                named: "Tradewind authority", serial: Self.serial(&random))
        } catch {
            throw OperationError(.internalError, "the authority could not be made: \(error)")
        }
        try folder.makeFolder("")
        try folder.write(authority.pair.certificate, to: "ca.crt", isSecret: false)
        try folder.write(authority.pair.key, to: "ca.key", isSecret: true)
        return authority
    }
}

extension SiteSetup {
    private func configuration(_ section: [String], digest: String) -> String {
        var lines = [
            "# A Tradewind site. The manual describes every key; relative paths start at this file.",
            "site:",
            "  address: \(self.address)",
            "  name: \(Self.quoted(self.wishes.name ?? self.address.description))",
            "  key: site.key",
        ]
        if let country = self.wishes.country { lines.append("  country: \(Self.quoted(country))") }
        if let latitude = self.wishes.latitude, let longitude = self.wishes.longitude {
            lines += ["  latitude: \(latitude)", "  longitude: \(longitude)"]
        }
        lines += [
            "directory: data",
            "log:",
            "  level: info",
        ]
        lines += section
        if self.wishes.driver != "none" {
            lines += ["agent:", "  driver: \(self.wishes.driver)"]
            if let user = self.wishes.guestUser { lines.append("  guest-user: \(Self.quoted(user))") }
            if !self.wishes.imageDirectory.isEmpty {
                lines.append("  image-directories:")
                lines += self.wishes.imageDirectory.map { "    - \(Self.quoted($0))" }
            }
        }
        lines += [
            "coordinator:",
            "  enabled: \(self.wishes.coordinator)",
            "api:",
            "  port: \(self.wishes.httpPort)",
            "  token-file: token",
            "  tokens:",
            "    - \(Self.quoted("\(self.admin) sha256:\(digest) command line"))",
            "grants:",
            "  - \(Self.quoted("\(self.admin) all"))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func serverSection(authorities: String) -> [String] {
        var lines = [
            "server:",
            "  certificate: tls/site.crt",
            "  key: tls/site.key",
            "  authorities: \(authorities)",
            "  clients:",
            "    port: \(self.wishes.clientPort)",
            "  servers:",
            "    port: \(self.wishes.serverPort)",
        ]
        if !self.wishes.route.isEmpty {
            lines.append("  routes:")
            lines += self.wishes.route.map { "    - \(Self.quoted($0))" }
        }
        return lines
    }

    /// A double-quoted YAML scalar, which takes JSON's escapes.
    static func quoted(_ text: String) -> String { Value.string(text).json() }
}
