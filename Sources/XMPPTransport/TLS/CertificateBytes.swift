import COpenSSL
import Cryptography

/// The parts of a certificate that pins and TLSA records are made of, in DER.
struct CertificateBytes: Hashable, Sendable {
    /// The whole certificate (RFC 5280 §4.1).
    let certificate: [UInt8]
    /// Its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    let key: [UInt8]

    init(certificate: [UInt8], key: [UInt8]) {
        self.certificate = certificate
        self.key = key
    }

    /// Reads an `X509`.
    init(_ certificate: OpaquePointer) {
        self.certificate = unsafe Self.encoded { unsafe i2d_X509(certificate, $0) }
        let key = unsafe X509_get_X509_PUBKEY(certificate)
        self.key = unsafe Self.encoded { unsafe i2d_X509_PUBKEY(key, $0) }
    }

    /// Reads the first certificate of a PEM text.
    init(pem: String) throws(TLSError) {
        let bio = try MemoryBIO(pem)
        guard let certificate = unsafe PEM_read_bio_X509(bio.pointer, nil, nil, nil) else {
            throw .fromOpenSSL("cannot read a certificate")
        }
        defer { unsafe X509_free(certificate) }
        unsafe self.init(certificate)
    }

    /// The SHA-256 of the key.
    var keyDigest: [UInt8] { HashFunction.sha256.digest(of: self.key) }

    /// What OpenSSL writes, first asked for its length; empty if it cannot be written.
    private static func encoded(
        _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
    ) -> [UInt8] {
        let length = write(nil)
        guard length > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
            var position = buffer.baseAddress
            count = unsafe Int(max(0, write(&position)))
        }
    }
}
