import COpenSSL

/// The secret half of an Ed25519 key (RFC 8032): a site signs its rows with it.
package struct SigningKey: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of the seed, which is the whole secret.
    package static let length = 32

    /// The seed; keep it where only the agent can read it.
    package let rawRepresentation: [UInt8]
    /// The half that is given to others.
    package let verificationKey: VerificationKey

    /// Takes 32 bytes from a secure source, or those saved from `rawRepresentation`.
    package init(rawRepresentation seed: [UInt8]) throws(CryptographyError) {
        guard seed.count == Self.length else {
            throw .wrongLength(of: "the Ed25519 seed", expected: Self.length, found: seed.count)
        }
        var publicBytes = [UInt8](repeating: 0, count: VerificationKey.length)
        var length = publicBytes.count
        let key = unsafe Self.load(seed)
        defer { unsafe EVP_PKEY_free(key) }
        let done = unsafe EVP_PKEY_get_raw_public_key(key, &publicBytes, &length)
        precondition(done == 1 && length == publicBytes.count, "libcrypto offers no Ed25519")
        self.rawRepresentation = seed
        self.verificationKey = try VerificationKey(rawRepresentation: publicBytes)
    }

    /// The 64-byte signature of `message`; the same message always gets the same one.
    package func signature(for message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerificationKey.signatureLength)
        var length = signature.count
        let key = unsafe Self.load(self.rawRepresentation)
        defer { unsafe EVP_PKEY_free(key) }
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        let done =
            unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1
            && EVP_DigestSign(context, &signature, &length, message, message.count) == 1
        precondition(done && length == signature.count, "libcrypto could not sign with Ed25519")
        return signature
    }

    /// Names the public half only, so that the seed cannot get into a log.
    package var description: String { "SigningKey(for: \(self.verificationKey))" }

    private static func load(_ seed: [UInt8]) -> OpaquePointer {
        guard let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
            preconditionFailure("libcrypto offers no Ed25519")
        }
        return unsafe key
    }
}
