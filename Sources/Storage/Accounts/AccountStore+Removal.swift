import GRDB

/// The end of an account.
extension AccountStore {
    /// Removes an account, all that it had, and all that was granted to its address: whoever gets the name next
    /// inherits nothing.
    ///
    /// Gone are its roster, kept messages, documents, block list, archive and nodes; its place in other accounts'
    /// rosters, whose versions rise by one where clients saw it there; what it was to rooms and to other owners' nodes.
    /// A room that has lost its last owner passes to its admins, or goes if it has none; a feed that nobody owns any
    /// more goes with the account that made it, and one that somebody else owns too counts as his from now on.
    ///
    /// - Parameters:
    ///   - address: the account's bare JID.
    ///   - roomDomain: the domain of the rooms, whose archives go with them; nil if there are none.
    /// - Returns: false, and nothing has changed, if there is no such account.
    package func delete(
        username: String, address: String, roomDomain: String? = nil
    ) async throws -> Bool {
        try await self.database.writer.write { connection in
            guard try AccountRecord.deleteOne(connection, key: username) else { return false }
            try connection.execute(sql: "DELETE FROM roster WHERE owner = ?", arguments: [username])
            try Self.forget(contact: address, in: connection)
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE archive = ?", arguments: [address])
            try connection.execute(
                sql: "DELETE FROM archivePreferences WHERE archive = ?", arguments: [address])
            try Self.leaveRooms(address, of: roomDomain, in: connection)
            try Self.leaveNodes(address, in: connection)
            return true
        }
    }

    private static func forget(contact: String, in connection: GRDB.Database) throws {
        try connection.execute(
            sql: """
                UPDATE roster SET version = version + 1
                WHERE owner IN (SELECT owner FROM rosterItem WHERE contact = ? AND isListed)
                """,
            arguments: [contact])
        try connection.execute(sql: "DELETE FROM rosterItem WHERE contact = ?", arguments: [contact])
    }

    private static func leaveRooms(
        _ address: String, of domain: String?, in connection: GRDB.Database
    ) throws {
        let owned = try String.fetchAll(
            connection, sql: "SELECT room FROM roomAffiliation WHERE address = ? AND affiliation = 'owner'",
            arguments: [address])
        try connection.execute(sql: "DELETE FROM roomAffiliation WHERE address = ?", arguments: [address])
        func has(_ affiliation: String, _ room: String) throws -> Bool {
            try Bool.fetchOne(
                connection,
                sql: "SELECT EXISTS (SELECT 1 FROM roomAffiliation WHERE room = ? AND affiliation = ?)",
                arguments: [room, affiliation]) ?? false
        }
        for room in owned {
            guard try !has("owner", room) else { continue }
            guard try !has("admin", room) else {
                try connection.execute(
                    sql: """
                        UPDATE roomAffiliation SET affiliation = 'owner'
                        WHERE room = ? AND affiliation = 'admin'
                        """,
                    arguments: [room])
                continue
            }
            _ = try RoomRecord.deleteOne(connection, key: room)
            guard let domain else { continue }
            try connection.execute(
                sql: "DELETE FROM archiveMessage WHERE archive = ?", arguments: ["\(room)@\(domain)"])
        }
    }

    private static func leaveNodes(_ address: String, in connection: GRDB.Database) throws {
        func run(_ sql: String, _ arguments: StatementArguments) throws {
            try connection.execute(sql: sql, arguments: arguments)
        }
        try run("DELETE FROM pubSubNode WHERE owner = ?", [address])
        try run("DELETE FROM pubSubAffiliation WHERE address = ?", [address])
        // The address itself, and each of its resources.
        try run(
            """
            DELETE FROM pubSubSubscription
            WHERE address = ?1 OR substr(address, 1, length(?1) + 1) = ?1 || '/'
            """, [address])
        let owners = """
            SELECT MIN(address) FROM pubSubAffiliation
            WHERE pubSubAffiliation.owner = pubSubNode.owner AND pubSubAffiliation.node = pubSubNode.node
                AND affiliation = 'owner'
            """
        try run("DELETE FROM pubSubNode WHERE creator = ? AND (\(owners)) IS NULL", [address])
        try run("UPDATE pubSubNode SET creator = (\(owners)) WHERE creator = ?", [address])
    }
}
