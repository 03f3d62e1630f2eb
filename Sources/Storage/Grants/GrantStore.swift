import GRDB

/// The queries about grants; each is one transaction, durable when it returns.
package struct GrantStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// All grants, by subject and permissions.
    package func all() async throws -> [GrantRecord] {
        try await self.database.writer.read { connection in
            try GrantRecord.order(Column("subject"), Column("permissions")).fetchAll(connection)
        }
    }

    /// Adds a grant, or changes the scope of the one that is there.
    package func save(_ grant: GrantRecord) async throws {
        try await self.database.writer.write { connection in try grant.upsert(connection) }
    }

    /// Removes a grant; false if there is none such.
    package func remove(subject: String, permissions: String) async throws -> Bool {
        try await self.database.writer.write { connection in
            try GrantRecord.filter(Column("subject") == subject && Column("permissions") == permissions)
                .deleteAll(connection) > 0
        }
    }
}
