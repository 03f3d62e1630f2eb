import COpenSSL

/// One OpenSSL context: a certificate (or none) and the settings of every session made from it.
///
/// `@unchecked Sendable`: an `SSL_CTX` is reference-counted, locked by OpenSSL inside, and only configured before it
/// is shared.
@safe final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    /// A context without a certificate: for initiating streams of a domain that has none.
    init() throws(TLSError) {
        guard let pointer = unsafe SSL_CTX_new(TLS_method()) else {
            throw .fromOpenSSL("cannot make a TLS context")
        }
        unsafe self.pointer = pointer
        guard unsafe cssl_configure(pointer) == 1 else {
            throw .fromOpenSSL("cannot restrict TLS to version 1.2 or later with AEAD suites")
        }
        unsafe cssl_request_peer_certificate(pointer)
    }

    /// A context that presents the certificate chain and key of `files`.
    convenience init(_ files: CertificateFiles) throws(TLSError) {
        try self.init()
        guard unsafe SSL_CTX_use_certificate_chain_file(self.pointer, files.chain) == 1 else {
            throw .fromOpenSSL("cannot read the certificate chain \(files.chain) (PEM, leaf first)")
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(self.pointer, files.key, SSL_FILETYPE_PEM) == 1 else {
            throw .fromOpenSSL("cannot read the private key \(files.key) (PEM, without a passphrase)")
        }
        guard unsafe SSL_CTX_check_private_key(self.pointer) == 1 else {
            throw .fromOpenSSL("the key \(files.key) does not belong to the certificate \(files.chain)")
        }
    }

    deinit {
        unsafe SSL_CTX_free(self.pointer)
    }
}

extension TLSContext {
    /// Whether neither renegotiation nor compression is done in any session.
    var refusesRenegotiation: Bool { unsafe cssl_is_restricted(self.pointer) == 1 }

    /// Whether both show the same chain; what shows none differs from everything.
    func showsSame(as other: TLSContext) -> Bool {
        unsafe cssl_shows_same(self.pointer, other.pointer) == 1
    }
}
