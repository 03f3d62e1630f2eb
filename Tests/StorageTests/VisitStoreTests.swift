import Storage
import Testing

@Suite("The rooms that are visited")
struct VisitStoreTests {
    @Test("Rooms are kept once each, sorted, until they are removed")
    func keeps() async throws {
        let store = VisitStore(database: try Database())
        #expect(try await store.rooms() == [])
        for room in ["ops@rooms.example", "all@rooms.example", "ops@rooms.example"] {
            try await store.add(room)
        }
        #expect(try await store.rooms() == ["all@rooms.example", "ops@rooms.example"])
        try await store.remove("ops@rooms.example")
        try await store.remove("nowhere@rooms.example")
        #expect(try await store.rooms() == ["all@rooms.example"])
    }

    @Test("A room without an address cannot be kept")
    func refuses() async throws {
        let store = VisitStore(database: try Database())
        await #expect(throws: (any Error).self) { try await store.add("") }
    }
}
