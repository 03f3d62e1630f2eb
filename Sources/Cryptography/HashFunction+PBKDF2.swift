import COpenSSL

extension HashFunction {
    /// The iteration counts PBKDF2 takes.
    ///
    /// A SCRAM server names the count to its client, so the upper end keeps a hostile one from
    /// occupying a processor for minutes.
    package static let iterations = 1...10_000_000

    /// PBKDF2 (RFC 8018 §5.2) with HMAC over this function.
    package func derivedKey(
        password: [UInt8], salt: [UInt8], iterations: Int, length: Int
    ) throws(CryptographyError) -> [UInt8] {
        precondition(length > 0, "a derived key has at least one byte")
        guard Self.iterations.contains(iterations) else {
            throw .iterationsOutOfRange(iterations)
        }
        var key = [UInt8](repeating: 0, count: length)
        let done = unsafe password.withUnsafeBytes { password in
            unsafe PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count),
                salt, Int32(salt.count), Int32(iterations), self.algorithm, Int32(length), &key)
        }
        precondition(done == 1, "libcrypto offers no PBKDF2 with \(self)")
        return key
    }
}
