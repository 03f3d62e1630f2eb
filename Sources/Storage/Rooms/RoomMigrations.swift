import GRDB

/// The schema of rooms that outlive their occupants: what they are like, who belongs to them, what they talk about.
enum RoomMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("rooms-1") { connection in
            try Self.createRooms(connection)
            try Self.createAffiliations(connection)
            try Self.createSubjects(connection)
        }
    }

    private static func createRooms(_ connection: GRDB.Database) throws {
        try connection.create(table: "room") { table in
            table.primaryKey("name", .text).notNull().check { $0 != "" }
            table.column("title", .text).notNull()
            table.column("details", .text).notNull()
            table.column("language", .text).notNull()
            table.column("password", .text).check { $0 != "" }
            table.column("isPublic", .boolean).notNull()
            table.column("isMembersOnly", .boolean).notNull()
            table.column("isModerated", .boolean).notNull()
            table.column("isNonAnonymous", .boolean).notNull()
            table.column("participantsMayChangeSubject", .boolean).notNull()
            table.column("membersMayInvite", .boolean).notNull()
            table.column("privateMessages", .text).notNull()
                .check { ["anyone", "participants", "moderators", "none"].contains($0) }
            table.column("shownRoles", .text).notNull()
            table.column("maximumOccupants", .integer).notNull().check { $0 > 0 }
            table.column("historyStanzas", .integer).notNull().check { $0 >= 0 }
        }
    }

    private static func createAffiliations(_ connection: GRDB.Database) throws {
        try connection.create(table: "roomAffiliation") { table in
            table.column("room", .text).notNull().references("room", onDelete: .cascade)
            table.column("address", .text).notNull().check { $0 != "" }
            table.column("affiliation", .text).notNull()
                .check { ["owner", "admin", "member", "outcast"].contains($0) }
            table.column("nickname", .text).check { $0 != "" }
            table.column("reason", .text)
            table.primaryKey(["room", "address"])
        }
    }

    private static func createSubjects(_ connection: GRDB.Database) throws {
        try connection.create(table: "roomSubject") { table in
            table.primaryKey("room", .text).notNull().references("room", onDelete: .cascade)
            table.column("message", .text).notNull()
            table.column("nickname", .text).notNull()
            table.column("author", .text).notNull()
            table.column("changedAt", .integer).notNull()
        }
    }
}
