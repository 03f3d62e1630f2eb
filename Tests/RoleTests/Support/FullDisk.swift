import GRDB
import Storage

/// Lets a site's database refuse every change, as it does on a full disk, and take them again.
enum FullDisk {
    static func set(
        _ isFull: Bool, in database: Storage.Database, tables: [String] = ["siteMachine", "siteReservation"]
    ) throws {
        try database.writer.write { connection in
            for table in tables {
                for change in ["INSERT", "UPDATE"] {
                    try connection.execute(
                        sql: isFull
                            ? """
                            CREATE TRIGGER full\(table)\(change) BEFORE \(change) ON \(table)
                            BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END
                            """ : "DROP TRIGGER full\(table)\(change)")
                }
            }
        }
    }
}
