import CloudModel
import Federation
import Operations
import Participant
import XMPP
import XMPPServer
import XMPPTransport

extension ServeConfiguration {
    /// The embedded server's own configuration.
    func xmppServer(_ server: Server) -> XMPPServer.Configuration {
        let policy = RemotePolicy(
            standard: server.acceptsDialback ? .certificateOrDialback : .certificate,
            exceptions: server.peers)
        var configuration = XMPPServer.Configuration(
            domain: self.address.domain, certificate: server.certificate, trust: server.trust,
            endpoints: self.endpoints, routes: server.routes, remotePolicy: policy, limits: server.limits,
            rooms: self.rooms)
        configuration.rootKey = server.rootKey
        configuration.nameServers = server.nameServers
        configuration.archive = server.archive
        configuration.hasFeeds = server.hasFeeds
        configuration.contacts = server.contacts
        configuration.allowsSelfService = server.allowsSelfService
        configuration.showsVersion = self.profile.showsVersion
        configuration.components = server.components
        configuration.limits.transport.rates.exempt.formUnion(self.trusted)
        if let mechanisms = server.mechanisms { configuration.mechanisms = mechanisms }
        return configuration
    }

    /// Those whom a grant trusts with something: administrators, and the agents of allies.
    private var trusted: [JID] {
        self.grants.compactMap { grant -> JID? in
            switch grant.subject {
            case .address(let text), .domain(let text):
                do {
                    return try JID(text).bare
                } catch {
                    // A grant to what is no address lets nobody do anything.
                    return nil
                }
            case .role: return nil
            }
        }
    }

    /// Where the server listens.
    var endpoints: [XMPPListener.Endpoint] {
        guard let server = self.server else { return [] }
        var endpoints: [XMPPListener.Endpoint] = []
        if let port = server.clientPort {
            endpoints.append(.init(.clientStreams, host: server.clientHost, port: port))
        }
        if let port = server.clientTLSPort {
            endpoints.append(
                .init(.clientStreams, host: server.clientHost, port: port, security: .directTLS))
        }
        if let port = server.serverPort {
            endpoints.append(.init(.serverStreams, host: server.serverHost, port: port))
        }
        if let port = server.serverTLSPort {
            endpoints.append(
                .init(.serverStreams, host: server.serverHost, port: port, security: .directTLS))
        }
        if !server.components.isEmpty {
            endpoints.append(
                .init(
                    .componentStreams, host: server.componentHost, port: server.componentPort,
                    security: server.componentsUseTLS ? .directTLS : .startTLS))
        }
        return endpoints
    }

    /// The grants of the file, and that of this process on itself: its coordinator uses its own agent like any other.
    var allGrants: [Grant] {
        let own = Grant.Subject.address(self.address.description)
        return self.grants + [
            Grant(subject: own, permissions: .noun("reservation"), scope: .own),
            Grant(subject: own, permissions: .noun("machine"), scope: .own),
        ]
    }

    /// The nodes at which this process tells those who subscribe.
    var feedNodes: [FeedNode] {
        (self.agent == nil ? [] : [.machines]) + (self.isCoordinator ? [.workloads] : [])
    }

    func serviceProfile(features: [String]) -> ServiceProfile {
        ServiceProfile(
            identities: [.init(category: "automation", type: "tradewind", name: self.profile.name)],
            features: features, items: self.feedNodes.map { SiteFeeds.item($0, at: self.address) },
            softwareName: "Tradewind", softwareVersion: SiteProcess.version)
    }
}
