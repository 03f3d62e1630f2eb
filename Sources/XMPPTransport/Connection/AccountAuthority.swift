package import Cryptography
package import XMPP

/// Who knows what is kept of the passwords of the served domains' accounts.
package protocol AccountAuthority: Sendable {
    /// What is kept for SCRAM with `hash`; nil if there is no such account.
    ///
    /// Asked once per attempt to authenticate; the stream waits. A throw is answered with `temporary-auth-failure` and
    /// logged. PLAIN is checked against the credentials for SHA-256.
    func credentials(of account: JID, hash: HashFunction) async throws -> SCRAMCredentials?
}
