import GRDB

/// The schema of the alliance: our incarnation, the sites we know with their pinned keys, and their last rows.
enum FederationMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("federation-1") { connection in
            try connection.create(table: "federationIncarnation") { table in
                table.primaryKey("id", .integer).notNull().check { $0 == 1 }
                table.column("incarnation", .integer).notNull().check { $0 >= 0 }
            }
            try connection.execute(sql: "INSERT INTO federationIncarnation (id, incarnation) VALUES (1, 0)")
            try connection.create(table: "federationMember") { table in
                table.primaryKey("site", .text).notNull().check { $0 != "" }
                table.column("standing", .text).notNull()
                    .check {
                        ["invited", "invited-by", "accepting", "member", "left", "quarantined"].contains($0)
                    }
                table.column("role", .text).check { ["agent", "coordinator"].contains($0) }
                table.column("name", .text)
                table.column("pinnedKey", .blob)
                table.column("offeredKey", .blob)
                table.column("reason", .text)
                table.column("since", .integer).notNull()
            }
            try connection.create(table: "federationRow") { table in
                table.primaryKey("origin", .text).notNull()
                table.column("incarnation", .integer).notNull()
                table.column("sequence", .integer).notNull()
                table.column("lifetimeMilliseconds", .integer).notNull()
                table.column("schema", .text).notNull()
                table.column("payload", .blob).notNull()
                table.column("signingKey", .blob).notNull()
                table.column("signature", .blob).notNull()
            }
        }
        migrator.registerMigration("federation-2") { connection in
            try connection.alter(table: "federationMember") { table in
                table.add(column: "hasJoined", .boolean).notNull().defaults(to: false)
            }
            // Of a site that left before this was kept nobody knows whether it had joined.
            try connection.execute(
                sql:
                    "UPDATE federationMember SET hasJoined = 1 WHERE standing IN ('member', 'left', 'quarantined')"
            )
        }
    }
}
