import CloudModel
import Placement
import Testing

@Suite("Removing a workload")
struct RemovalTests {
    private static let tokyo = SiteID("tokyo.test")

    /// Three replicas: one placed, one whose site was asked to make the machine, one without a site.
    private static func saga() throws -> (saga: PlacementSaga, holds: [Hold], machine: MachineID) {
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 3)
        _ = saga.resume()
        let holds = try (0..<2).map { try Self.reserve($0, of: &saga) }
        let machine = MachineID(derivedFrom: holds[0].reservation, path: [])
        _ = saga.handle(
            .reservation(Self.reservation(holds[0], .committed, machine: machine)), replica: 0)
        return (saga, holds, machine)
    }

    /// One replica, whose site was asked to make the machine.
    private static func committing() throws -> (saga: PlacementSaga, hold: Hold) {
        var saga = PlacementSaga(
            workload: try #require(WorkloadID("00000000-0000-4000-8000-000000000001")), replicas: 1)
        _ = saga.resume()
        let hold = try Self.reserve(0, of: &saga)
        return (saga, hold)
    }

    /// Lets Tokyo hold room for a replica, so that it is asked to make the machine.
    private static func reserve(_ replica: Int, of saga: inout PlacementSaga) throws -> Hold {
        _ = saga.handle(.planned(site: Self.tokyo, turn: saga.replicas[replica].turn), replica: replica)
        let hold = try #require(saga.replicas[replica].hold)
        _ = saga.handle(.reservation(Self.reservation(hold, .held)), replica: replica)
        return hold
    }

    private static func reservation(
        _ hold: Hold, _ state: Reservation.State, machine: MachineID? = nil
    ) -> Reservation {
        Reservation(
            id: hold.reservation, holder: SiteID("coordinator.test"),
            specification: MachineSpecification(
                name: "web-0", resources: Samples.resources(),
                image: ImageReference(format: .raw, location: "/images/web")),
            replica: nil, expires: Instant(millisecondsSinceEpoch: 0), state: state, machine: machine)
    }

    @Test("What was stored as removed without some of its replicas gives them back after a restart")
    func leftOut() throws {
        let (placed, holds, machine) = try Self.saga()
        var saga = PlacementSaga(workload: placed.workload, replicas: placed.replicas, isRemoving: true)
        let directives = saga.resume()
        #expect(
            directives == [
                .delete(replica: 0, holds[0], machine, turn: saga.replicas[0].turn, after: .zero),
                .release(replica: 1, holds[1], turn: saga.replicas[1].turn, after: .zero),
            ])
        #expect(saga.state == .removing)
        _ = saga.handle(.deleted(machine), replica: 0)
        _ = saga.handle(.reservation(Self.reservation(holds[1], .released)), replica: 1)
        #expect(saga.state == .removed)
    }

    @Test("What a removal has asked for is asked for again after a restart, and nothing else")
    func asked() throws {
        let (placed, holds, machine) = try Self.saga()
        var saga = placed
        _ = saga.remove()
        let phases = saga.replicas.map(\.phase)
        let directives = saga.resume()
        #expect(saga.replicas.map(\.phase) == phases)
        #expect(
            directives == [
                .delete(replica: 0, holds[0], machine, turn: saga.replicas[0].turn, after: .zero),
                .release(replica: 1, holds[1], turn: saga.replicas[1].turn, after: .zero),
            ])
    }

    @Test("Removing deletes the machine; a site that has none of that number is as good")
    func removing() throws {
        let (asked, hold) = try Self.committing()
        var saga = asked
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        _ = saga.handle(.reservation(Self.reservation(hold, .committed, machine: machine)), replica: 0)
        #expect(
            saga.remove() == [.delete(replica: 0, hold, machine, turn: saga.replicas[0].turn, after: .zero)])
        #expect(saga.remove() == [])
        #expect(saga.state == .removing)
        #expect(saga.handle(.deleted(machine), replica: 0) == [])
        #expect(saga.state == .removed)
    }

    @Test("Removing while a commitment is under way finds the machine that came of it")
    func removingInDoubt() throws {
        let (asked, hold) = try Self.committing()
        var saga = asked
        #expect(saga.remove() == [.release(replica: 0, hold, turn: saga.replicas[0].turn, after: .zero)])
        for _ in 0..<10 {
            _ = saga.handle(.silent(turn: saga.replicas[0].turn, reason: "10 s"), replica: 0)
        }
        #expect(saga.state == .removing)
        let machine = MachineID(derivedFrom: saga.workload, path: [1])
        let directives = saga.handle(
            .reservation(Self.reservation(hold, .committed, machine: machine)), replica: 0)
        #expect(directives == [.delete(replica: 0, hold, machine, turn: saga.replicas[0].turn, after: .zero)])
    }
}
