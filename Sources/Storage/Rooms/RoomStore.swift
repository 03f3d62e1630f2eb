import GRDB

/// The queries about rooms.
///
/// Each call is one transaction, durable when it returns.
package struct RoomStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// All rooms, by name.
    package func rooms() async throws -> [StoredRoom] {
        try await self.database.writer.read { connection in
            try RoomRecord.order(Column("name")).fetchAll(connection).map { room in
                StoredRoom(
                    room: room,
                    affiliations: try RoomAffiliationRecord.filter(Column("room") == room.name)
                        .order(Column("address")).fetchAll(connection),
                    subject: try RoomSubjectRecord.fetchOne(connection, key: room.name))
            }
        }
    }

    /// Writes a room as a whole, new or not.
    package func save(_ stored: StoredRoom) async throws {
        try await self.database.writer.write { connection in
            try stored.room.upsert(connection)
            try RoomAffiliationRecord.filter(Column("room") == stored.room.name).deleteAll(connection)
            for affiliation in stored.affiliations { try affiliation.insert(connection) }
            try RoomSubjectRecord.deleteOne(connection, key: stored.room.name)
            try stored.subject?.insert(connection)
        }
    }

    /// Changes what some addresses are to a room; those in `removed` are nothing to it any more.
    package func change(
        _ changed: [RoomAffiliationRecord], removed: [String], in room: String
    ) async throws {
        try await self.database.writer.write { connection in
            try RoomAffiliationRecord
                .filter(Column("room") == room && removed.contains(Column("address")))
                .deleteAll(connection)
            for affiliation in changed { try affiliation.upsert(connection) }
        }
    }

    package func save(_ subject: RoomSubjectRecord) async throws {
        try await self.database.writer.write { connection in try subject.upsert(connection) }
    }

    /// Removes a room with all that belongs to it; false if there is none of that name.
    package func delete(name: String) async throws -> Bool {
        try await self.database.writer.write { connection in
            try RoomRecord.deleteOne(connection, key: name)
        }
    }
}
