package import XMPP
package import XMPPTransport

extension XMPPServer {
    /// Everything that distinguishes one server from another.
    package struct Configuration: Hashable, Sendable {
        /// The domain it is the server of, for instance `paris.example`.
        package var domain: String
        /// The domain's certificate and key, PEM.
        package var certificate: CertificateFiles
        /// Who may vouch for other servers.
        package var trust: TrustAnchors
        /// Where to listen.
        package var endpoints: [XMPPListener.Endpoint]
        /// Where certain other domains are to be reached instead of where DNS says, in the order of trying.
        package var routes: [String: [Route]]
        package var remotePolicy: RemotePolicy
        /// The file of the keys by which DNS is validated, usually that of its root: with it other servers must show the
        /// certificates that DNS announces (RFC 7673).
        package var rootKey: String?
        /// Which name servers are asked for other servers instead of those of the system, for all names or some.
        package var nameServers: [NameServer]
        /// By which mechanisms clients may log in; PLAIN only if it is named here, and only under TLS.
        package var mechanisms: [SASLMechanism]
        /// Whether a client may log in without TLS: for tests on loopback only.
        package var clientsMayOmitTLS: Bool
        /// What is archived for accounts that have said nothing about it; nil archives nothing.
        package var archive: ArchivePreferences.Standard?
        /// Whether the domain has feeds, at `feeds.` and its name.
        package var hasFeeds: Bool
        /// The secrets of external components (XEP-0114), by the domain that each speaks for.
        package var components: [String: String]
        package var limits: ServerLimits
        /// Rooms on a domain of their own; nil for none.
        package var rooms: RoomHosting?
        /// Whom to turn to about the domain, for everybody to see.
        package var contacts: ContactAddresses
        /// Whether clients may change their password and delete their account by themselves (XEP-0077).
        package var allowsSelfService: Bool
        /// Whether everybody may ask which version of the software this is (XEP-0092).
        package var showsVersion: Bool

        package init(
            domain: String, certificate: CertificateFiles, trust: TrustAnchors = .system,
            endpoints: [XMPPListener.Endpoint] = Self.usualEndpoints(host: "0.0.0.0"),
            routes: [String: [Route]] = [:], remotePolicy: RemotePolicy = RemotePolicy(),
            mechanisms: [SASLMechanism] = [.scramSHA256Plus, .scramSHA1Plus, .scramSHA256, .scramSHA1],
            clientsMayOmitTLS: Bool = false, archive: ArchivePreferences.Standard? = .always,
            hasFeeds: Bool = true, components: [String: String] = [:],
            limits: ServerLimits = ServerLimits(), rooms: RoomHosting? = nil,
            contacts: ContactAddresses = ContactAddresses(), allowsSelfService: Bool = true
        ) {
            self.domain = domain
            self.certificate = certificate
            self.trust = trust
            self.endpoints = endpoints
            self.routes = routes
            self.remotePolicy = remotePolicy
            self.rootKey = nil
            self.nameServers = []
            self.mechanisms = mechanisms
            self.clientsMayOmitTLS = clientsMayOmitTLS
            self.archive = archive
            self.hasFeeds = hasFeeds
            self.components = components
            self.limits = limits
            self.rooms = rooms
            self.contacts = contacts
            self.allowsSelfService = allowsSelfService
            self.showsVersion = true
        }

        /// The server's features, but for those that are switched off.
        var features: [DomainFeature] {
            DomainFeature.all.filter { feature in
                (self.archive != nil || feature.name != DomainFeature.archive.name)
                    && (self.showsVersion || feature.name != DomainFeature.softwareVersion.name)
                    && (self.allowsSelfService || feature.name != DomainFeature.registration.name)
            }
        }

        /// The four ports every XMPP client and server looks for: 5222 and 5269 with STARTTLS, 5223 and 5270 with TLS first.
        package static func usualEndpoints(host: String) -> [XMPPListener.Endpoint] {
            [
                XMPPListener.Endpoint(.clientStreams, host: host, port: 5_222),
                XMPPListener.Endpoint(.clientStreams, host: host, port: 5_223, security: .directTLS),
                XMPPListener.Endpoint(.serverStreams, host: host, port: 5_269),
                XMPPListener.Endpoint(.serverStreams, host: host, port: 5_270, security: .directTLS),
            ]
        }
    }

    /// What can be wrong with a configuration.
    package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }
}
