import CloudModel
import Placement
import Storage
import Testing

@Suite("Applications on disk")
struct ApplicationStoreTests {
    private func application(revision: Int, parts: [String] = ["db", "web"]) throws -> StoredApplication {
        let id = try #require(ApplicationID("00000000-0000-4000-8000-000000000000"))
        var saga = ApplicationSaga(id: id, name: "shop")
        let wanted = parts.map { name in
            ApplicationSpecification.Part(
                workload: WorkloadSpecification(
                    name: name, replicas: 1,
                    resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
                    image: ImageReference(format: .raw, location: "/images/web")),
                after: name == "web" ? ["db"] : [],
                bounds: name == "web" ? [.init(part: "db", milliseconds: 20)] : [])
        }
        saga.apply(ApplicationSpecification(name: "shop", parts: wanted), over: [])
        return StoredApplication(
            owner: "alice@paris.test", created: Instant(millisecondsSinceEpoch: 1_800_000_000_000),
            saga: saga,
            revision: revision)
    }

    @Test("What was stored comes back as it was; an older change never overwrites a newer one")
    func roundTrip() async throws {
        let store = ApplicationStore(try Database())
        try await store.save(try self.application(revision: 1))
        #expect(try await store.load() == [try self.application(revision: 1)])
        try await store.save(try self.application(revision: 3, parts: ["db"]))
        try await store.save(try self.application(revision: 2))
        #expect(try await store.load() == [try self.application(revision: 3, parts: ["db"])])
        try await store.delete(try self.application(revision: 3).id)
        #expect(try await store.load() == [])
    }
}
