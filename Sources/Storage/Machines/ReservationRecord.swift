import CloudModel
import GRDB

/// One row of `siteReservation`.
struct ReservationRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "siteReservation"

    let id: String
    let holder: String
    let host: String
    let specification: MachineSpecification
    let workload: String?
    let replicaIndex: Int?
    let epoch: Int?
    let heldFor: Int64
    let expires: Int64
    let state: Reservation.State
    let machine: String?

    init(_ entry: SiteReservation) {
        let reservation = entry.reservation
        self.id = reservation.id.description
        self.holder = reservation.holder.address
        self.host = entry.host
        self.specification = reservation.specification
        self.workload = reservation.replica?.workload.description
        self.replicaIndex = reservation.replica?.index
        self.epoch = reservation.replica?.epoch
        self.heldFor = entry.heldFor.wholeMilliseconds
        self.expires = reservation.expires.millisecondsSinceEpoch
        self.state = reservation.state
        self.machine = reservation.machine?.description
    }

    /// Adds the row, as `MachineRecord` does.
    func insert(in connection: GRDB.Database) throws {
        let insert = try connection.cachedStatement(
            sql: """
                INSERT INTO siteReservation (id, holder, host, specification, workload, replicaIndex, epoch, heldFor,
                    expires, state, machine)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            self.id, self.holder, self.host, try Self.text(of: self.specification),
            self.workload, self.replicaIndex, self.epoch, self.heldFor, self.expires, self.state.rawValue,
            self.machine,
        ])
    }

    func entry() throws -> SiteReservation {
        let reservation = Reservation(
            id: try StoredIdentifier.read(self.id), holder: SiteID(self.holder),
            specification: self.specification,
            replica: try StoredIdentifier.replica(self.workload, self.replicaIndex, self.epoch),
            expires: Instant(millisecondsSinceEpoch: self.expires), state: self.state,
            machine: try self.machine.map { try StoredIdentifier.read($0) })
        return SiteReservation(
            reservation: reservation, host: self.host, heldFor: .milliseconds(self.heldFor))
    }
}
