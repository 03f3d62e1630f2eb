/// One place to try to reach a domain at.
package struct Route: Hashable, Sendable {
    package enum Security: Hashable, Sendable {
        /// TLS begins inside the stream (RFC 6120 §5).
        case startTLS
        /// TLS comes first (XEP-0368).
        case directTLS
    }

    /// A host name or an IP address.
    package var host: String
    package var port: Int
    package var security: Security

    package init(host: String, port: Int, security: Security = .startTLS) {
        self.host = host
        self.port = port
        self.security = security
    }
}

extension Route: CustomStringConvertible {
    package var description: String {
        "\(self.host):\(self.port)\(self.security == .directTLS ? ",tls" : "")"
    }
}

extension Route {
    /// Reads `host:port` or `host:port,tls`, an IPv6 address in brackets; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 1 || (parts.count == 2 && parts[1] == "tls") else { return nil }
        guard let colon = parts[0].lastIndex(of: ":"),
            let port = UInt16(parts[0][parts[0].index(after: colon)...]), port > 0
        else { return nil }
        var host = parts[0][..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.init(
            host: String(host), port: Int(port), security: parts.count == 2 ? .directTLS : .startTLS)
    }
}
