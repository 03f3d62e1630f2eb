import CloudModel
import Placement
import Storage
import Testing

@Suite("Placements on disk")
struct PlacementStoreTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    private func placement(
        _ number: UInt64 = 1, key: String? = nil, replicas: Int = 2
    ) throws -> StoredPlacement {
        let root = try #require(WorkloadID("00000000-0000-4000-8000-000000000000"))
        let id = WorkloadID(derivedFrom: root, path: [number])
        return StoredPlacement(
            owner: "alice@paris.test", idempotencyKey: key,
            specification: WorkloadSpecification(
                name: "web", replicas: replicas,
                resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
                image: ImageReference(format: .raw, location: "/images/web"),
                audience: Audience(shares: [.init(place: .country("JP"), weight: 1)]),
                constraints: [.avoid([SiteID("paris.test")])], spread: .atMostPerSite(1)),
            created: Self.now, changed: Self.now, saga: PlacementSaga(workload: id, replicas: replicas),
            revision: 1)
    }

    @Test("What was stored comes back as it was")
    func roundTrip() async throws {
        let store = PlacementStore(try Database())
        var placement = try self.placement(key: "k")
        try await store.insert(placement, forgettingRemovedBefore: Self.now)
        #expect(try await store.load() == [placement])

        _ = placement.saga.resume()
        _ = placement.saga.handle(
            .planned(site: SiteID("tokyo.test"), turn: placement.saga.replicas[0].turn), replica: 0)
        placement.revision = 2
        placement.changed = Self.now.advanced(by: .seconds(1))
        try await store.save(placement, replicas: [0, 1])
        #expect(try await store.load() == [placement])
    }

    @Test("An older change never overwrites a newer one")
    func olderChange() async throws {
        let store = PlacementStore(try Database())
        var placement = try self.placement()
        try await store.insert(placement, forgettingRemovedBefore: Self.now)
        let older = placement
        placement.revision = 3
        _ = placement.saga.remove()
        try await store.save(placement, replicas: [0, 1])
        try await store.save(older, replicas: [0, 1])
        #expect(try await store.load() == [placement])
    }

    @Test("A key is its owner's once; without keys there may be many")
    func keys() async throws {
        let store = PlacementStore(try Database())
        try await store.insert(try self.placement(1, key: "k"), forgettingRemovedBefore: Self.now)
        await #expect(throws: (any Error).self) {
            try await store.insert(try self.placement(2, key: "k"), forgettingRemovedBefore: Self.now)
        }
        try await store.insert(try self.placement(3), forgettingRemovedBefore: Self.now)
        try await store.insert(try self.placement(4), forgettingRemovedBefore: Self.now)
        #expect(try await store.load().count == 3)
    }

    @Test("Only what was removed before the given time is forgotten")
    func forgetting() async throws {
        let store = PlacementStore(try Database())
        var removed = try self.placement(1)
        _ = removed.saga.remove()
        let kept = try self.placement(2)
        try await store.insert(removed, forgettingRemovedBefore: Self.now)
        try await store.insert(kept, forgettingRemovedBefore: Self.now)
        try await store.forget(removedBefore: Self.now)
        #expect(try await store.load().count == 2)
        try await store.forget(removedBefore: Self.now.advanced(by: .milliseconds(1)))
        #expect(try await store.load().map(\.id) == [kept.id])
    }

    @Test("Others that are named are forgotten too, with their keys, whatever is on disk of them")
    func forgettingOthers() async throws {
        let store = PlacementStore(try Database())
        let first = try self.placement(1, key: "k")
        let second = try self.placement(2)
        try await store.insert(first, forgettingRemovedBefore: Self.now)
        try await store.insert(second, forgettingRemovedBefore: Self.now)
        let next = try self.placement(3, key: "k")
        try await store.insert(next, forgettingRemovedBefore: Self.now, and: [first.id])
        #expect(try await Set(store.load().map(\.id)) == [second.id, next.id])
    }

    @Test("A new workload takes the key of one that is forgotten in the same step")
    func keyOfForgotten() async throws {
        let store = PlacementStore(try Database())
        var removed = try self.placement(1, key: "k")
        _ = removed.saga.remove()
        try await store.insert(removed, forgettingRemovedBefore: Self.now)
        let next = try self.placement(2, key: "k")
        await #expect(throws: (any Error).self) {
            try await store.insert(next, forgettingRemovedBefore: Self.now)
        }
        try await store.insert(next, forgettingRemovedBefore: Self.now.advanced(by: .milliseconds(1)))
        #expect(try await store.load().map(\.id) == [next.id])
    }
}
