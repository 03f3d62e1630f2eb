import Cryptography
import XMPP

/// The one account whose password is right.
enum KnownAccount {
    static let name = "alice"
    static let password = "secret"
    static let salt = Array("sixteen bytes ok".utf8)
    /// So few that the fuzzer is not kept from its work.
    private static let iterations = 16

    static func credentials(_ hash: HashFunction) -> SCRAMCredentials? {
        do {
            return try SCRAMCredentials.derive(
                password: Self.password, salt: Self.salt, iterations: Self.iterations, hash: hash)
        } catch {
            return nil
        }
    }

    static func unknown(_ name: String, _ hash: HashFunction) -> SCRAMCredentials {
        SCRAMCredentials.fake(
            for: name, secret: Array("of made-up salts".utf8), iterations: Self.iterations, hash: hash)
    }
}
