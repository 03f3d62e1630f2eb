/// What DNS or the configuration says about where the servers of a domain are.
package struct NameFacts: Hashable, Sendable {
    /// Who said it.
    package enum Source: Hashable, Sendable {
        /// A static route.
        case configuration
        /// SRV records (RFC 6120 §3.2.1, XEP-0368 §3).
        case records
        /// There is no SRV record: the addresses of the domain itself (RFC 6120 §3.2.2).
        case domainItself
    }

    /// One server that was named.
    package struct Server: Hashable, Sendable {
        package var host: String
        package var port: Int
        /// Whether TLS comes first (XEP-0368).
        package var usesDirectTLS: Bool
        package var addresses: [String]
        /// Addresses inside private networks that DNS names: not connected to on a stranger's word.
        package var withheld: [String]
        /// What its certificate must be, as DNS says and DNSSEC proves (RFC 7673); nil if DNS does not say.
        package var expectation: TLSAExpectation?

        package init(
            host: String, port: Int, usesDirectTLS: Bool, addresses: [String], withheld: [String] = [],
            expectation: TLSAExpectation? = nil
        ) {
            self.host = host
            self.port = port
            self.usesDirectTLS = usesDirectTLS
            self.addresses = addresses
            self.withheld = withheld
            self.expectation = expectation
        }
    }

    package var domain: String
    package var source: Source
    /// In the order of trying.
    package var servers: [Server]
    /// Whether an SRV record with the target `.` says that there is no server (RFC 2782).
    package var isNotOffered: Bool
    /// Questions that DNS did not answer, with the reason.
    package var unanswered: [String]
    /// Answers whose signatures do not fit, with the reason: DNS, or somebody on the way, does not tell the truth.
    package var bogus: [String]

    package init(
        domain: String, source: Source, servers: [Server], isNotOffered: Bool = false,
        unanswered: [String] = [], bogus: [String] = []
    ) {
        self.domain = domain
        self.source = source
        self.servers = servers
        self.isNotOffered = isNotOffered
        self.unanswered = unanswered
        self.bogus = bogus
    }
}
