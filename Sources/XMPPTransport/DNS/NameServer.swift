import NIOCore

/// A name server that is asked instead of those of the system.
package struct NameServer: Hashable, Sendable {
    /// The domain whose names it is asked for, its own included, in ASCII form; nil for all names.
    package let domain: String?
    /// An IP address: its name would have to be asked for first.
    package let address: String
    package let port: Int

    /// Nil if `address` is no IP address.
    package init?(domain: String?, address: String, port: Int = 53) {
        guard (try? SocketAddress(ipAddress: address, port: port)) != nil else { return nil }
        self.domain = domain.map { CertificateStore.asciiForm(of: $0) }
        self.address = address
        self.port = port
    }

    /// Whether the server was named for the domain in which `host` lies, rather than for all names.
    func isChosen(for host: String) -> Bool {
        guard let domain else { return false }
        return host == domain || host.hasSuffix("." + domain)
    }

    /// As libunbound takes it.
    var place: String { "\(self.address)@\(self.port)" }
}

extension NameServer {
    /// Reads `ADDRESS`, `ADDRESS:PORT` or either after `DOMAIN=`, an IPv6 address in brackets where a port follows; nil for
    /// anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard let place = parts.last, parts.count == 1 || !parts[0].isEmpty else { return nil }
        let domain = parts.count == 2 ? parts[0] : nil
        if let whole = NameServer(domain: domain, address: place) {
            self = whole
        } else if let route = Route(place), route.security == .startTLS,
            let server = NameServer(domain: domain, address: route.host, port: route.port)
        {
            self = server
        } else {
            return nil
        }
    }
}
