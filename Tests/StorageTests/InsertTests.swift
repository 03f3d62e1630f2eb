import CloudModel
import GRDB
import Placement
import Testing

@testable import Storage

/// Rows whose INSERT is written by hand, since that is several times as fast: none may forget a column.
@Suite("Rows that are added by hand")
struct InsertTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
    private static let resources = Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1))
    private static let image = ImageReference(format: .raw, location: "/images/web")

    /// Whether a record with a value in each column has a member for each, and is read back as it was added.
    private func check<Record: Codable & FetchableRecord & PersistableRecord>(
        _ record: Record, in connection: GRDB.Database, _ insert: () throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let columns = try connection.columns(in: Record.databaseTableName).map(\.name)
        let members = try record.databaseDictionary
        #expect(Set(members.keys) == Set(columns), sourceLocation: sourceLocation)
        #expect(members.values.allSatisfy { !$0.isNull }, "\(members)", sourceLocation: sourceLocation)
        try insert()
        let read = try #require(try Record.fetchOne(connection), sourceLocation: sourceLocation)
        #expect(try read.databaseDictionary == members, sourceLocation: sourceLocation)
    }

    @Test("What a site keeps: machines and reservations have all their columns")
    func machines() throws {
        let id = try #require(MachineID("0b6f2c3e-51d4-4e0a-9a3c-7d1f5b8e2a10"))
        let hold = try #require(ReservationID("7f3e9c52-8a41-4c6b-b0d7-2f6a1e9d4c83"))
        let workload = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        let specification = MachineSpecification(name: "web-0", resources: Self.resources, image: Self.image)
        let replica = ReplicaReference(workload: workload, index: 2, epoch: 3)
        var machine = Machine(
            id: id, site: SiteID("paris.test"), specification: specification, state: .failed,
            replica: replica, created: Self.now, changed: Self.now.advanced(by: .seconds(1)))
        machine.reason = "its process was killed"
        machine.halt = .lease
        var entry = SiteMachine(
            machine: machine, holder: SiteID("tokyo.test"), reservation: hold, host: "h1")
        entry.isDefined = true
        entry.revision = 4
        entry.reportedRevision = 3
        let reservation = SiteReservation(
            reservation: Reservation(
                id: hold, holder: SiteID("tokyo.test"), specification: specification, replica: replica,
                expires: Self.now, state: .committed, machine: id),
            host: "h1", heldFor: .seconds(60))
        try Storage.Database().writer.write { connection in
            let machine = MachineRecord(entry)
            try self.check(machine, in: connection) { try machine.insert(in: connection) }
            let held = ReservationRecord(reservation)
            try self.check(held, in: connection) { try held.insert(in: connection) }
        }
    }

    @Test("What a coordinator keeps: workloads, replicas and events have all their columns")
    func workloads() throws {
        let root = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        let workload = WorkloadRecord(
            id: root.description, owner: "alice@paris.test", idempotencyKey: "k",
            specification: WorkloadSpecification(
                name: "web", replicas: 1, resources: Self.resources, image: Self.image),
            state: .placing, reason: "no room", isRemoving: true,
            created: Self.now.millisecondsSinceEpoch, changed: Self.now.millisecondsSinceEpoch + 1,
            revision: 7)
        let saga = PlacementSaga(workload: root, replicas: 1)
        let replica = WorkloadReplicaRecord(
            workload: workload.id, replica: 3, placement: saga.replicas[0], revision: 7)
        let event = WorkloadEvent(
            number: 5, at: Self.now, kind: .placed, replica: 3, site: SiteID("tokyo.test"), text: "placed")
        let placement = StoredPlacement(
            owner: workload.owner, idempotencyKey: nil, specification: workload.specification,
            created: Self.now, changed: Self.now, saga: saga, revision: 7)
        try Storage.Database().writer.write { connection in
            try self.check(workload, in: connection) { try workload.insert(in: connection) }
            try self.check(replica, in: connection) { try replica.insert(in: connection) }
            let record = WorkloadEventRecord(workload: workload.id, number: event.number, event: event)
            try self.check(record, in: connection) {
                try WorkloadEventRecord.append([event], to: placement, in: connection)
            }
        }
    }
}
