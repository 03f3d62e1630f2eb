import CloudModel
import Placement
import TestRandomness

/// Users at some places, sites at others, and a coordinator that follows the users in steps of 15 s.
///
/// A response takes the way to the nearest replica and back, and longer the more users share the replicas there.
struct FollowingWorld {
    struct Change: Hashable {
        enum Kind: Hashable { case grow, move, drop }
        let kind: Kind
        let at: Instant
    }

    static let start = Instant(millisecondsSinceEpoch: 1_800_000_000_000)
    static let places: [Audience.Place] = [.country("JP"), .country("FR"), .country("US")]
    static let sites = ["tokyo.test", "paris.test", "virginia.test"].map { SiteID($0) }
    /// Milliseconds from each place (row) to each site.
    private static let ways: [[Double]] = [[8, 230, 160], [235, 9, 85], [165, 84, 12]]

    var wishes: FollowingWishes
    /// Requests a second from each place, as the hour goes.
    var demand: (_ place: Int, _ seconds: Int) -> Double
    /// What one replica costs an hour at each site.
    var prices: [Double] = [1, 1, 1]
    /// Milliseconds that a replica needs that has nothing else to do.
    var work = 20.0
    /// Requests a second that keep a replica busy all the time.
    var capacity = 100.0
    private(set) var now = Self.start
    private(set) var replicas: [FollowedReplica]
    private(set) var changes: [Change] = []
    private(set) var remarks: [String] = []
    private var memory = FollowingMemory()
    private var book = ResponseBook()
    private var generator: SeededGenerator
    private let follower = Follower()
    private var nextIndex: Int

    init(
        seed: UInt64, wishes: FollowingWishes, replicas: [Int],
        demand: @escaping (_ place: Int, _ seconds: Int) -> Double
    ) {
        self.generator = SeededGenerator(seed: seed)
        self.wishes = wishes
        self.demand = demand
        self.nextIndex = replicas.count
        self.replicas = replicas.enumerated().map {
            FollowedReplica(index: $0, site: Self.sites[$1], price: 1)
        }
    }

    var seconds: Int { Int(Self.start.duration(to: self.now).components.seconds) }

    func count(at site: Int) -> Int { self.replicas.count { $0.site == Self.sites[site] } }

    var cost: Double { self.replicas.reduce(0) { $0 + ($1.price ?? 0) } }

    /// The response time at a place now, without chance.
    func response(at place: Int) -> Double {
        let nearest = self.nearest(to: place)
        let share = Self.places.indices.filter { self.nearest(to: $0) == nearest }
            .reduce(0) { $0 + self.demand($1, self.seconds) }
        let load = min(0.98, share / (self.capacity * Double(max(1, self.count(at: nearest)))))
        return Self.ways[place][nearest] + self.work / (1 - load)
    }

    private func nearest(to place: Int) -> Int {
        Self.sites.indices.filter { self.count(at: $0) > 0 }.min {
            Self.ways[place][$0] < Self.ways[place][$1]
        } ?? 0
    }

    mutating func run(_ duration: Duration, isReporting: Bool = true) {
        let end = self.now.advanced(by: duration)
        while self.now < end { self.step(isReporting: isReporting) }
    }

    private mutating func step(isReporting: Bool) {
        self.now = self.now.advanced(by: .seconds(15))
        for place in Self.places.indices where isReporting && self.demand(place, self.seconds) > 0 {
            let samples = (0..<5).map { _ in
                ResponseReport.Sample(
                    milliseconds: self.response(at: place)
                        * Double.random(in: 0.85...1.05, using: &self.generator), count: 4)
            }
            guard let report = try? ResponseReport(place: Self.places[place], samples: samples) else {
                return
            }
            _ = self.book.record(report, at: self.now)
        }
        let view = self.view()
        let wish = self.follower.review(&self.memory, self.wishes, view)
        let decision = self.follower.decide(
            wish, &self.memory, self.wishes, view, candidate: self.candidate(for: wish), refusal: "full")
        self.carryOut(decision)
    }

    private func view() -> FollowingView {
        var ways: [Audience.Place: [SiteID: Double]] = [:]
        for (place, row) in zip(Self.places, Self.ways) {
            ways[place] = Dictionary(uniqueKeysWithValues: zip(Self.sites, row))
        }
        return FollowingView(
            now: self.now, replicas: self.replicas,
            responses: self.book.responses(
                percentile: self.wishes.percentile, at: self.now, since: self.changes.last?.at),
            roundTrips: ways, lastChange: self.changes.last?.at)
    }

    private func candidate(for wish: Follower.Wish) -> FollowingView.Candidate? {
        switch wish {
        case .nothing, .less: return nil
        case .more: return .init(site: Self.sites[0], roundTrip: nil, price: self.prices[0])
        case .near(let response):
            guard let place = Self.places.firstIndex(of: response.place),
                let site = Self.sites.indices.min(by: { Self.ways[place][$0] < Self.ways[place][$1] })
            else { return nil }
            return .init(
                site: Self.sites[site], roundTrip: Self.ways[place][site], price: self.prices[site])
        }
    }

    private mutating func carryOut(_ decision: Follower.Decision) {
        switch decision {
        case .stay: return
        case .remark(let text): return self.remarks.append(text)
        case .grow(let count, let place, _):
            let site = place.flatMap { Self.places.firstIndex(of: $0) } ?? 0
            for _ in 0..<count { self.add(at: site) }
            self.changes.append(Change(kind: .grow, at: self.now))
        case .move(let index, let site, _, _):
            self.replicas.removeAll { $0.index == index }
            self.add(at: Self.sites.firstIndex(of: site) ?? 0)
            self.changes.append(Change(kind: .move, at: self.now))
        case .drop(let index, _):
            self.replicas.removeAll { $0.index == index }
            self.changes.append(Change(kind: .drop, at: self.now))
        }
        self.memory.carriedOut(decision, at: self.now)
    }

    private mutating func add(at site: Int) {
        self.replicas.append(
            FollowedReplica(index: self.nextIndex, site: Self.sites[site], price: self.prices[site]))
        self.nextIndex += 1
    }
}
