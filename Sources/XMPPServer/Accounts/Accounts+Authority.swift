package import Cryptography
package import XMPP
import XMPPTransport

extension Accounts: AccountAuthority {
    /// What is kept of the account's password, or made-up credentials: never nil, so that nobody learns which names exist.
    package func credentials(of account: JID, hash: HashFunction) -> SCRAMCredentials? {
        self.credentials(for: account.local ?? "", hash: hash)
    }
}
