import GRDB

extension AccountStore {
    /// A document's key and size, without its content.
    package struct DocumentSize: Hashable, Sendable {
        package let username: String
        package let area: String
        package let name: String
        package let namespace: String
        package let bytes: Int
    }

    /// All documents there are, for all accounts.
    package func documentSizes() async throws -> [DocumentSize] {
        try await self.database.writer.read { connection in
            let rows = try Row.fetchAll(
                connection,
                sql: """
                    SELECT username, area, name, namespace, length(CAST(content AS BLOB)) AS bytes
                    FROM accountDocument ORDER BY username, area, namespace, name
                    """)
            return rows.map { row in
                DocumentSize(
                    username: row["username"], area: row["area"], name: row["name"],
                    namespace: row["namespace"], bytes: row["bytes"])
            }
        }
    }

    /// The content of a document; nil if there is none.
    package func document(
        area: String, name: String, namespace: String, of username: String
    ) async throws -> String? {
        try await self.database.writer.read { connection in
            try String.fetchOne(
                connection,
                sql: """
                    SELECT content FROM accountDocument
                    WHERE username = ? AND area = ? AND name = ? AND namespace = ?
                    """,
                arguments: [username, area, name, namespace])
        }
    }

    /// Writes documents, in place of those of the same key: all or none.
    package func save(_ documents: [AccountDocumentRecord]) async throws {
        try await self.database.writer.write { connection in
            for document in documents { try document.upsert(connection) }
        }
    }
}
