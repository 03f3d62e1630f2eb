import GRDB

extension GRDB.Database {
    /// Makes the changes of `body` in one transaction, or none of them.
    ///
    /// As GRDB's own, which compiles `BEGIN` and `COMMIT` anew each time: small transactions would spend more on that
    /// than on what they change.
    func inPreparedTransaction<Result>(_ body: () throws -> Result) throws -> Result {
        try self.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        do {
            let result = try body()
            try self.cachedStatement(sql: "COMMIT TRANSACTION").execute()
            return result
        } catch let failure {
            do {
                // Does nothing if SQLite has rolled back by itself.
                try self.rollback()
            } catch {
                // What failed first says more.
            }
            throw failure
        }
    }
}
