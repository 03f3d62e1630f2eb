import Foundation
import GRDB

/// The queries about archives, whoever owns them.
///
/// Each call is one transaction, durable when it returns.
package struct ArchiveStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Adds messages, all or none; their sequences must be new.
    package func append(_ records: [ArchiveRecord]) async throws {
        try await self.database.writer.write { connection in
            let statement = try connection.cachedStatement(
                sql: """
                    INSERT INTO archiveMessage (sequence, archive, receivedAt, peer, peerResource, stanza)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """)
            for record in records {
                try statement.execute(arguments: [
                    record.sequence, record.archive, record.receivedAt, record.peer, record.peerResource,
                    record.stanza,
                ])
            }
        }
    }

    /// The highest sequence that is there; 0 if there is none.
    package func lastSequence() async throws -> Int64 {
        try await self.database.writer.read { connection in
            try Int64.fetchOne(connection, sql: "SELECT MAX(sequence) FROM archiveMessage") ?? 0
        }
    }

    /// One page of an archive.
    package func page(_ selection: ArchiveSelection) async throws -> ArchivePage {
        try await self.database.writer.read { connection in
            for sequence in selection.named.sorted() {
                let isThere = try Bool.fetchOne(
                    connection,
                    sql: "SELECT EXISTS (SELECT 1 FROM archiveMessage WHERE sequence = ? AND archive = ?)",
                    arguments: [sequence, selection.archive])
                guard isThere == true else { return .missing }
            }
            let clause = Clause(selection)
            if selection.limit == 0 {
                let count = try Int.fetchOne(
                    connection, sql: "SELECT COUNT(*) FROM archiveMessage WHERE \(clause.text)",
                    arguments: clause.arguments)
                return .count(count ?? 0)
            }
            return try Self.fetch(selection, clause, in: connection)
        }
    }

    /// The first and last message of an archive that are not older than `from`; nil if there is none.
    package func ends(
        of archive: String, from: Int64
    ) async throws -> (first: ArchiveRecord, last: ArchiveRecord)? {
        var selection = ArchiveSelection(archive: archive, limit: 1)
        selection.from = from
        guard case .messages(let earliest, _) = try await self.page(selection), let first = earliest.first
        else { return nil }
        selection.position = .last
        guard case .messages(let latest, _) = try await self.page(selection), let last = latest.first
        else { return nil }
        return (first, last)
    }

    /// Removes, from all archives, what came before `sequence`.
    package func removeAll(before sequence: Int64) async throws {
        try await self.database.writer.write { connection in
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE sequence < ?", arguments: [sequence])
        }
    }

    /// Removes the oldest messages of an archive beyond `limit`; how many went.
    @discardableResult
    package func trim(_ archive: String, to limit: Int) async throws -> Int {
        try await self.database.writer.write { connection in
            let cut = try Int64.fetchOne(
                connection,
                sql: """
                    SELECT sequence FROM archiveMessage WHERE archive = ?
                    ORDER BY sequence DESC LIMIT 1 OFFSET ?
                    """,
                arguments: [archive, limit])
            guard let cut else { return 0 }
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE archive = ? AND sequence <= ?",
                arguments: [archive, cut])
            return connection.changesCount
        }
    }

    /// Removes the oldest messages of an archive until the others' stanzas have no more than `limit` bytes; how many went.
    @discardableResult
    package func trim(_ archive: String, toBytes limit: Int) async throws -> Int {
        try await self.database.writer.write { connection in
            let cut = try Int64.fetchOne(
                connection,
                sql: """
                    SELECT MAX(sequence) FROM (
                        SELECT sequence, SUM(LENGTH(CAST(stanza AS BLOB))) OVER (ORDER BY sequence DESC) AS bytes
                        FROM archiveMessage WHERE archive = ?
                    ) WHERE bytes > ?
                    """,
                arguments: [archive, limit])
            guard let cut else { return 0 }
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE archive = ? AND sequence <= ?",
                arguments: [archive, cut])
            return connection.changesCount
        }
    }

    /// The archives with more messages than `limit`, in order.
    package func archives(above limit: Int) async throws -> [String] {
        try await self.database.writer.read { connection in
            try String.fetchAll(
                connection,
                sql: """
                    SELECT archive FROM archiveMessage GROUP BY archive HAVING COUNT(*) > ? ORDER BY archive
                    """,
                arguments: [limit])
        }
    }

    /// Removes an archive whole, with its owner's preferences.
    package func remove(_ archive: String) async throws {
        try await self.database.writer.write { connection in
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE archive = ?", arguments: [archive])
            try connection.execute(
                sql: "DELETE FROM archivePreferences WHERE archive = ?", arguments: [archive])
        }
    }

    // MARK: Preferences

    package func preferences() async throws -> [StoredArchivePreferences] {
        try await self.database.writer.read { connection in
            let rows = try Row.fetchAll(
                connection,
                sql: "SELECT archive, standard, always, never FROM archivePreferences ORDER BY archive")
            return try rows.map { row in
                StoredArchivePreferences(
                    archive: row["archive"], standard: row["standard"],
                    always: try JSONDecoder().decode(
                        [String].self, from: Data((row["always"] as String).utf8)),
                    never: try JSONDecoder().decode([String].self, from: Data((row["never"] as String).utf8)))
            }
        }
    }

    package func save(_ preferences: StoredArchivePreferences) async throws {
        let always = String(decoding: try JSONEncoder().encode(preferences.always), as: UTF8.self)
        let never = String(decoding: try JSONEncoder().encode(preferences.never), as: UTF8.self)
        try await self.database.writer.write { connection in
            try connection.execute(
                sql: """
                    INSERT OR REPLACE INTO archivePreferences (archive, standard, always, never)
                    VALUES (?, ?, ?, ?)
                    """,
                arguments: [preferences.archive, preferences.standard, always, never])
        }
    }
}

extension ArchiveStore {
    /// The conditions of a selection: constant text, everything from outside an argument.
    private struct Clause {
        private(set) var text = "archive = ?"
        private(set) var arguments: StatementArguments

        init(_ selection: ArchiveSelection) {
            self.arguments = [selection.archive]
            self.add("peer = ?", selection.peer)
            self.add("peerResource = ?", selection.peerResource)
            self.add("receivedAt >= ?", selection.from)
            self.add("receivedAt <= ?", selection.until)
            self.add("sequence > ?", selection.after)
            self.add("sequence < ?", selection.before)
            switch selection.position {
            case .first, .last: break
            case .after(let sequence): self.add("sequence > ?", sequence)
            case .before(let sequence): self.add("sequence < ?", sequence)
            }
            if let sequences = selection.sequences {
                let marks = sequences.map { _ in "?" }.joined(separator: ", ")
                self.text += " AND sequence IN (\(marks))"
                self.arguments += StatementArguments(sequences)
            }
        }

        private mutating func add(_ condition: String, _ value: (some DatabaseValueConvertible)?) {
            guard let value else { return }
            self.text += " AND " + condition
            self.arguments += [value]
        }
    }

    private static func fetch(
        _ selection: ArchiveSelection, _ clause: Clause, in connection: GRDB.Database
    ) throws -> ArchivePage {
        let isBackwards =
            switch selection.position {
            case .first, .after: false
            case .last, .before: true
            }
        // One more than is given tells whether anything follows.
        let cursor = try Row.fetchCursor(
            connection,
            sql: """
                SELECT sequence, archive, receivedAt, peer, peerResource, stanza FROM archiveMessage
                WHERE \(clause.text) ORDER BY sequence \(isBackwards ? "DESC" : "ASC") LIMIT ?
                """,
            arguments: clause.arguments + [selection.limit + 1])
        var records: [ArchiveRecord] = []
        var bytes = 0
        var isComplete = true
        while let row = try cursor.next() {
            let record = Self.record(row)
            bytes += record.stanza.utf8.count
            guard records.count < selection.limit, records.isEmpty || bytes <= selection.byteLimit else {
                isComplete = false
                break
            }
            records.append(record)
        }
        return .messages(isBackwards ? records.reversed() : records, isComplete: isComplete)
    }

    private static func record(_ row: Row) -> ArchiveRecord {
        ArchiveRecord(
            sequence: row["sequence"], archive: row["archive"], receivedAt: row["receivedAt"],
            peer: row["peer"], peerResource: row["peerResource"], stanza: row["stanza"])
    }
}
