import CloudModel
import Testing

@Suite("Derived identifiers")
struct IdentifierDerivationTests {
    private func parent() throws -> WorkloadID {
        try #require(WorkloadID("6f1c2b1e-9f0a-4c3e-8d55-0a1b2c3d4e5f"))
    }

    @Test("The same parent and path give the same number, in every process")
    func isStable() throws {
        let id = ReservationID(derivedFrom: try self.parent(), path: [0, 1, 1])
        #expect(id == ReservationID(derivedFrom: try self.parent(), path: [0, 1, 1]))
        #expect(id.description == Self.frozen)
    }

    /// Stored reservations of running machines carry numbers made so: the derivation must never change.
    private static let frozen = "2209f2f0-17fe-8e4f-a168-4894b242a7d8"

    @Test("Version and variant are those of RFC 9562 §5.8")
    func isVersion8() throws {
        let text = Array(ReservationID(derivedFrom: try self.parent(), path: [7]).description)
        #expect(text[14] == "8")
        #expect("89ab".contains(text[19]))
    }

    @Test("Different paths give different numbers")
    func isDistinct() throws {
        let parent = try self.parent()
        var seen: Set<ReservationID> = []
        for replica in 0..<100 as Range<UInt64> {
            for epoch in 1...5 as ClosedRange<UInt64> {
                for attempt in 1...8 as ClosedRange<UInt64> {
                    seen.insert(ReservationID(derivedFrom: parent, path: [replica, epoch, attempt]))
                }
            }
        }
        #expect(seen.count == 4_000)
        #expect(
            ReservationID(derivedFrom: parent, path: []) != ReservationID(derivedFrom: parent, path: [0]))
    }
}
