import Cryptography
package import Logging
package import NIOCore
package import XMPP

/// What all streams of a process share.
package struct StreamEnvironment: Sendable {
    /// The domains this process is the server of, prepared as in a `JID`.
    package var domains: Set<String>
    /// Domains of services beside them, such as rooms: for streams between servers only, nobody logs in there.
    package var hostedDomains: Set<String>
    package var certificates: CertificateStore
    package var remotePolicy: RemotePolicy
    /// Whether a client may authenticate without TLS.
    ///
    /// For tests on loopback only.
    package var clientsMayOmitTLS: Bool
    /// Random bytes, kept for as long as the domains: dialback keys (XEP-0185) and the made-up credentials of
    /// names without an account are derived from it.
    ///
    /// The same for all processes that serve a domain.
    package var secret: [UInt8]
    package var limits: TransportLimits
    package var group: any EventLoopGroup
    package var logger: Logger
    package let metrics: TransportMetrics
    let parsers = ParserPools()
    let guards: StreamGuards
    let hasher: PasswordHasher

    package init(
        domains: Set<String>, hostedDomains: Set<String> = [], certificates: CertificateStore,
        remotePolicy: RemotePolicy = RemotePolicy(),
        clientsMayOmitTLS: Bool = false, secret: [UInt8], limits: TransportLimits = TransportLimits(),
        group: any EventLoopGroup, logger: Logger,
        metrics: TransportMetrics = TransportMetrics(), hasher: PasswordHasher? = nil
    ) {
        self.domains = domains
        self.hostedDomains = hostedDomains
        self.certificates = certificates
        self.remotePolicy = remotePolicy
        self.clientsMayOmitTLS = clientsMayOmitTLS
        self.secret = secret
        self.limits = limits
        self.group = group
        self.logger = logger
        self.metrics = metrics
        self.guards = StreamGuards(limits)
        self.hasher = hasher ?? PasswordHasher(limit: limits.passwordHashes)
    }
}

extension StreamEnvironment {
    /// All domains that streams between servers may name as ours.
    var streamDomains: Set<String> {
        self.hostedDomains.isEmpty ? self.domains : self.domains.union(self.hostedDomains)
    }

    /// Whether the domain is ours, on streams between servers.
    func serves(_ domain: String) -> Bool {
        self.domains.contains(domain) || self.hostedDomains.contains(domain)
    }

    /// A stream id (RFC 6120 §4.7.3): 128 bits nobody can guess, for dialback keys depend on it.
    static func makeStreamID() -> String {
        var random = SecureRandom()
        return Hexadecimal.encode(random.bytes(16))
    }
}
