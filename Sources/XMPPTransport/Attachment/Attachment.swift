package import XMPP

/// How a process is attached to an XMPP server that is somebody else's.
package enum Attachment: Hashable, Sendable {
    /// As an external component (XEP-0114): it speaks for a domain of its own.
    case component(Component)
    /// As a client: it speaks for one account.
    case client(Client)

    package struct Component: Hashable, Sendable {
        /// The component's domain, as the server is configured to know it.
        package var domain: JID
        package var secret: String
        package var host: String
        package var port: Int
        /// Whether the port is one with TLS; otherwise the host has to be this machine.
        package var usesTLS: Bool

        package init(domain: JID, secret: String, host: String, port: Int, usesTLS: Bool = false) {
            self.domain = domain
            self.secret = secret
            self.host = host
            self.port = port
            self.usesTLS = usesTLS
        }
    }

    package struct Client: Hashable, Sendable {
        /// A bare address.
        package var account: JID
        package var password: String
        /// The resource to bind: where other processes look for this one.
        package var resource: String
        /// Where to connect; nil for where DNS says (RFC 6120 §3.2, XEP-0368).
        package var route: Route?
        /// Whether the password itself may be shown to the server.
        package var allowsPlain: Bool

        package init(
            account: JID, password: String, resource: String, route: Route? = nil,
            allowsPlain: Bool = false
        ) {
            self.account = account
            self.password = password
            self.resource = resource
            self.route = route
            self.allowsPlain = allowsPlain
        }
    }

    /// The bare address under which the process is known.
    package var address: JID {
        switch self {
        case .component(let component): component.domain
        case .client(let client): client.account
        }
    }

    /// The resource of a client.
    var resource: String? {
        switch self {
        case .component: nil
        case .client(let client): client.resource
        }
    }

    var contentNamespace: String {
        switch self {
        case .component: Namespace.component
        case .client: Namespace.client
        }
    }

    /// From and to where a mark goes, so that it comes back: the sender has a resource that no role uses.
    var markRoute: (from: JID?, to: JID) {
        switch self {
        case .component(let component):
            (JID(preparedLocal: nil, domain: component.domain.domain, resource: "mark"), component.domain)
        case .client(let client):
            (
                nil,
                JID(
                    preparedLocal: client.account.local, domain: client.account.domain,
                    resource: client.resource)
            )
        }
    }
}
