package import Cryptography

/// PBKDF2 over a password, the slow step of authentication: to be performed where it holds up nobody else.
package struct PasswordHashing: Hashable, Sendable {
    let password: String
    let salt: [UInt8]
    package let iterations: Int
    package let hash: HashFunction

    init(_ password: String, salt: [UInt8], iterations: Int, hash: HashFunction) {
        self.password = password
        self.salt = salt
        self.iterations = iterations
        self.hash = hash
    }

    /// Takes milliseconds for each ten thousand iterations.
    package func perform() -> SaltedPassword {
        do {
            let key = try SCRAM.saltedPassword(
                self.password, salt: self.salt, iterations: self.iterations, hash: self.hash)
            return SaltedPassword(of: self, key: key)
        } catch {
            return SaltedPassword(of: self, key: nil)
        }
    }
}

/// What became of a password by hashing it (RFC 5802 §3).
package struct SaltedPassword: Hashable, Sendable {
    let origin: PasswordHashing
    /// Nil if the password holds what OpaqueString forbids.
    let key: [UInt8]?

    fileprivate init(of origin: PasswordHashing, key: [UInt8]?) {
        self.origin = origin
        self.key = key
    }
}
