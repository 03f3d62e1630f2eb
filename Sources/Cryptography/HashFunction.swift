import COpenSSL

/// The digests Tradewind uses, and what is built on them: HMAC and PBKDF2 are in extensions.
package enum HashFunction: Hashable, Sendable, CaseIterable {
    /// Only where a protocol still names it: SCRAM-SHA-1, XEP-0114, XEP-0115.
    case sha1
    case sha256
    case sha512

    /// Bytes of one digest.
    package var digestLength: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// The digest of `bytes` (FIPS 180-4).
    package func digest(of bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: self.digestLength)
        let done = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, self.algorithm, nil)
        precondition(done == 1, "libcrypto offers no \(self)")
        return digest
    }

    /// What libcrypto calls this function; lives as long as the process.
    var algorithm: OpaquePointer {
        let algorithm =
            switch self {
            case .sha1: unsafe EVP_sha1()
            case .sha256: unsafe EVP_sha256()
            case .sha512: unsafe EVP_sha512()
            }
        guard let algorithm = unsafe algorithm else { preconditionFailure("libcrypto offers no \(self)") }
        return unsafe algorithm
    }
}
