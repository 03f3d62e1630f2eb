import GRDB

extension AccountStore {
    /// The addresses that each account blocks, for those that block any.
    package func blockLists() async throws -> [String: [String]] {
        try await self.database.writer.read { connection in
            let rows = try Row.fetchAll(
                connection, sql: "SELECT username, address FROM blockedAddress ORDER BY username, address")
            return Dictionary(grouping: rows) { $0["username"] as String }
                .mapValues { $0.map { $0["address"] as String } }
        }
    }

    /// Writes what has changed in an account's block list.
    package func changeBlockList(
        of username: String, adding added: [String], removing removed: [String]
    ) async throws {
        try await self.database.writer.write { connection in
            for address in removed {
                try connection.execute(
                    sql: "DELETE FROM blockedAddress WHERE username = ? AND address = ?",
                    arguments: [username, address])
            }
            for address in added {
                try connection.execute(
                    sql: "INSERT OR IGNORE INTO blockedAddress (username, address) VALUES (?, ?)",
                    arguments: [username, address])
            }
        }
    }
}
