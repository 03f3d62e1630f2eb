package import CloudModel
import GRDB
import Placement

/// Keeps a coordinator's applications; what a call writes is durable when it returns.
package struct ApplicationStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Everything, in the order in which it was asked for.
    package func load() async throws -> [StoredApplication] {
        try await self.database.writer.read { connection in
            try ApplicationRecord.order(Column("created"), Column("id")).fetchAll(connection).map { record in
                StoredApplication(
                    owner: record.owner, created: Instant(millisecondsSinceEpoch: record.created),
                    saga: record.saga, revision: record.revision)
            }
        }
    }

    /// Writes an application, new or changed, unless something newer is there.
    package func save(_ application: StoredApplication) async throws {
        let record = ApplicationRecord(
            id: application.id.description, name: application.saga.name, owner: application.owner,
            saga: application.saga, created: application.created.millisecondsSinceEpoch,
            revision: application.revision)
        try await self.database.groupCommit.perform { connection in
            let known = try ApplicationRecord.fetchOne(connection, key: record.id)
            guard let known else { return try record.insert(connection) }
            if known.revision < record.revision { try record.update(connection) }
        }
    }

    /// Forgets an application of which nothing is left.
    package func delete(_ id: ApplicationID) async throws {
        try await self.database.groupCommit.perform { connection in
            _ = try ApplicationRecord.deleteOne(connection, key: id.description)
        }
    }
}
