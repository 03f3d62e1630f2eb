import GRDB

/// The schema of what a process remembers of the server that it is a client of.
enum AttachmentMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("attachment-1") { connection in
            try connection.create(table: "authenticationPin") { table in
                table.primaryKey("account", .text).notNull().check { $0 != "" }
                table.column("mechanism", .text).notNull().check { $0 != "" }
            }
        }
    }
}
