import GRDB

/// The schema of grants that were given while the process ran; those of the configuration are not stored.
enum GrantMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("grants-1") { connection in
            try connection.create(table: "grant") { table in
                table.column("subject", .text).notNull().check { $0 != "" }
                table.column("permissions", .text).notNull().check { $0 != "" }
                table.column("scope", .text).notNull().check { ["site", "own"].contains($0) }
                table.primaryKey(["subject", "permissions"])
            }
        }
    }
}
