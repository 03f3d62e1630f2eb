import CloudModel
import Federation
import Operations
import XMPP
import XMPPTransport

extension ServeConfiguration {
    /// By what this process is attached to somebody else's server.
    struct Attached: Sendable {
        var attachment: Attachment
        var trust: TrustAnchors
        var limits: AttachmentLimits
        var routes: [String: [Route]] = [:]
        /// Whether the server may be weaker than it was, once.
        var forgetsMechanism = false
    }

    /// How this process speaks XMPP.
    enum Link: Sendable {
        case embedded(Server)
        case attached(Attached)
    }
}

extension ServeConfiguration {
    /// The one line of a file that only its owner should read.
    static func secret(in path: String) throws(OperationError) -> String {
        let lines = try SiteFiles.read(path).split(whereSeparator: \.isNewline)
        guard lines.count == 1, let secret = lines.first.map(String.init) else {
            throw OperationError(.badRequest, "\(path) must hold one line, the secret itself")
        }
        return secret
    }
}

extension ServeConfiguration.Link {
    /// What `xmpp.kind` may be.
    enum Kind: String, CaseIterable {
        case embedded
        case component
        case client
    }

    init(_ file: ConfigurationFile, kind: Kind, address: JID) throws(OperationError) {
        if kind != .embedded, file.has("server") {
            throw OperationError(
                .badRequest, "\(file.path): server is there, but xmpp.kind is \(kind.rawValue)",
                next: "remove the section server: the XMPP server is somebody else's")
        }
        switch kind {
        case .embedded: self = .embedded(try ServeConfiguration.Server(file))
        case .component: self = .attached(try .component(file, address))
        case .client: self = .attached(try .client(file, address))
        }
    }
}

extension ServeConfiguration.Attached {
    static func component(_ file: ConfigurationFile, _ address: JID) throws(OperationError) -> Self {
        let host = try file.text("xmpp.host") ?? "127.0.0.1"
        let usesTLS = try file.flag("xmpp.direct-tls") ?? false
        guard usesTLS || Self.isThisMachine(host) else {
            throw OperationError(
                .badRequest,
                "\(file.path): xmpp.host is \(host), and a component's stream has no protection of its own",
                next: "use a port with TLS and xmpp.direct-tls: true, or a tunnel to 127.0.0.1")
        }
        let component = Attachment.Component(
            domain: address, secret: try Self.secret(file, "xmpp.secret-file", usual: "xmpp.secret"),
            host: host, port: try file.integer("xmpp.port", in: 1...65_535) ?? 5_347, usesTLS: usesTLS)
        return Self(
            attachment: .component(component), trust: try Self.trust(file),
            limits: try Self.limits(file, .component))
    }

    static func client(_ file: ConfigurationFile, _ address: JID) throws(OperationError) -> Self {
        var client = Attachment.Client(
            account: address, password: try Self.secret(file, "xmpp.password-file", usual: "xmpp.password"),
            resource: SiteID.accountResource, allowsPlain: try file.flag("xmpp.plain") ?? false)
        let usesTLS = try file.flag("xmpp.direct-tls") ?? false
        let port = try file.integer("xmpp.port", in: 1...65_535)
        if let host = try file.text("xmpp.host") {
            client.route = Route(
                host: host, port: port ?? (usesTLS ? 5_223 : 5_222),
                security: usesTLS ? .directTLS : .startTLS)
        } else if port != nil || usesTLS {
            throw file.problem("xmpp.host", "given together with xmpp.port and xmpp.direct-tls")
        }
        return Self(
            attachment: .client(client), trust: try Self.trust(file), limits: try Self.limits(file, .client),
            forgetsMechanism: try file.flag("xmpp.forget-mechanism") ?? false)
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    private static func trust(_ file: ConfigurationFile) throws(OperationError) -> TrustAnchors {
        let authorities = try file.text("xmpp.authorities") ?? "system"
        return authorities == "system" ? .system : .file(file.resolved(authorities))
    }

    private static func limits(
        _ file: ConfigurationFile, _ usual: AttachmentLimits
    ) throws(OperationError) -> AttachmentLimits {
        var limits = usual
        if let rate = try file.integer("xmpp.bytes-per-second", in: 0...1_000_000_000) {
            limits.bytesPerSecond = rate == 0 ? nil : rate
            limits.burstBytes = max(2 * rate, 1)
        }
        if let burst = try file.integer("xmpp.burst-bytes", in: 1...1_000_000_000) {
            limits.burstBytes = burst
        }
        let times = Duration.milliseconds(1)...Duration.seconds(86_400)
        if let shortest = try file.duration("xmpp.retry-shortest", in: times) {
            limits.set(\.shortestBackOff, to: shortest)
        }
        if let longest = try file.duration("xmpp.retry-longest", in: times) {
            limits.set(\.longestBackOff, to: longest)
        }
        return limits
    }

    /// The one line of a file that only its owner should read.
    private static func secret(
        _ file: ConfigurationFile, _ key: String, usual: String
    ) throws(OperationError) -> String {
        try ServeConfiguration.secret(in: file.resolved(try file.text(key) ?? usual))
    }
}
