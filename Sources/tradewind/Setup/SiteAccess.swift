import Operations
import XMPP
import XMPPTransport

/// How a new site is to speak XMPP.
enum SiteAccess {
    case embedded
    case component(Route)
    /// Where to connect; nil for where DNS says.
    case client(Route?)

    init(_ wishes: InitCommand) throws(OperationError) {
        switch (wishes.component, wishes.client) {
        case (.none, .none): self = .embedded
        case (.some(let place), .none): self = .component(try Self.route(place, "--component"))
        case (.none, .some):
            guard let place = wishes.connect else {
                self = .client(nil)
                break
            }
            self = .client(try Self.route(place, "--connect"))
        case (.some, .some): throw OperationError(.badRequest, "--component and --client exclude each other")
        }
        let isServer = if case .embedded = self { true } else { false }
        guard isServer || (wishes.certificate == nil && wishes.route.isEmpty) else {
            throw OperationError(
                .badRequest, "--certificate and --route are for a site that is its own XMPP server")
        }
        guard wishes.connect == nil || wishes.client != nil else {
            throw OperationError(.badRequest, "--connect goes with --client")
        }
        guard wishes.secretFile == nil || !isServer else {
            throw OperationError(.badRequest, "--secret-file goes with --component or --client")
        }
    }

    private static func route(_ text: String, _ option: String) throws(OperationError) -> Route {
        guard let route = Route(text) else {
            throw OperationError(.badRequest, "\(option) must be HOST:PORT, or HOST:PORT,tls for direct TLS")
        }
        return route
    }

    /// The file of the secret.
    var secretName: String {
        switch self {
        case .embedded, .component: "xmpp.secret"
        case .client: "xmpp.password"
        }
    }

    /// The section `xmpp` of the configuration.
    func section(secretFile: String, authorities: String?) -> [String] {
        let trust = authorities.map { ["  authorities: \(SiteSetup.quoted($0))"] } ?? []
        switch self {
        case .embedded: return []
        case .component(let route):
            return ["xmpp:", "  kind: component"] + Self.lines(route) + ["  secret-file: \(secretFile)"]
                + trust
        case .client(let route):
            return ["xmpp:", "  kind: client"] + (route.map(Self.lines) ?? [])
                + ["  password-file: \(secretFile)"] + trust
        }
    }

    private static func lines(_ route: Route) -> [String] {
        ["  host: \(SiteSetup.quoted(route.host))", "  port: \(route.port)"]
            + (route.security == .directTLS ? ["  direct-tls: true"] : [])
    }

    /// What is to be done at the other server.
    func advice(for address: JID, secretFile: String) -> [String] {
        switch self {
        case .embedded: []
        case .component:
            [
                "In Prosody:      Component \"\(address)\" with component_secret = the line in \(secretFile)",
                "In ejabberd:     a listener with module: ejabberd_service, hosts: {\(address): {password: …}}",
            ]
        case .client:
            [
                "Make the account \(address) at its server, with the password in \(secretFile).",
                "Use it for nothing else: whoever has the password is the site.",
            ]
        }
    }
}
