import GRDB

/// The schema of the chat rooms that this process is in as a guest; those it is host of are another area.
enum VisitMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("visits-1") { connection in
            try connection.create(table: "visit") { table in
                table.primaryKey("room", .text).notNull().check { $0 != "" }
            }
        }
    }
}
