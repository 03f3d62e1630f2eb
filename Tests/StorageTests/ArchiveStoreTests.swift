import Storage
import Testing

@Suite("Archives on disk")
struct ArchiveStoreTests {
    static let alice = "alice@paris.test"

    static func record(
        _ sequence: Int64, archive: String = Self.alice, peer: String = "bob@rome.test",
        resource: String? = "desk", stanza: String? = nil
    ) -> ArchiveRecord {
        ArchiveRecord(
            sequence: sequence, archive: archive, receivedAt: sequence * 10, peer: peer,
            peerResource: resource, stanza: stanza ?? "<message>\(sequence)</message>")
    }

    static func store(_ records: [ArchiveRecord]) async throws -> ArchiveStore {
        let store = ArchiveStore(database: try Database())
        try await store.append(records)
        return store
    }

    func sequences(_ page: ArchivePage) -> [Int64]? {
        guard case .messages(let records, _) = page else { return nil }
        return records.map(\.sequence)
    }

    @Test("XEP-0313 §4.3: pages in both directions, always in the order of arrival")
    func pages() async throws {
        let store = try await Self.store((1...10).map { Self.record($0) })
        var selection = ArchiveSelection(archive: Self.alice, limit: 4)
        #expect(
            try await store.page(selection) == .messages((1...4).map { Self.record($0) }, isComplete: false))
        selection.position = .after(4)
        #expect(self.sequences(try await store.page(selection)) == [5, 6, 7, 8])
        selection.position = .after(8)
        #expect(
            try await store.page(selection) == .messages([9, 10].map { Self.record($0) }, isComplete: true))
        selection.position = .last
        #expect(self.sequences(try await store.page(selection)) == [7, 8, 9, 10])
        selection.position = .before(7)
        #expect(self.sequences(try await store.page(selection)) == [3, 4, 5, 6])
        selection.position = .before(3)
        #expect(
            try await store.page(selection) == .messages([1, 2].map { Self.record($0) }, isComplete: true))
        selection.position = .first
        selection.limit = 0
        #expect(try await store.page(selection) == .count(10))
    }

    @Test("XEP-0313 §4.1: filters; what is another archive's is never there")
    func filters() async throws {
        let store = try await Self.store([
            Self.record(1), Self.record(2, peer: "carol@rome.test"),
            Self.record(3, resource: "phone"), Self.record(4, archive: "eve@paris.test"),
            Self.record(5, resource: nil),
        ])
        var selection = ArchiveSelection(archive: Self.alice, limit: 10)
        selection.peer = "bob@rome.test"
        #expect(self.sequences(try await store.page(selection)) == [1, 3, 5])
        selection.peerResource = "phone"
        #expect(self.sequences(try await store.page(selection)) == [3])
        selection = ArchiveSelection(archive: Self.alice, limit: 10)
        selection.from = 20
        selection.until = 30
        #expect(self.sequences(try await store.page(selection)) == [2, 3])
        selection = ArchiveSelection(archive: Self.alice, limit: 10)
        selection.after = 1
        selection.before = 5
        #expect(self.sequences(try await store.page(selection)) == [2, 3])
        selection = ArchiveSelection(archive: Self.alice, limit: 10)
        selection.sequences = [5, 1]
        #expect(self.sequences(try await store.page(selection)) == [1, 5])
        selection.sequences = []
        #expect(self.sequences(try await store.page(selection)) == [])
    }

    @Test("XEP-0313 §4.1.3, §4.3.2: a message that is named must be there", arguments: 0..<5)
    func missing(place: Int) async throws {
        let store = try await Self.store([Self.record(1), Self.record(2, archive: "eve@paris.test")])
        for absent in [Int64(2), 3, .max, -1] {
            var selection = ArchiveSelection(archive: Self.alice, limit: 10)
            switch place {
            case 0: selection.position = .after(absent)
            case 1: selection.position = .before(absent)
            case 2: selection.after = absent
            case 3: selection.before = absent
            default: selection.sequences = [1, absent]
            }
            #expect(try await store.page(selection) == .missing)
        }
    }

    @Test("What looks like SQL is looked for and not run")
    func injection() async throws {
        let store = try await Self.store([Self.record(1)])
        for text in ["' OR 1=1 --", "\"; DROP TABLE archiveMessage; --", "%", "?"] {
            var selection = ArchiveSelection(archive: Self.alice, limit: 10)
            selection.peer = text
            #expect(self.sequences(try await store.page(selection)) == [])
            selection.archive = text
            selection.peer = nil
            #expect(self.sequences(try await store.page(selection)) == [])
        }
        #expect(
            self.sequences(try await store.page(ArchiveSelection(archive: Self.alice, limit: 1))) == [1])
    }

    @Test("A page ends at its bytes, and always has one message")
    func byteLimit() async throws {
        let text = String(repeating: "x", count: 100)
        let store = try await Self.store((1...5).map { Self.record($0, stanza: text) })
        for (limit, count) in [(1, 1), (199, 1), (200, 2), (499, 4), (500, 5)] {
            let page = try await store.page(
                ArchiveSelection(archive: Self.alice, limit: 10, byteLimit: limit))
            guard case .messages(let records, let isComplete) = page else {
                Issue.record("no page")
                return
            }
            #expect(records.count == count)
            #expect(isComplete == (count == 5))
        }
    }

    @Test("Retention: the oldest go first, of the archive that is too long, and what came before a moment")
    func retention() async throws {
        let store = try await Self.store(
            (1...10).map { Self.record($0) } + (11...13).map { Self.record($0, archive: "eve@paris.test") })
        #expect(try await store.archives(above: 3) == [Self.alice])
        #expect(try await store.archives(above: 2) == [Self.alice, "eve@paris.test"])
        #expect(try await store.trim(Self.alice, to: 10) == 0)
        #expect(try await store.trim(Self.alice, to: 9) == 1)
        #expect(try await store.trim(Self.alice, to: 4) == 5)
        #expect(
            self.sequences(try await store.page(ArchiveSelection(archive: Self.alice, limit: 99)))
                == [7, 8, 9, 10])
        try await store.removeAll(before: 9)
        #expect(
            self.sequences(try await store.page(ArchiveSelection(archive: Self.alice, limit: 99)))
                == [9, 10])
        #expect(try await store.lastSequence() == 13)
        let ends = try #require(try await store.ends(of: Self.alice, from: 0))
        #expect(ends.first.sequence == 9)
        #expect(ends.last.sequence == 10)
        #expect(try await store.ends(of: Self.alice, from: 101) == nil)
        try await store.remove(Self.alice)
        #expect(try await store.ends(of: Self.alice, from: 0) == nil)
    }

    @Test("The oldest go until the rest has so many bytes, counted as UTF-8")
    func trimmingByBytes() async throws {
        let store = try await Self.store(
            (1...4).map { Self.record($0, stanza: "<é/>") } + [Self.record(5, archive: "eve@paris.test")])
        #expect(try await store.trim(Self.alice, toBytes: 20) == 0)
        #expect(try await store.trim(Self.alice, toBytes: 19) == 1)
        #expect(try await store.trim(Self.alice, toBytes: 10) == 1)
        #expect(
            self.sequences(try await store.page(ArchiveSelection(archive: Self.alice, limit: 99))) == [3, 4])
        #expect(try await store.trim(Self.alice, toBytes: 4) == 2)
        #expect(try await store.lastSequence() == 5)
    }

    @Test("All of a group is written or nothing of it")
    func atomicity() async throws {
        let store = try await Self.store([Self.record(2)])
        await #expect(throws: (any Error).self) {
            try await store.append([Self.record(1), Self.record(2)])
        }
        #expect(self.sequences(try await store.page(ArchiveSelection(archive: Self.alice, limit: 9))) == [2])
    }

    @Test("Preferences are kept, replaced and go with the archive")
    func preferences() async throws {
        let store = try await Self.store([])
        let first = StoredArchivePreferences(
            archive: Self.alice, standard: "roster", always: ["a@b.test"], never: [])
        try await store.save(first)
        var second = first
        second.standard = "never"
        try await store.save(second)
        #expect(try await store.preferences() == [second])
        try await store.remove(Self.alice)
        #expect(try await store.preferences() == [])
    }
}

@Suite("Publish-subscribe on disk")
struct PubSubStoreTests {
    @Test("What is changed is there after a restart, in the order of publication; nodes go whole")
    func changes() async throws {
        let store = PubSubStore(database: try Database())
        let owner = "alice@paris.test"
        func item(_ id: String, _ payload: String?) -> StoredPubSubNode.Item {
            .init(id: id, publisher: owner, publishedAt: 7, payload: payload)
        }
        try await store.apply(
            [
                .configure(node: "n", ["pubsub#title": ["x"]]), .publish(node: "n", item("a", "<a/>")),
                .publish(node: "n", item("b", nil)), .publish(node: "n", item("a", "<c/>")),
                .affiliate(node: "n", address: "bob@rome.test", "member"),
                .subscribe(node: "n", address: "bob@rome.test/x", isDelivering: true),
                .subscribe(node: "n", address: "eve@rome.test", isDelivering: false),
                .subscribe(node: "n", address: "eve@rome.test", isDelivering: nil),
                .configure(node: "n", ["pubsub#title": ["y"]]), .configure(node: "m", [:]),
            ], for: owner)
        var node = StoredPubSubNode(owner: owner, name: "n", configuration: ["pubsub#title": ["y"]])
        node.affiliations = ["bob@rome.test": "member"]
        node.subscriptions = ["bob@rome.test/x": true]
        node.items = [item("b", nil), item("a", "<c/>")]
        let empty = StoredPubSubNode(owner: owner, name: "m", configuration: [:])
        #expect(try await store.nodes() == [empty, node])
        try await store.apply([.retract(node: "n", id: "b"), .purge(node: "m")], for: owner)
        node.items.removeFirst()
        #expect(try await store.nodes() == [empty, node])
        try await store.apply([.delete(node: "n")], for: owner)
        #expect(try await store.nodes() == [empty])
        // Nothing of the node comes back with its name.
        try await store.apply([.configure(node: "n", [:])], for: owner)
        #expect(
            try await store.nodes() == [empty, StoredPubSubNode(owner: owner, name: "n", configuration: [:])])
        try await store.apply([.credit(node: "n", creator: "bob@paris.test")], for: owner)
        #expect(try await store.nodes().map(\.creator) == [nil, "bob@paris.test"])
    }

    @Test("All changes are made or none")
    func atomicity() async throws {
        let store = PubSubStore(database: try Database())
        await #expect(throws: (any Error).self) {
            try await store.apply(
                [
                    .configure(node: "n", [:]),
                    .affiliate(node: "missing", address: "bob@rome.test", "member"),
                ], for: "alice@paris.test")
        }
        #expect(try await store.nodes() == [])
    }
}
