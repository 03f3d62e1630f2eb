import Foundation
package import GRDB

/// What the server keeps of a password for one SCRAM mechanism (RFC 5802 §3): enough to check it, not to recover it.
package struct CredentialRecord: Codable, FetchableRecord, Hashable, PersistableRecord, Sendable {
    package static let databaseTableName = "accountCredential"

    package var username: String
    /// `SCRAM-SHA-1` or `SCRAM-SHA-256`.
    package var mechanism: String
    package var salt: [UInt8]
    package var iterations: Int
    package var storedKey: [UInt8]
    package var serverKey: [UInt8]

    package init(
        username: String, mechanism: String, salt: [UInt8], iterations: Int, storedKey: [UInt8],
        serverKey: [UInt8]
    ) {
        self.username = username
        self.mechanism = mechanism
        self.salt = salt
        self.iterations = iterations
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    package init(row: Row) throws {
        self.username = row["username"]
        self.mechanism = row["mechanism"]
        self.salt = try Self.bytes("salt", of: row)
        self.iterations = row["iterations"]
        self.storedKey = try Self.bytes("storedKey", of: row)
        self.serverKey = try Self.bytes("serverKey", of: row)
    }

    package func encode(to container: inout PersistenceContainer) throws {
        container["username"] = self.username
        container["mechanism"] = self.mechanism
        container["salt"] = Data(self.salt)
        container["iterations"] = self.iterations
        container["storedKey"] = Data(self.storedKey)
        container["serverKey"] = Data(self.serverKey)
    }

    private static func bytes(_ column: String, of row: Row) throws -> [UInt8] {
        let data: Data = row[column]
        return [UInt8](data)
    }
}
