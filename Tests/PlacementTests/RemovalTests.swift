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
        var holds: [Hold] = []
        for replica in 0..<2 {
            _ = saga.handle(
                .planned(site: Self.tokyo, turn: saga.replicas[replica].turn), replica: replica)
            let hold = try #require(saga.replicas[replica].hold)
            _ = saga.handle(.reservation(Self.reservation(hold, .held)), replica: replica)
            holds.append(hold)
        }
        let machine = MachineID(derivedFrom: holds[0].reservation, path: [])
        _ = saga.handle(
            .reservation(Self.reservation(holds[0], .committed, machine: machine)), replica: 0)
        return (saga, holds, machine)
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
}
