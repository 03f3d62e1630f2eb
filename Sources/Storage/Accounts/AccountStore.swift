import Foundation
import GRDB

/// The queries about accounts, rosters and offline messages.
///
/// Each call is one transaction, durable when it returns.
package struct AccountStore: Sendable {
    let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// All accounts, by name.
    package func accounts() async throws -> [StoredAccount] {
        try await self.database.writer.read { connection in
            try AccountRecord.order(Column("username")).fetchAll(connection).map { account in
                let credentials = try CredentialRecord.filter(Column("username") == account.username)
                    .order(Column("mechanism")).fetchAll(connection)
                return StoredAccount(
                    account: account, credentials: credentials,
                    roster: try Self.roster(of: account.username, in: connection))
            }
        }
    }

    /// Those who subscribed to the domain's own presence.
    package func domainRoster() async throws -> StoredRoster {
        try await self.database.writer.read { connection in
            try Self.roster(of: "", in: connection)
        }
    }

    /// Adds an account with an empty roster; false, and nothing changed, if the name is taken.
    package func insert(_ account: AccountRecord, credentials: [CredentialRecord]) async throws -> Bool {
        try await self.database.writer.write { connection in
            guard try !account.exists(connection) else { return false }
            try account.insert(connection)
            for credential in credentials { try credential.insert(connection) }
            try connection.execute(
                sql: "INSERT INTO roster (owner, version) VALUES (?, 0)", arguments: [account.username])
            return true
        }
    }

    /// Replaces all credentials of an account; false if there is no such account.
    package func replaceCredentials(
        of username: String, with credentials: [CredentialRecord]
    ) async throws -> Bool {
        try await self.database.writer.write { connection in
            guard try AccountRecord.exists(connection, key: username) else { return false }
            try CredentialRecord.filter(Column("username") == username).deleteAll(connection)
            for credential in credentials { try credential.insert(connection) }
            return true
        }
    }

    /// Writes one item of a roster and the roster's version.
    package func save(_ item: RosterItemRecord, version: Int64) async throws {
        try await self.database.writer.write { connection in
            try item.upsert(connection)
            try Self.setVersion(version, of: item.owner, in: connection)
        }
    }

    /// Removes one item of a roster and writes the roster's version.
    package func removeItem(contact: String, from owner: String, version: Int64) async throws {
        try await self.database.writer.write { connection in
            try RosterItemRecord.filter(Column("owner") == owner && Column("contact") == contact)
                .deleteAll(connection)
            try Self.setVersion(version, of: owner, in: connection)
        }
    }

    /// Keeps a message, unless the account already has `limit` of them or all would have more than `bytes` of XML: then
    /// false.
    package func keep(_ message: OfflineMessageRecord, limit: Int, bytes: Int) async throws -> Bool {
        try await self.database.writer.write { connection in
            let row = try Row.fetchOne(
                connection,
                sql: """
                    SELECT COUNT(*) AS kept, COALESCE(SUM(LENGTH(CAST(stanza AS BLOB))), 0) AS bytes
                    FROM offlineMessage WHERE username = ?
                    """,
                arguments: [message.username])
            let kept: Int = row?["kept"] ?? 0
            let size: Int = row?["bytes"] ?? 0
            guard kept < limit, size + message.stanza.utf8.count <= bytes else { return false }
            try message.insert(connection)
            return true
        }
    }

    /// The messages kept for an account, oldest first: as many as have `bytes` of XML together, but one at least; and how
    /// many there are beside these.
    package func messages(
        for username: String, bytes: Int
    ) async throws -> (messages: [OfflineMessageRecord], left: Int) {
        try await self.database.writer.read { connection in
            let request = OfflineMessageRecord.filter(Column("username") == username)
            let cursor = try request.order(Column("id")).fetchCursor(connection)
            var messages: [OfflineMessageRecord] = []
            var size = 0
            while let message = try cursor.next() {
                size += message.stanza.utf8.count
                guard messages.isEmpty || size <= bytes else { break }
                messages.append(message)
            }
            return (messages, try request.fetchCount(connection) - messages.count)
        }
    }

    /// Removes kept messages that have been handed out.
    package func removeMessages(_ ids: [Int64]) async throws {
        _ = try await self.database.writer.write { connection in
            try OfflineMessageRecord.filter(ids.contains(Column("id"))).deleteAll(connection)
        }
    }

    /// How many messages are kept, for each account that has any.
    package func keptMessages() async throws -> [String: Int] {
        try await self.database.writer.read { connection in
            let rows = try Row.fetchAll(
                connection, sql: "SELECT username, COUNT(*) AS kept FROM offlineMessage GROUP BY username")
            return Dictionary(
                rows.map { ($0["username"] as String, $0["kept"] as Int) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// The server's own secret for `purpose`: what was stored first, `fresh` if nothing was.
    package func secret(for purpose: String, orStore fresh: [UInt8]) async throws -> [UInt8] {
        try await self.database.writer.write { connection in
            try connection.execute(
                sql: "INSERT OR IGNORE INTO serverSecret (purpose, bytes) VALUES (?, ?)",
                arguments: [purpose, Data(fresh)])
            let stored = try Data.fetchOne(
                connection, sql: "SELECT bytes FROM serverSecret WHERE purpose = ?", arguments: [purpose])
            return stored.map { [UInt8]($0) } ?? fresh
        }
    }

    private static func roster(of owner: String, in connection: GRDB.Database) throws -> StoredRoster {
        let version = try Int64.fetchOne(
            connection, sql: "SELECT version FROM roster WHERE owner = ?", arguments: [owner])
        let items = try RosterItemRecord.filter(Column("owner") == owner).order(Column("contact"))
            .fetchAll(connection)
        return StoredRoster(version: version ?? 0, items: items)
    }

    private static func setVersion(
        _ version: Int64, of owner: String, in connection: GRDB.Database
    ) throws {
        try connection.execute(
            sql: "UPDATE roster SET version = ? WHERE owner = ?", arguments: [version, owner])
    }
}
