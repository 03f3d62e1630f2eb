import GRDB

/// What a process remembers of the server that it is a client of; each query is durable when it returns.
package struct AttachmentStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// The SASL mechanism by which the account authenticated last; nil if it never has.
    package func mechanism(of account: String) async throws -> String? {
        try await self.database.writer.read { connection in
            try AuthenticationPinRecord.fetchOne(connection, key: account)?.mechanism
        }
    }

    /// Remembers the mechanism; nil forgets it.
    package func pin(_ mechanism: String?, of account: String) async throws {
        try await self.database.writer.write { connection in
            guard let mechanism else {
                _ = try AuthenticationPinRecord.deleteOne(connection, key: account)
                return
            }
            try AuthenticationPinRecord(account: account, mechanism: mechanism).upsert(connection)
        }
    }
}
