import GRDB
import Glibc
import Testing

@testable import Storage

@Suite("The database")
struct DatabaseTests {
    @Test("What is written survives a power failure: every commit waits for the disk")
    func isDurable() throws {
        var random = SystemRandomNumberGenerator()
        let path = "/tmp/tradewind-database-\(random.next()).sqlite"
        // SQLite keeps two more files beside it.
        defer { for suffix in ["", "-wal", "-shm"] { unsafe unlink(path + suffix) } }
        let database = try Database(path: path)
        let level = try database.writer.writeWithoutTransaction { connection in
            try Int.fetchOne(connection, sql: "PRAGMA synchronous")
        }
        #expect(level == 2)
        try database.writer.close()
    }
}
