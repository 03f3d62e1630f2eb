import COpenSSL
import XMPP

extension TLSAExpectation {
    /// Compares what DNS announces with what the peer shows: `chain` is as it came, the leaf first.
    ///
    /// A record about the certificate itself asks nothing of its names and dates (RFC 7671 §5.1). One about an authority asks
    /// that the chain the peer shows leads to it, and that the certificate is for one of `names` (RFC 7671 §5.2).
    func judge(
        leaf: OpaquePointer, chain: OpaquePointer?, names: CertificateNames
    ) -> TLSFacts.Peer.Announced {
        let own = unsafe CertificateBytes(leaf)
        if self.records.contains(where: { $0.usage == .certificate && $0.matches(own) }) { return .matched }
        let authorities = self.records.filter { $0.usage == .authority }
        let isForUs = self.names.contains { names.prove($0, as: .server) }
        guard !authorities.isEmpty, isForUs, let chain = unsafe chain else { return .mismatched }
        let count = unsafe OPENSSL_sk_num(chain)
        for index in 0..<max(0, count) {
            guard let item = unsafe OPENSSL_sk_value(chain, index) else { continue }
            let certificate = OpaquePointer(item)
            let bytes = unsafe CertificateBytes(certificate)
            guard authorities.contains(where: { $0.matches(bytes) }) else { continue }
            if unsafe Self.isSigned(leaf, through: chain, below: certificate) { return .matched }
        }
        return .mismatched
    }

    /// Whether the chain leads from the leaf to the authority, which need not be a root.
    private static func isSigned(
        _ leaf: OpaquePointer, through chain: OpaquePointer, below authority: OpaquePointer
    ) -> Bool {
        guard let store = unsafe X509_STORE_new() else { return false }
        defer { unsafe X509_STORE_free(store) }
        guard unsafe X509_STORE_add_cert(store, authority) == 1,
            unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1
        else { return false }
        return unsafe cssl_verify(store, leaf, chain) == X509_V_OK
    }
}

extension TLSARecord {
    /// Whether the record is about this certificate.
    func matches(_ certificate: CertificateBytes) -> Bool {
        self.matches(certificate: certificate.certificate, key: certificate.key)
    }
}
