import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Following the users")
struct FollowerTests {
    private static let tokyo = 0
    private static let paris = 1
    private static let virginia = 2

    private static func wishes(
        _ target: Double = 100, minimum: Int = 1, maximum: Int = 6
    ) -> FollowingWishes {
        FollowingWishes(target: target, minimum: minimum, maximum: maximum)
    }

    @Test("Users far from every replica get one, after they have waited for three minutes")
    func near() {
        var world = FollowingWorld(seed: 1, wishes: Self.wishes(), replicas: [Self.paris]) { place, _ in
            place == Self.tokyo ? 20 : 0
        }
        world.run(.seconds(180))
        #expect(world.changes == [])
        world.run(.seconds(45))
        #expect(world.changes.map(\.kind) == [.grow])
        #expect(world.count(at: Self.tokyo) == 1)
        #expect(world.response(at: Self.tokyo) < 100)
    }

    @Test("A slow moment, too few responses or none at all call for nothing")
    func passing() {
        var world = FollowingWorld(seed: 2, wishes: Self.wishes(), replicas: [Self.paris]) { place, seconds in
            // Somebody far away, for a minute out of ten.
            place == Self.paris ? 20 : place == Self.tokyo && seconds % 600 < 60 ? 20 : 0
        }
        world.run(.seconds(3_600), isReporting: false)
        #expect(world.changes == [])
        world.run(.seconds(7_200))
        #expect(world.changes == [])
    }

    @Test("Replicas that have too much to do get another beside them, and lose it when the users are gone")
    func crowded() {
        var world = FollowingWorld(seed: 3, wishes: Self.wishes(), replicas: [Self.paris]) { place, seconds in
            place == Self.paris ? (seconds < 7_200 ? 150 : 20) : 0
        }
        world.run(.seconds(7_200))
        #expect((2...3).contains(world.count(at: Self.paris)))
        #expect(world.response(at: Self.paris) < 100)
        #expect(!world.changes.contains { $0.kind == .drop })
        world.run(.seconds(7_200))
        #expect(world.count(at: Self.paris) == 1)
    }

    @Test("At the maximum a replica that nobody needs moves to the users who wait")
    func moves() {
        var world = FollowingWorld(
            seed: 4, wishes: Self.wishes(maximum: 2), replicas: [Self.paris, Self.paris]
        ) { place, _ in place == Self.virginia ? 0 : 20 }
        world.run(.seconds(600))
        #expect(world.changes.map(\.kind) == [.move])
        #expect(world.count(at: Self.paris) == 1 && world.count(at: Self.tokyo) == 1)
    }

    @Test("At the maximum, with each replica needed where it is, nothing is done, which is said once an hour")
    func maximum() {
        var world = FollowingWorld(seed: 5, wishes: Self.wishes(maximum: 1), replicas: [Self.paris]) {
            place, _ in
            place == Self.virginia ? 0 : 20
        }
        world.run(.seconds(7_000))
        #expect(world.changes == [])
        #expect(world.remarks.count == 2)
        #expect(world.remarks.first?.contains("JP") == true)
        #expect(world.remarks.first?.contains("the most allowed") == true)
    }

    @Test("What would cost too much is not done, and the figures are told; something dearer may be exchanged")
    func cost() {
        var wishes = Self.wishes()
        wishes.costPerHour = 1.5
        var world = FollowingWorld(seed: 6, wishes: wishes, replicas: [Self.paris]) { place, _ in
            place == Self.virginia ? 0 : 20
        }
        world.run(.seconds(600))
        #expect(world.changes == [])
        #expect(world.remarks.first?.contains("would cost 2 an hour, and 1.5 are allowed") == true)
        world.wishes.costPerHour = 2
        world.run(.seconds(600))
        #expect(world.changes.map(\.kind) == [.grow])
    }

    @Test("What fails for some users does not keep others from getting what they need")
    func failures() {
        let follower = Follower()
        var memory = FollowingMemory()
        let wishes = Self.wishes()
        let places: [Audience.Place] = [.country("JP"), .country("BR")]
        func view(_ minute: Int64) -> FollowingView {
            FollowingView(
                now: FollowingWorld.start.advanced(by: .seconds(60 * minute)),
                replicas: [FollowedReplica(index: 0, site: FollowingWorld.sites[1], price: 1)],
                responses: [
                    PlaceResponse(place: places[0], count: 100, milliseconds: 300, recent: 300),
                    PlaceResponse(place: places[1], count: 100, milliseconds: 200, recent: 200),
                ], roundTrips: [:])
        }
        _ = follower.review(&memory, wishes, view(0))
        guard case .near(let first) = follower.review(&memory, wishes, view(4)) else {
            Issue.record("nothing is wished")
            return
        }
        #expect(first.place == places[0])
        let now = view(4).now
        let decision = Follower.Decision.grow(1, near: places[0], because: "")
        #expect(follower.failed(decision, because: "no", &memory, at: now) != .stay)
        guard case .near(let second) = follower.review(&memory, wishes, view(5)) else {
            Issue.record("nothing is wished")
            return
        }
        #expect(second.place == places[1])
        // Without room for the least there are to be, those who wait have their turn.
        var many = wishes
        many.minimum = 3
        #expect(follower.review(&memory, many, view(5)) == .more(2))
        let more = follower.decide(.more(2), &memory, many, view(5), candidate: nil, refusal: "full")
        #expect(more != .stay)
        #expect(follower.review(&memory, many, view(6)) == .near(second))
    }

    @Test("No more is said in an hour than the log has room for")
    func remarkLimit() {
        let follower = Follower()
        var memory = FollowingMemory()
        var told = 0
        for number in 0..<40 {
            let decision = Follower.Decision.grow(1, near: .site(SiteID("s\(number).test")), because: "")
            let now = FollowingWorld.start.advanced(by: .seconds(number))
            if case .remark = follower.failed(decision, because: "no", &memory, at: now) { told += 1 }
        }
        #expect(told == FollowingRules.remarkLimit)
    }

    @Test("What the owner wants to run at least is not gone below")
    func owner() {
        let follower = Follower()
        var memory = FollowingMemory()
        for minute in 0..<40 as Range<Int64> {
            let view = FollowingView(
                now: FollowingWorld.start.advanced(by: .seconds(60 * minute)),
                replicas: (0..<2).map {
                    FollowedReplica(index: $0, site: FollowingWorld.sites[1], price: 1)
                },
                responses: [PlaceResponse(place: .country("FR"), count: 100, milliseconds: 20, recent: 20)],
                roundTrips: [.country("FR"): [FollowingWorld.sites[1]: 10]], least: 2)
            #expect(follower.review(&memory, Self.wishes(), view) == .nothing)
        }
    }

    @Test("A site whose price is not known is not used when a price is capped")
    func unknownPrice() {
        var wishes = Self.wishes()
        wishes.costPerHour = 10
        var memory = FollowingMemory()
        let view = FollowingView(
            now: FollowingWorld.start,
            replicas: [FollowedReplica(index: 0, site: FollowingWorld.sites[1], price: nil)],
            responses: [], roundTrips: [:])
        let decision = Follower().decide(
            .more(1), &memory, wishes, view,
            candidate: .init(site: FollowingWorld.sites[0], roundTrip: nil, price: 1), refusal: "")
        guard case .remark(let text) = decision else {
            Issue.record("\(decision)")
            return
        }
        #expect(text.contains("not known"))
    }

    @Test("Where another replica would not help none is added: the time passes elsewhere")
    func useless() {
        var world = FollowingWorld(seed: 7, wishes: Self.wishes(), replicas: Array(repeating: 1, count: 10)) {
            place, _ in place == Self.paris ? 20 : 0
        }
        world.wishes.maximum = 20
        world.work = 95
        world.run(.seconds(600))
        #expect(world.changes == [])
        #expect(world.remarks.first?.contains("would hardly help") == true)
    }

    @Test("Peak hours have a minimum of their own, kept at once; outside what is not needed is removed")
    func peak() throws {
        // It starts at 08:00.
        var wishes = Self.wishes(minimum: 4)
        let hour = Int(FollowingWorld.start.millisecondsSinceEpoch / 3_600_000 % 24)
        wishes.peak = DailyHours(from: 60 * hour, until: 60 * ((hour + 4) % 24))
        wishes.offPeakMinimum = 2
        wishes.changesPerHour = 20
        var world = FollowingWorld(seed: 8, wishes: wishes, replicas: [Self.paris]) { place, _ in
            place == Self.paris ? 20 : 0
        }
        world.run(.seconds(15))
        #expect(world.replicas.count == 4)
        world.run(.seconds(3 * 3_600))
        #expect(world.replicas.count == 4, "nothing is removed at peak hours")
        world.run(.seconds(4 * 3_600))
        #expect(world.replicas.count == 2)
        #expect(world.count(at: Self.paris) >= 1)
    }

    @Test(
        "No more changes are made in an hour than are allowed, nor closer together than asked",
        arguments: 1...4)
    func budget(limit: Int) {
        var wishes = Self.wishes(maximum: 30)
        wishes.changesPerHour = limit
        wishes.pauseSeconds = 120
        var world = FollowingWorld(seed: 9, wishes: wishes, replicas: [Self.paris]) { place, seconds in
            place == Self.paris ? Double(50 + seconds / 10) : 0
        }
        world.run(.seconds(4 * 3_600))
        let times = world.changes.map { Int(FollowingWorld.start.duration(to: $0.at).components.seconds) }
        for (index, time) in times.enumerated() {
            #expect(times[...index].count { $0 > time - 3_600 } <= limit)
            if index > 0 { #expect(time - times[index - 1] >= 120) }
        }
        #expect(world.remarks.contains { $0.contains("within the hour") })
    }

    @Test(
        "Steady users are served within the target where that can be done, and then nothing changes any more",
        arguments: 0 as UInt64..<6)
    func settles(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 77)
        let demand = FollowingWorld.places.map { _ in
            Double([0, 10, 40, 120, 180].randomElement(using: &generator) ?? 0)
        }
        let replicas = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            Int.random(in: 0...2, using: &generator)
        }
        var wishes = Self.wishes(120, maximum: 12)
        wishes.changesPerHour = 20
        var world = FollowingWorld(seed: seed, wishes: wishes, replicas: replicas) { place, _ in demand[place]
        }
        world.run(.seconds(3 * 3_600))
        let settled = world.changes.count
        #expect(settled <= 14)
        world.run(.seconds(2 * 3_600))
        #expect(world.changes.count == settled, "\(world.changes)")
        for place in demand.indices where demand[place] > 0 {
            #expect(world.response(at: place) <= 120 * 1.1, "\(place) of \(demand) with \(world.replicas)")
        }
        #expect((1...12).contains(world.replicas.count))
        self.checkNeverUndone(world)
    }

    @Test(
        "As users come and go in the course of a day, nothing is added and removed again at once",
        arguments: 0 as UInt64..<2)
    func days(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &+ 99)
        let peaks = FollowingWorld.places.map { _ in Double.random(in: 0...200, using: &generator) }
        var world = FollowingWorld(seed: seed, wishes: Self.wishes(120, maximum: 8), replicas: [Self.paris]) {
            place, seconds in
            // Each place has its day eight hours after the one before.
            let phase = (seconds / 3_600 + 8 * place) % 24
            return phase < 8 ? peaks[place] : phase < 16 ? peaks[place] / 4 : 0
        }
        world.run(.seconds(24 * 3_600))
        #expect(world.replicas.count <= 8)
        #expect(world.changes.count <= 60)
        self.checkNeverUndone(world)
    }

    /// A growth is never followed by a removal before what is unneeded must have lasted, nor the other way round.
    private func checkNeverUndone(_ world: FollowingWorld) {
        for (one, next) in zip(world.changes, world.changes.dropFirst()) where next.kind == .drop {
            #expect(one.at.duration(to: next.at) >= FollowingRules().spareFor, "\(world.changes)")
        }
    }
}
