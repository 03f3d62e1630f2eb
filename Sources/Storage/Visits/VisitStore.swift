import GRDB

/// The queries about the chat rooms that this process is a guest in; each is durable when it returns.
package struct VisitStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// The addresses of the rooms, sorted.
    package func rooms() async throws -> [String] {
        try await self.database.writer.read { connection in
            try VisitRecord.order(Column("room")).fetchAll(connection).map(\.room)
        }
    }

    /// Remembers a room; one that is remembered already stays so.
    package func add(_ room: String) async throws {
        try await self.database.writer.write { connection in try VisitRecord(room: room).upsert(connection) }
    }

    /// Forgets a room, if it is remembered.
    package func remove(_ room: String) async throws {
        try await self.database.writer.write { connection in
            _ = try VisitRecord.deleteOne(connection, key: room)
        }
    }
}
