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
        func record(_ number: Int, about workload: WorkloadID, of owner: String) throws -> Bool {
            desk.record(try report(number), about: workload, of: owner, at: Self.now)
        }
        let limit = FollowingDesk.placesPerOwner
        var last: WorkloadID = generator.id()
        for number in 0..<limit {
            if number % ResponseBook.placeLimit == 0 { last = generator.id() }
            #expect(try record(number, about: last, of: "alice"))
        }
        let (more, other): (WorkloadID, WorkloadID) = (generator.id(), generator.id())
        #expect(try !record(0, about: more, of: "alice"))
        #expect(try record(0, about: other, of: "bob"))
        // A place that is known already is no other, and one that is forgotten makes room.
        #expect(try record(limit - 1, about: last, of: "alice"))
        desk.forget(last)
        #expect(try record(0, about: more, of: "alice"))
    }
}
