import CloudModel
import Placement
import TestRandomness
import Testing

@testable import Coordinator

@Suite("What is known of the users of all workloads")
struct FollowingDeskTests {
    private static let now = Instant(millisecondsSinceEpoch: 1_800_000_000_000)

    @Test("One owner's workloads have so many places and not one more, which takes none from others")
    func owners() throws {
        var generator = SeededGenerator(seed: 1)
        var desk = FollowingDesk()
        func report(_ number: Int) throws -> ResponseReport {
            try ResponseReport(
                place: .site(SiteID("s\(number).test")),
                samples: [ResponseReport.Sample(milliseconds: 20, count: 1)])
        }
        var last: WorkloadID = generator.id()
        for number in 0..<FollowingDesk.placesPerOwner {
            if number % ResponseBook.placeLimit == 0 { last = generator.id() }
            #expect(desk.record(try report(number), about: last, of: "alice", at: Self.now))
        }
        let (more, other): (WorkloadID, WorkloadID) = (generator.id(), generator.id())
        #expect(!desk.record(try report(0), about: more, of: "alice", at: Self.now))
        #expect(desk.record(try report(0), about: other, of: "bob", at: Self.now))
        // A place that is known already is no other, and one that is forgotten makes room.
        #expect(
            desk.record(
                try report(FollowingDesk.placesPerOwner - 1), about: last, of: "alice", at: Self.now))
        desk.forget(last)
        #expect(desk.record(try report(0), about: more, of: "alice", at: Self.now))
    }
}
