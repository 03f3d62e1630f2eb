package import Cryptography

/// What a server keeps of a password for one SCRAM mechanism (RFC 5802 §3): enough to check it, not to use it
/// elsewhere.
package struct SCRAMCredentials: Hashable, Sendable {
    package let salt: [UInt8]
    package let iterations: Int
    package let storedKey: [UInt8]
    package let serverKey: [UInt8]

    /// The number of iterations for new passwords (RFC 7677 §4 asks for 4,096 at least).
    package static let usualIterations = 10_000

    /// The number of bytes of salt for new passwords.
    package static let saltLength = 16

    package init(salt: [UInt8], iterations: Int, storedKey: [UInt8], serverKey: [UInt8]) {
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Derives what to keep of a password.
    ///
    /// The password is prepared as OpaqueString (RFC 8265 §4.2). One that cannot be prepared is no password;
    /// an iteration count outside of `HashFunction.iterations` is refused too.
    package static func derive(
        password: String, salt: [UInt8], iterations: Int, hash: HashFunction
    ) throws(SCRAMError) -> SCRAMCredentials {
        let salted = try SCRAM.saltedPassword(password, salt: salt, iterations: iterations, hash: hash)
        return SCRAMCredentials(
            salt: salt, iterations: iterations,
            storedKey: hash.digest(of: SCRAM.clientKey(salted, hash)),
            serverKey: SCRAM.serverKey(salted, hash))
    }

    /// Made-up credentials for a name that has no account, the same each time, so that nobody learns which
    /// names exist.
    ///
    /// `secret` is the server's own. No password fits them: nobody knows a key whose digest is `storedKey`.
    package static func fake(
        for username: String, secret: [UInt8], iterations: Int = usualIterations, hash: HashFunction
    ) -> SCRAMCredentials {
        // With other iterations it is another salt, as it is with a password that was changed.
        func derived(_ purpose: String) -> [UInt8] {
            hash.authenticationCode(
                for: Array("\(purpose)\u{0}\(iterations)\u{0}\(username)".utf8), key: secret)
        }
        return SCRAMCredentials(
            salt: Array(derived("salt").prefix(Self.saltLength)), iterations: iterations,
            storedKey: derived("stored key"), serverKey: derived("server key"))
    }

    /// What must be done to see whether `password` is the one these were derived from; takes as long as deriving did.
    package func hashing(of password: String, hash: HashFunction) -> PasswordHashing {
        PasswordHashing(password, salt: self.salt, iterations: self.iterations, hash: hash)
    }

    /// Whether the password that was hashed is the one these were derived from.
    package func match(_ salted: SaltedPassword) -> Bool {
        let hash = salted.origin.hash
        guard let key = salted.key else { return false }
        return ConstantTime.areEqual(hash.digest(of: SCRAM.clientKey(key, hash)), self.storedKey)
    }
}

/// Why no keys can be derived.
package enum SCRAMError: Error, Hashable, Sendable {
    /// Empty, or holds what OpaqueString forbids.
    case unusablePassword
    /// Outside of `HashFunction.iterations`.
    case unusableIterations
}
