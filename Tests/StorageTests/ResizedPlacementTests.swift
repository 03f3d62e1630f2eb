import CloudModel
import Placement
import Storage
import Testing

@Suite("Resized placements on disk")
struct ResizedPlacementTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private static func placement(replicas: Int, minimum: Int? = nil) throws -> StoredPlacement {
        let id = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        return StoredPlacement(
            owner: "alice@paris.test", idempotencyKey: nil,
            specification: WorkloadSpecification(
                name: "web", replicas: replicas,
                resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
                image: ImageReference(format: .raw, location: "/images/web"),
                keeping: minimum.map { KeepingWishes(minimum: $0) }),
            created: Self.now, changed: Self.now, saga: PlacementSaga(workload: id, replicas: replicas),
            revision: 1)
    }

    @Test("A workload that has grown or shrunk comes back with the number that is wanted now")
    func roundTrip() async throws {
        let store = PlacementStore(try Database())
        var placement = try Self.placement(replicas: 3, minimum: 3)
        try await store.insert(placement, forgettingRemovedBefore: Self.now)
        for (revision, count) in [(2, 5), (3, 1), (4, 4)] {
            let more = count - placement.saga.wantedCount
            _ =
                more > 0
                ? placement.saga.grow(placement.saga.vacancies(for: more), near: nil)
                : placement.saga.drop(placement.saga.leavers(-more, first: []))
            placement.specify()
            placement.revision = revision
            try await store.save(placement, replicas: Array(placement.saga.replicas.indices))
            #expect(try await store.load() == [placement])
            #expect(placement.specification.replicas == count)
            #expect(placement.specification.keeping?.minimum == min(3, count))
            #expect(placement.asked.replicas == 3)
        }
        #expect(placement.saga.replicas.count == 5)
    }

    @Test("An older resizing that arrives late changes nothing")
    func late() async throws {
        let store = PlacementStore(try Database())
        var placement = try Self.placement(replicas: 1)
        try await store.insert(placement, forgettingRemovedBefore: Self.now)
        _ = placement.saga.grow([1], near: nil)
        placement.specify()
        placement.revision = 2
        let older = placement
        _ = placement.saga.drop([1])
        placement.specify()
        placement.revision = 3
        try await store.save(placement, replicas: [0, 1])
        try await store.save(older, replicas: [0, 1])
        #expect(try await store.load() == [placement])
    }

    @Test("A resizing of a workload that is not there is not stored")
    func absent() async throws {
        let store = PlacementStore(try Database())
        let placement = try Self.placement(replicas: 2)
        await #expect(throws: (any Error).self) { try await store.save(placement, replicas: [0, 1]) }
        #expect(try await store.load() == [])
    }
}
