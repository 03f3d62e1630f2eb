import CloudModel
import Storage
import Testing

@Suite("Machines and reservations on disk")
struct MachineStoreTests {
    private let start = Instant(millisecondsSinceEpoch: 1_700_000_000_000)

    private var specification: MachineSpecification {
        MachineSpecification(
            name: "web-0", resources: Resources(vcpus: 1, memory: Mebibytes(64), disk: Mebibytes(64)),
            image: ImageReference(format: .raw, location: "/images/web"))
    }

    private func identifier<Subject>(_ text: String) throws -> Identifier<Subject> {
        try #require(Identifier<Subject>(text))
    }

    @Test("A second write changes all that can change, and what was asked for stays")
    func changes() throws {
        let store = MachineStore(try Database())
        let reservation: ReservationID = try self.identifier("7f3e9c52-8a41-4c6b-b0d7-2f6a1e9d4c83")
        let id: MachineID = try self.identifier("0b6f2c3e-51d4-4e0a-9a3c-7d1f5b8e2a10")
        var hold = SiteReservation(
            reservation: Reservation(
                id: reservation, holder: SiteID("tokyo.test"), specification: self.specification,
                replica: nil, expires: self.start), host: "h1", heldFor: .seconds(60))
        #expect(try store.save(SiteChanges(reservations: [reservation: hold])) == 1)
        #expect(try store.load().reservations == [hold])

        hold.reservation.state = .committed
        hold.reservation.machine = id
        var entry = SiteMachine(
            machine: Machine(
                id: id, site: SiteID("paris.test"), specification: self.specification, state: .creating,
                created: self.start, changed: self.start),
            holder: SiteID("tokyo.test"), reservation: reservation, host: "h1")
        #expect(
            try store.save(SiteChanges(machines: [id: entry], reservations: [reservation: hold])) == 2)
        #expect(try store.load().machines == [entry])
        #expect(try store.load().reservations == [hold])

        entry.machine.state = .failed
        entry.machine.reason = "its process was killed"
        entry.machine.halt = .lease
        entry.machine.changed = self.start.advanced(by: .seconds(1))
        entry.host = "h2"
        entry.isDefined = true
        entry.isStarted = false
        entry.isDoomed = true
        entry.revision = 4
        entry.reportedRevision = 3
        #expect(try store.save(SiteChanges(machines: [id: entry])) == 3)
        let state = try store.load()
        #expect(state.machines == [entry])
        #expect(state.generation == 3)

        #expect(
            try store.save(
                SiteChanges(forgottenMachines: [id], forgottenReservations: [reservation])) == 4)
        #expect(try store.load().machines.isEmpty)
        #expect(try store.load().reservations.isEmpty)
    }

    @Test("A lease is kept until it is forgotten")
    func leases() throws {
        let store = MachineStore(try Database())
        let id: MachineID = try self.identifier("0b6f2c3e-51d4-4e0a-9a3c-7d1f5b8e2a10")
        let lease = SiteLease(machine: id, ends: Uptime(boot: "first", milliseconds: 60_000))
        var changes = SiteChanges()
        changes.leases = [id: lease]
        #expect(!changes.isEmpty)
        try store.save(changes)
        #expect(try store.load().leases == [lease])
        changes = SiteChanges()
        changes.forgottenLeases = [id]
        #expect(!changes.isEmpty)
        try store.save(changes)
        #expect(try store.load().leases.isEmpty)
    }
}
