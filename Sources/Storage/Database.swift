package import GRDB

/// The SQLite file in which a process keeps what must survive it.
///
/// Each area (accounts, machines, placements, federation) has its records and queries in a folder of its own and
/// registers its migrations through `Migrations`. Writes are durable when the call returns (`synchronous = FULL`).
package final class Database: Sendable {
    package let writer: any DatabaseWriter
    /// For writes of which many may be under way at a time.
    package let groupCommit: GroupCommit

    /// Opens or creates the file at `path` and brings its schema up to date.
    package init(path: String) throws {
        self.writer = try DatabasePool(path: path)
        // Not while the connection is prepared: the pool sets NORMAL after that, when it turns to WAL.
        try self.writer.writeWithoutTransaction { connection in
            try connection.execute(sql: "PRAGMA synchronous = FULL")
        }
        self.groupCommit = GroupCommit(self.writer)
        try Migrations.all.migrate(self.writer)
    }

    /// Begins to write and changes nothing; throws if nothing can be written, because of permissions or the disk.
    package func checkWritable() async throws {
        try await self.writer.write { _ in }
    }

    /// A database that lives in memory: for tests and benchmarks.
    package init() throws {
        self.writer = try DatabaseQueue()
        self.groupCommit = GroupCommit(self.writer)
        try Migrations.all.migrate(self.writer)
    }
}
