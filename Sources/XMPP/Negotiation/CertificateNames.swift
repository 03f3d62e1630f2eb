/// The names a peer's certificate presents in its subjectAltName: the only place identity is read from.
///
/// The common name is never looked at (RFC 9525 §2).
package struct CertificateNames: Hashable, Sendable {
    /// The stream a name is to be proved for; it selects the SRV-ID that counts.
    package enum Service: String, Hashable, Sendable {
        case client = "_xmpp-client."
        case server = "_xmpp-server."
    }

    /// DNS-IDs; a left-most label of `*` stands for exactly one label.
    package var dns: [String]
    /// SRV-IDs (RFC 4985), such as `_xmpp-server.example.org`.
    package var services: [String]
    /// `id-on-xmppAddr` names (RFC 6120 §13.7.1.4).
    package var addresses: [String]

    package init(dns: [String] = [], services: [String] = [], addresses: [String] = []) {
        self.dns = dns
        self.services = services
        self.addresses = addresses
    }

    /// Whether one of the names stands for `domain`, given in its ASCII (A-label) form (RFC 9525 §6, RFC 6120 §13.7).
    package func prove(_ domain: String, as service: Service) -> Bool {
        let domain = Self.normalized(domain)
        guard !domain.isEmpty else { return false }
        return self.dns.contains { Self.matches(pattern: Self.normalized($0), domain: domain) }
            || self.services.contains { Self.normalized($0) == service.rawValue + domain }
            || self.addresses.contains { Self.normalized($0) == domain }
    }

    private static func matches(pattern: String, domain: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return pattern == domain }
        guard let dot = domain.firstIndex(of: "."), dot != domain.startIndex else { return false }
        let parent = pattern.dropFirst(2)
        // A wildcard directly below a top-level domain would cover names of many owners.
        return parent.contains(".") ? domain[domain.index(after: dot)...] == parent : false
    }

    /// Lower case in ASCII, without the root's trailing dot.
    private static func normalized(_ name: String) -> String {
        let lowered = String(
            decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
        return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
    }
}
