/// What identifies the TLS connection to both of its ends (RFC 5056).
package struct ChannelBinding: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Exported keying material (RFC 9266): for TLS 1.3, and 1.2 with extended master secret.
        case tlsExporter = "tls-exporter"
        /// A digest of the server's certificate (RFC 5929 §4): for proxies that end TLS.
        case tlsServerEndPoint = "tls-server-end-point"
        /// The first Finished message of the handshake (RFC 5929 §3).
        ///
        /// Superseded: taken from clients that know nothing newer (slixmpp), never announced.
        case tlsUnique = "tls-unique"
    }

    package let kind: Kind
    package let bytes: [UInt8]

    package init(kind: Kind, bytes: [UInt8]) {
        self.kind = kind
        self.bytes = bytes
    }
}
