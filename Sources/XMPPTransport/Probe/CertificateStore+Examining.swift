import COpenSSL
package import XMPP

extension CertificateStore {
    /// What is in the certificate of `files`, and whether others that trust the same authorities will take it.
    ///
    /// Throws if certificate or key cannot be read, or do not belong together.
    package func examine(_ files: CertificateFiles) throws(TLSError) -> CertificateFacts {
        let context = try TLSContext(files)
        guard let leaf = unsafe SSL_CTX_get0_certificate(context.pointer) else {
            throw TLSError("\(files.chain) holds no certificate")
        }
        let others = unsafe cssl_shown_chain(context.pointer)
        return unsafe self.examine(leaf, others: others, count: 1 + Int(cssl_count(others)))
    }

    /// What is in a peer's certificate; `others` are all that it showed, and `count` how many.
    func examine(_ leaf: OpaquePointer, others: OpaquePointer?, count: Int) -> CertificateFacts {
        let code = unsafe cssl_verify(self.trust, leaf, others)
        let (begin, end) = unsafe (X509_get0_notBefore(leaf), X509_get0_notAfter(leaf))
        return unsafe CertificateFacts(
            names: CertificateNames(reading: leaf), issuer: Self.issuer(leaf),
            notBefore: DateTime(millisecondsSinceEpoch: cssl_seconds(begin) * 1_000),
            notAfter: DateTime(millisecondsSinceEpoch: cssl_seconds(end) * 1_000), chainLength: count,
            problem: Self.problem(code, isOver: X509_cmp_current_time(end) < 0))
    }

    /// The longest name of an issuer that is told, in bytes.
    private static let issuerLength = 64

    private static func issuer(_ leaf: OpaquePointer) -> String {
        var bytes = [UInt8](repeating: 0, count: Self.issuerLength)
        let length = unsafe cssl_issuer(leaf, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(length), as: UTF8.self)
        // It is shown to people, who must not be shown control characters of a stranger's making.
        let shown = text.unicodeScalars.filter { !$0.properties.isWhitespace || $0 == " " }
            .filter { $0.properties.generalCategory != .control && $0.properties.generalCategory != .format }
        return shown.isEmpty ? "an authority without a name" : String(String.UnicodeScalarView(shown))
    }

    private static func problem(_ code: Int32, isOver: Bool) -> CertificateFacts.Problem? {
        switch code {
        case X509_V_OK: return nil
        case X509_V_ERR_CERT_HAS_EXPIRED where isOver: return .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return .unknownIssuer
        default: return .other(unsafe String(cString: X509_verify_cert_error_string(Int(code))))
        }
    }
}

extension TLSSession {
    /// What is in the certificate that the peer showed; nil if it showed none.
    func peerCertificate() -> CertificateFacts? {
        guard let leaf = unsafe SSL_get0_peer_certificate(self.ssl) else { return nil }
        let shown = unsafe SSL_get_peer_cert_chain(self.ssl)
        return unsafe self.store.examine(leaf, others: shown, count: Int(cssl_count(shown)))
    }
}
