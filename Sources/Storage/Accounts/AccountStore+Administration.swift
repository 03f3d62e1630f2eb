import GRDB

extension AccountStore {
    /// Lets nobody log in to an account, or people in again; false if there is no such account.
    package func setDisabled(_ isDisabled: Bool, account username: String) async throws -> Bool {
        try await self.database.writer.write { connection in
            try connection.execute(
                sql: "UPDATE account SET isDisabled = ? WHERE username = ?",
                arguments: [isDisabled, username])
            return connection.changesCount > 0
        }
    }

    /// What an administrator has set under a name; nil if nothing.
    package func setting(_ name: String) async throws -> String? {
        try await self.database.writer.read { connection in
            try String.fetchOne(
                connection, sql: "SELECT value FROM serverSetting WHERE name = ?", arguments: [name])
        }
    }

    /// Sets or, with nil, deletes what is kept under a name.
    package func setSetting(_ name: String, to value: String?) async throws {
        try await self.database.writer.write { connection in
            guard let value else {
                try connection.execute(
                    sql: "DELETE FROM serverSetting WHERE name = ?", arguments: [name])
                return
            }
            try connection.execute(
                sql: """
                    INSERT INTO serverSetting (name, value) VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value
                    """,
                arguments: [name, value])
        }
    }
}
