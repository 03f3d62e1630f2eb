package import CloudModel
import GRDB
package import Gossip

/// What the alliance must not forget: our incarnation, who the members are, and their last rows.
///
/// Our private key is not here: it is a file that the configuration names. Each call is one transaction, durable when
/// it returns.
package struct FederationStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Raises the incarnation for a new run and returns it: higher than in any run before.
    package func beginIncarnation() throws -> UInt64 {
        try self.database.writer.write { connection in
            try connection.execute(
                sql: "UPDATE federationIncarnation SET incarnation = incarnation + 1 WHERE id = 1")
            let number = try Int64.fetchOne(
                connection, sql: "SELECT incarnation FROM federationIncarnation WHERE id = 1")
            return UInt64(clamping: number ?? 1)
        }
    }

    /// Keeps an incarnation that had to be raised while running; never lowers it.
    package func raiseIncarnation(to incarnation: UInt64) throws {
        try self.database.writer.write { connection in
            try connection.execute(
                sql: "UPDATE federationIncarnation SET incarnation = MAX(incarnation, ?) WHERE id = 1",
                arguments: [Int64(clamping: incarnation)])
        }
    }

    /// All sites that are known, in order of their addresses.
    package func members() throws -> [Member] {
        try self.database.writer.read { connection in
            try MemberRecord.order(Column("site")).fetchAll(connection).map(\.member)
        }
    }

    /// Keeps the member in place of what was known of it.
    package func save(_ member: Member) throws {
        try self.database.writer.write { connection in
            try MemberRecord(member).upsert(connection)
        }
    }

    /// Forgets the site.
    package func remove(_ site: SiteID) throws {
        try self.database.writer.write { connection in
            _ = try MemberRecord.deleteOne(connection, key: site.address)
        }
    }

    /// The last rows, in order of their origins; what cannot be a row is left out.
    package func rows() throws -> [Gossip.Row] {
        try self.database.writer.read { connection in
            try RowRecord.order(Column("origin")).fetchAll(connection).compactMap(\.row)
        }
    }

    /// Keeps `rows` and no others.
    package func replaceRows(with rows: [Gossip.Row]) throws {
        try self.database.writer.write { connection in
            try RowRecord.deleteAll(connection)
            for row in rows { try RowRecord(row).insert(connection) }
        }
    }
}
