import CloudModel
import GRDB

/// Keeps a site's machines and reservations; each step of its ledger is one transaction.
///
/// Calls block until the disk has the change: make them where blocking harms nobody.
package struct MachineStore: Sendable {
    private let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    package func load() throws -> SiteState {
        try self.database.writer.read { connection in
            var state = SiteState(
                machines: try MachineRecord.order(Column("id")).fetchAll(connection).map { try $0.entry() },
                reservations: try ReservationRecord.order(Column("id")).fetchAll(connection)
                    .map { try $0.entry() })
            state.leases = try LeaseRecord.fetchAll(connection).map { try $0.lease() }
            if let row = try Row.fetchOne(connection, sql: "SELECT generation, policy FROM siteState") {
                state.generation = row["generation"]
                state.policy = (row["policy"] as String?).flatMap(AdmissionPolicy.init(rawValue:))
            }
            return state
        }
    }

    /// Writes all of `changes`, those of one step after the other, or nothing; returns the new generation.
    @discardableResult
    package func save(_ changes: SiteChanges...) throws -> Int {
        try self.save(changes)
    }

    /// Writes all of `changes`, those of one step after the other, or nothing; returns the new generation.
    @discardableResult
    package func save(_ changes: [SiteChanges]) throws -> Int {
        try self.database.writer.writeWithoutTransaction { connection in
            try connection.inPreparedTransaction {
                for step in changes { try Self.write(step, connection) }
                try connection.cachedStatement(sql: "UPDATE siteState SET generation = generation + 1")
                    .execute()
                return try Int.fetchOne(
                    try connection.cachedStatement(sql: "SELECT generation FROM siteState")) ?? 0
            }
        }
    }

    private static func write(_ changes: SiteChanges, _ connection: GRDB.Database) throws {
        for entry in changes.reservations.values { try Self.write(entry, connection) }
        for entry in changes.machines.values { try Self.write(entry, connection) }
        for id in changes.forgottenMachines {
            _ = try MachineRecord.deleteOne(connection, key: id.description)
            _ = try LeaseRecord.deleteOne(connection, key: id.description)
        }
        for id in changes.forgottenReservations {
            _ = try ReservationRecord.deleteOne(connection, key: id.description)
        }
        for id in changes.forgottenLeases {
            _ = try LeaseRecord.deleteOne(connection, key: id.description)
        }
        for lease in changes.leases.values { try LeaseRecord(lease).save(connection) }
        if let policy = changes.policy {
            try connection.execute(sql: "UPDATE siteState SET policy = ?", arguments: [policy.rawValue])
        }
    }

    // Most writes change a row that is there. What was asked for never changes, and is encoded only once: every other
    // column of the record belongs into the UPDATE.

    private static func write(_ entry: SiteReservation, _ connection: GRDB.Database) throws {
        let reservation = entry.reservation
        let update = try connection.cachedStatement(
            sql: """
                UPDATE siteReservation SET host = ?, heldFor = ?, expires = ?, state = ?, machine = ? WHERE id = ?
                """)
        try update.execute(arguments: [
            entry.host, entry.heldFor.wholeMilliseconds, reservation.expires.millisecondsSinceEpoch,
            reservation.state.rawValue, reservation.machine?.description, reservation.id.description,
        ])
        if connection.changesCount == 0 { try ReservationRecord(entry).insert(in: connection) }
    }

    private static func write(_ entry: SiteMachine, _ connection: GRDB.Database) throws {
        let machine = entry.machine
        let update = try connection.cachedStatement(
            sql: """
                UPDATE siteMachine SET host = ?, state = ?, reason = ?, halt = ?, changed = ?, isDefined = ?,
                    isStarted = ?, isDoomed = ?, revision = ?, reportedRevision = ? WHERE id = ?
                """)
        try update.execute(arguments: [
            entry.host, machine.state.rawValue, machine.reason, machine.halt?.rawValue,
            machine.changed.millisecondsSinceEpoch, entry.isDefined, entry.isStarted, entry.isDoomed,
            entry.revision, entry.reportedRevision,
            machine.id.description,
        ])
        if connection.changesCount == 0 { try MachineRecord(entry).insert(in: connection) }
    }
}
