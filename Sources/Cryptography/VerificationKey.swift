import COpenSSL

/// The public half of an Ed25519 key (RFC 8032): what a site is pinned to.
package struct VerificationKey: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of the key.
    package static let length = 32
    /// Bytes of a signature.
    package static let signatureLength = 64

    package let rawRepresentation: [UInt8]

    /// Takes any 32 bytes; those that are no point of the curve verify nothing.
    package init(rawRepresentation: [UInt8]) throws(CryptographyError) {
        guard rawRepresentation.count == Self.length else {
            throw .wrongLength(
                of: "the Ed25519 public key", expected: Self.length, found: rawRepresentation.count)
        }
        self.rawRepresentation = rawRepresentation
    }

    /// Whether the holder of the secret half signed exactly `message`.
    package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureLength else { return false }
        // A refusal leaves entries in the thread's error queue, where the next TLS call would find them.
        defer { ERR_clear_error() }
        let raw = self.rawRepresentation
        guard let key = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, raw, raw.count) else {
            return false
        }
        defer { unsafe EVP_PKEY_free(key) }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// The key in hexadecimal, as people compare it.
    package var description: String { Hexadecimal.encode(self.rawRepresentation) }
}
