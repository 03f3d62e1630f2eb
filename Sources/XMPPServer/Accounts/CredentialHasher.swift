import Cryptography
import Storage
import Threads
import XMPP

/// Makes of passwords what is kept of them, one after the other.
///
/// Each takes as long as a thousand messages, so that is done on a thread of its own: neither the pool that serves
/// everybody nor the lane to the disk waits for it.
actor CredentialHasher {
    private let executor = BlockingExecutor(label: "tradewind.credentials")

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe self.executor.asUnownedSerialExecutor()
    }

    /// One record for each hash function, each with a salt of its own.
    func credentials(
        from password: String, of username: String, iterations: Int
    ) throws(AccountError) -> [CredentialRecord] {
        var random = SecureRandom()
        var records: [CredentialRecord] = []
        for hash in HashFunction.forSCRAM {
            let salt = random.bytes(SCRAMCredentials.saltLength)
            do {
                let credentials = try SCRAMCredentials.derive(
                    password: password, salt: salt, iterations: iterations, hash: hash)
                records.append(CredentialRecord(credentials, username: username, hash: hash))
            } catch {
                throw .unusablePassword(reason: "it has characters that no password may have")
            }
        }
        return records
    }
}
