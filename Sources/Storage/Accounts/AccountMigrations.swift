import GRDB

/// The schema of accounts, rosters and messages kept for those who are offline.
///
/// `roster.owner` is the local part of an account, or empty for the domain itself, whose subscribers are kept the
/// same way.
enum AccountMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("accounts-1") { connection in
            try Self.createAccounts(connection)
            try Self.createRosters(connection)
            try Self.createOfflineMessages(connection)
        }
        migrator.registerMigration("accounts-2") { connection in
            try connection.create(table: "serverSecret") { table in
                table.primaryKey("purpose", .text).notNull()
                table.column("bytes", .blob).notNull()
            }
        }
        migrator.registerMigration("accounts-3") { connection in
            try connection.create(table: "blockedAddress") { table in
                table.column("username", .text).notNull()
                    .references("account", onDelete: .cascade)
                table.column("address", .text).notNull().check { $0 != "" }
                table.primaryKey(["username", "address"])
            }
        }
        migrator.registerMigration("accounts-4") { connection in
            try connection.create(table: "accountDocument") { table in
                table.column("username", .text).notNull()
                    .references("account", onDelete: .cascade)
                table.column("area", .text).notNull().check { ["vcard", "private"].contains($0) }
                table.column("name", .text).notNull()
                table.column("namespace", .text).notNull()
                table.column("content", .text).notNull()
                table.primaryKey(["username", "area", "namespace", "name"])
            }
        }
        migrator.registerMigration("accounts-5") { connection in
            try connection.alter(table: "account") { table in
                table.add(column: "isDisabled", .boolean).notNull().defaults(to: false)
            }
            try connection.create(table: "serverSetting") { table in
                table.primaryKey("name", .text).notNull()
                table.column("value", .text).notNull()
            }
        }
    }

    private static func createAccounts(_ connection: GRDB.Database) throws {
        try connection.create(table: "account") { table in
            table.primaryKey("username", .text).notNull().check { $0 != "" }
            table.column("createdAt", .integer).notNull()
        }
        try connection.create(table: "accountCredential") { table in
            table.column("username", .text).notNull()
                .references("account", onDelete: .cascade)
            table.column("mechanism", .text).notNull()
                .check { ["SCRAM-SHA-1", "SCRAM-SHA-256"].contains($0) }
            table.column("salt", .blob).notNull()
            table.column("iterations", .integer).notNull().check { $0 >= 4_096 }
            table.column("storedKey", .blob).notNull()
            table.column("serverKey", .blob).notNull()
            table.primaryKey(["username", "mechanism"])
        }
    }

    private static func createRosters(_ connection: GRDB.Database) throws {
        try connection.create(table: "roster") { table in
            table.primaryKey("owner", .text).notNull()
            table.column("version", .integer).notNull().check { $0 >= 0 }
        }
        try connection.execute(sql: "INSERT INTO roster (owner, version) VALUES ('', 0)")
        try connection.create(table: "rosterItem") { table in
            table.column("owner", .text).notNull().references("roster", onDelete: .cascade)
            table.column("contact", .text).notNull()
            table.column("name", .text)
            table.column("groups", .text).notNull()
            table.column("outgoing", .text).notNull()
                .check { ["none", "pending", "established"].contains($0) }
            table.column("incoming", .text).notNull()
                .check { ["none", "pending", "established"].contains($0) }
            table.column("isPreApproved", .boolean).notNull()
            table.column("isListed", .boolean).notNull()
            table.column("request", .text)
            table.primaryKey(["owner", "contact"])
        }
    }

    private static func createOfflineMessages(_ connection: GRDB.Database) throws {
        try connection.create(table: "offlineMessage") { table in
            table.autoIncrementedPrimaryKey("id")
            table.column("username", .text).notNull().indexed()
                .references("account", onDelete: .cascade)
            table.column("receivedAt", .integer).notNull()
            table.column("stanza", .text).notNull()
        }
    }
}
