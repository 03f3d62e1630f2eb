import CloudModel
import Placement
import Testing

@Suite("Following the users: budgets, regrets and clocks")
struct FollowerEdgeTests {
    private static let start = FollowingWorld.start

    private static func at(_ minutes: Int) -> Instant { Self.start.advanced(by: .seconds(60 * minutes)) }

    @Test(
        "Where the budget does not reach for the least number of replicas, as many are added as it pays for",
        arguments: [(4, 3), (3.5, 2), (2, 1), (1.5, nil)] as [(Double, Int?)])
    func payable(budget: Double, added: Int?) {
        var wishes = FollowingWishes(target: 100, minimum: 4, maximum: 6)
        wishes.costPerHour = budget
        var memory = FollowingMemory()
        let view = FollowingView(
            now: Self.start,
            replicas: [FollowedReplica(index: 0, site: FollowingWorld.sites[1], price: 1)],
            responses: [], roundTrips: [:])
        let follower = Follower()
        #expect(follower.review(&memory, wishes, view) == .more(3))
        let decision = follower.decide(
            .more(3), &memory, wishes, view,
            candidate: .init(site: FollowingWorld.sites[0], roundTrip: nil, price: 1), refusal: "")
        switch decision {
        case .grow(let count, near: nil, _): #expect(count == added)
        case .remark(let text): #expect(added == nil && text.contains("1.5 are allowed"))
        case .stay, .grow, .move, .drop: Issue.record("\(decision)")
        }
    }

    @Test(
        "Replicas that wait for a site count for the number that is wanted, for the maximum and for what it costs"
    )
    func waiting() {
        var wishes = FollowingWishes(target: 100, minimum: 2, maximum: 2)
        let slow = PlaceResponse(place: .country("JP"), count: 100, milliseconds: 500, recent: 500)
        let follower = Follower()
        func view(waiting: Int, at minute: Int) -> FollowingView {
            FollowingView(
                now: Self.at(minute),
                replicas: [FollowedReplica(index: 0, site: FollowingWorld.sites[1], price: 1)],
                responses: [slow], roundTrips: [.country("JP"): [FollowingWorld.sites[1]: 230]],
                waiting: waiting)
        }
        var lacking = FollowingMemory()
        #expect(follower.review(&lacking, wishes, view(waiting: 0, at: 0)) == .more(1))
        var memory = FollowingMemory()
        #expect(follower.review(&memory, wishes, view(waiting: 1, at: 0)) == .nothing)
        #expect(follower.review(&memory, wishes, view(waiting: 1, at: 10)) == .near(slow))
        func decide() -> Follower.Decision {
            var copy = memory
            return follower.decide(
                .near(slow), &copy, wishes, view(waiting: 1, at: 10),
                candidate: .init(site: FollowingWorld.sites[0], roundTrip: 8, price: 1), refusal: "")
        }
        guard case .remark(let most) = decide() else {
            Issue.record("more than the maximum, or one that is needed is moved")
            return
        }
        #expect(most.contains("there are 2 replicas, the most allowed"))
        (wishes.maximum, wishes.costPerHour) = (3, 2.5)
        guard case .remark(let dear) = decide() else {
            Issue.record("too dear once the other one is placed")
            return
        }
        #expect(dear.contains("would cost 3"))
    }

    @Test(
        "Users who are slow again soon after a removal make the next one wait longer, once for each removal")
    func regrets() throws {
        // Two replicas, of which one is not needed.
        func minutesToDrop(afterGrowths growths: Int) -> Int? {
            let follower = Follower()
            var memory = FollowingMemory()
            memory.carriedOut(.drop(1, because: ""), at: Self.start)
            for growth in 0..<growths {
                memory.carriedOut(.grow(1, near: .country("JP"), because: ""), at: Self.at(1 + growth))
            }
            return (10..<240).first { minute in
                let view = FollowingView(
                    now: Self.at(minute),
                    replicas: (0..<2).map {
                        FollowedReplica(index: $0, site: FollowingWorld.sites[1], price: 1)
                    },
                    responses: [
                        PlaceResponse(place: .country("FR"), count: 100, milliseconds: 20, recent: 20)
                    ], roundTrips: [.country("FR"): [FollowingWorld.sites[1]: 10]])
                let wish = follower.review(
                    &memory, FollowingWishes(target: 100, minimum: 1, maximum: 6), view)
                if case .less = wish { return true }
                return false
            }
        }
        let calm = try #require(minutesToDrop(afterGrowths: 0))
        let once = try #require(minutesToDrop(afterGrowths: 1))
        #expect(calm < once)
        #expect(minutesToDrop(afterGrowths: 2) == once)
    }
}
