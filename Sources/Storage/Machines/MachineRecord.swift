import CloudModel
import GRDB

/// One row of `siteMachine`.
struct MachineRecord: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "siteMachine"

    let id: String
    let reservation: String
    let holder: String
    let site: String
    let host: String
    let specification: MachineSpecification
    let state: MachineState
    let reason: String?
    let halt: Halt?
    let workload: String?
    let replicaIndex: Int?
    let epoch: Int?
    let created: Int64
    let changed: Int64
    let isDefined: Bool
    let isStarted: Bool
    let isDoomed: Bool
    let revision: Int
    let reportedRevision: Int

    init(_ entry: SiteMachine) {
        let machine = entry.machine
        self.id = machine.id.description
        self.reservation = entry.reservation.description
        self.holder = entry.holder.address
        self.site = machine.site.address
        self.host = entry.host
        self.specification = machine.specification
        self.state = machine.state
        self.reason = machine.reason
        self.halt = machine.halt
        self.workload = machine.replica?.workload.description
        self.replicaIndex = machine.replica?.index
        self.epoch = machine.replica?.epoch
        self.created = machine.created.millisecondsSinceEpoch
        self.changed = machine.changed.millisecondsSinceEpoch
        self.isDefined = entry.isDefined
        self.isStarted = entry.isStarted
        self.isDoomed = entry.isDoomed
        self.revision = entry.revision
        self.reportedRevision = entry.reportedRevision
    }

    /// Adds the row; GRDB's own `insert` would look at each property as something that can be encoded, at several times
    /// the cost.
    func insert(in connection: GRDB.Database) throws {
        let insert = try connection.cachedStatement(
            sql: """
                INSERT INTO siteMachine (id, reservation, holder, site, host, specification, state, reason, halt,
                    workload, replicaIndex, epoch, created, changed, isDefined, isStarted, isDoomed, revision,
                    reportedRevision)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try insert.execute(arguments: [
            self.id, self.reservation, self.holder, self.site, self.host,
            try Self.text(of: self.specification), self.state.rawValue, self.reason,
            self.halt?.rawValue, self.workload, self.replicaIndex, self.epoch, self.created, self.changed,
            self.isDefined, self.isStarted, self.isDoomed, self.revision, self.reportedRevision,
        ])
    }

    func entry() throws -> SiteMachine {
        let machine = Machine(
            id: try StoredIdentifier.read(self.id), site: SiteID(self.site),
            specification: self.specification, state: self.state, reason: self.reason,
            halt: self.halt,
            replica: try StoredIdentifier.replica(self.workload, self.replicaIndex, self.epoch),
            created: Instant(millisecondsSinceEpoch: self.created),
            changed: Instant(millisecondsSinceEpoch: self.changed))
        return SiteMachine(
            machine: machine, holder: SiteID(self.holder),
            reservation: try StoredIdentifier.read(self.reservation), host: self.host,
            isDefined: self.isDefined, isStarted: self.isStarted, isDoomed: self.isDoomed,
            revision: self.revision, reportedRevision: self.reportedRevision)
    }
}
