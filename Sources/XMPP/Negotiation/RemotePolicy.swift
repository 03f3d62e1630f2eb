/// How the servers of other domains must prove who they are, both as those who connect and those connected to.
package struct RemotePolicy: Hashable, Sendable {
    /// Either way the stream is encrypted: without TLS nothing is exchanged.
    package enum Authentication: Hashable, Sendable {
        /// By a certificate that a trusted authority issued for the domain; server dialback is refused.
        case certificate
        /// By such a certificate or, failing that, by server dialback (XEP-0220).
        case certificateOrDialback
    }

    package var standard: Authentication
    /// What holds for single domains instead.
    package var exceptions: [String: Authentication]

    package init(
        standard: Authentication = .certificateOrDialback, exceptions: [String: Authentication] = [:]
    ) {
        self.standard = standard
        self.exceptions = exceptions
    }

    package func authentication(of domain: String) -> Authentication {
        self.exceptions[domain] ?? self.standard
    }

    package func allowsDialback(with domain: String) -> Bool {
        switch self.authentication(of: domain) {
        case .certificate: false
        case .certificateOrDialback: true
        }
    }
}
