/// How the servers of other domains must prove who they are, both as those who connect and those connected to.
package struct RemotePolicy: Hashable, Sendable {
    /// Either way the stream is encrypted: without TLS nothing is exchanged.
    package enum Authentication: Hashable, Sendable {
        /// By a certificate that a trusted authority issued for the domain; server dialback is refused.
        case certificate
        /// By a key and nothing else: its certificate may be of any authority or none, for any name, and expired.
        ///
        /// Each pin is the SHA-256 of the key as the certificate has it, its SubjectPublicKeyInfo (RFC 7469 §2.4).
        case pinned(Set<[UInt8]>)
        /// By such a certificate as in `certificate` or, failing that, by server dialback (XEP-0220).
        case certificateOrDialback
        /// Not at all: nothing is exchanged with the domain.
        case blocked
    }

    /// What holds for domains that no exception names.
    package var standard: Authentication
    /// What holds for single domains, by their name, and for all that lie below one, as `*.example.org`, which does
    /// not stand for `example.org` itself.
    package var exceptions: [String: Authentication]

    package init(
        standard: Authentication = .certificateOrDialback, exceptions: [String: Authentication] = [:]
    ) {
        self.standard = standard
        self.exceptions = exceptions
    }

    /// What holds for a domain, prepared as in a `JID`: its own exception, else that of the nearest domain above it.
    package func authentication(of domain: String) -> Authentication {
        guard !self.exceptions.isEmpty else { return self.standard }
        if let own = self.exceptions[domain] { return own }
        var rest = domain[...]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            if let wide = self.exceptions["*.\(rest)"] { return wide }
        }
        return self.standard
    }

    package func allowsDialback(with domain: String) -> Bool {
        self.authentication(of: domain).allowsDialback
    }

    /// What a peer that says it is `domain` has proved by TLS.
    package func judge(_ domain: String, _ tls: TLSFacts) -> Verdict {
        self.authentication(of: domain).judge(domain, tls)
    }
}

extension RemotePolicy {
    /// What policy makes of a peer once TLS is up.
    package enum Verdict: Hashable, Sendable {
        /// It has proved its domain: SASL EXTERNAL counts.
        case proved
        /// Server dialback can still prove its domain, and nothing else can.
        case needsDialback
        /// Nothing is exchanged with it.
        case refused(reason: String)
    }
}

extension RemotePolicy.Authentication {
    package var allowsDialback: Bool {
        switch self {
        case .certificate, .pinned, .blocked: false
        case .certificateOrDialback: true
        }
    }

    package func judge(_ domain: String, _ tls: TLSFacts) -> RemotePolicy.Verdict {
        switch self {
        case .blocked: return .refused(reason: "nothing is exchanged with \(domain) here")
        case .certificate:
            return tls.proves(domain, as: .server)
                ? .proved : .refused(reason: "a certificate for \(domain) is required: \(tls.peerProblem)")
        case .pinned(let pins):
            guard let peer = tls.peer else {
                return .refused(reason: "the key pinned for \(domain) is required: no certificate was shown")
            }
            return pins.contains(peer.keyDigest)
                ? .proved : .refused(reason: "the key shown is not the one pinned for \(domain)")
        case .certificateOrDialback:
            // What is announced with proof cannot be got round by dialback, which relies on DNS without proof.
            if tls.peer?.announced == .mismatched {
                return .refused(reason: "a certificate for \(domain) is required: \(tls.peerProblem)")
            }
            return tls.proves(domain, as: .server) ? .proved : .needsDialback
        }
    }
}
