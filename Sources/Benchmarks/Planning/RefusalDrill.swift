import CloudModel
import Placement

/// Several coordinators over the same sites, each with a view of its own that is behind, until nine tenths are taken.
///
/// Demand follows Zipf's law over the regions; a site's report reaches a coordinator once in a hundred of that
/// coordinator's own decisions.
struct RefusalDrill {
    struct Size {
        var coordinators = 16
        var sites = 200
        /// Replicas that a site takes.
        var places = 50
        /// Own decisions of a coordinator between two reports of one site.
        var staleness = 100
        var fill = 0.9
    }

    private struct Desk {
        var index = SiteIndex()
        var choice = ChoiceWidth()
        var decisions = 0
    }

    private(set) var placed = 0
    private(set) var unplaced = 0
    private(set) var refusals = 0
    /// The longest chain of refusals of one replica.
    private(set) var worstChain = 0
    private var sites: [DrillSite]
    private var desks: [Desk]
    private let size: Size
    private var now = Instant(millisecondsSinceEpoch: 1_000_000)
    private let regions: [Position]

    var refusalsPerPlacement: Double { Double(self.refusals) / Double(max(1, self.placed)) }

    /// Runs the drill; `regions` are where sites and users are.
    init(_ size: Size = Size(), regions: [Position], using generator: inout some RandomNumberGenerator) throws
    {
        self.size = size
        self.regions = regions
        self.sites = (0..<size.sites).map {
            DrillSite(
                "site\($0).example", places: size.places, each: DrillWorkload.size,
                position: regions[$0 % regions.count])
        }
        self.desks = Array(repeating: Desk(), count: size.coordinators)
        for desk in self.desks.indices {
            for site in self.sites {
                self.desks[desk].index.update(site.description, received: self.now, reachability: .reachable)
            }
        }
        let weights = [Double].zipf(regions.count)
        let count = Int(Double(size.sites * size.places) * size.fill)
        for number in 0..<count {
            self.now = self.now.advanced(by: .milliseconds(1))
            let desk = Int.random(in: 0..<size.coordinators, using: &generator)
            try self.place(
                number, near: regions[weights.drawnIndex(using: &generator)], desk, using: &generator)
            self.report(to: desk)
        }
    }

    private mutating func place(
        _ number: Int, near users: Position, _ desk: Int, using generator: inout some RandomNumberGenerator
    ) throws {
        guard let workload = DrillWorkload.id else { return }
        var request = PlanRequest(DrillWorkload.specification(near: [(.position(users), 1)]))
        var chain = 0
        while chain < PlacementSaga.attemptLimit * 8 {
            let breadth = SiteIndex.breadth(after: chain, usual: self.desks[desk].choice.width)
            let chosen = try self.desks[desk].index.choose(
                request, breadth: breadth, now: self.now, using: &generator)
            guard let site = chosen?.first?.site,
                let place = self.sites.firstIndex(where: { $0.description.site == site })
            else { break }
            self.desks[desk].choice.chosen()
            let id = ReservationID(derivedFrom: workload, path: [UInt64(number), UInt64(chain)])
            let now = self.now
            let isGranted = self.sites[place].take()
            let capacity = self.sites[place].report.capacity
            self.desks[desk].index.withLedger { ledger in
                ledger.asked(id, for: DrillWorkload.size, at: site, now: now)
                if isGranted {
                    ledger.granted(id, now: now)
                } else {
                    ledger.ended(id)
                    ledger.corrected(site, to: capacity, now: now)
                }
            }
            if isGranted {
                self.placed += 1
                self.worstChain = max(self.worstChain, chain)
                return
            }
            self.refusals += 1
            chain += 1
            self.desks[desk].choice.refused()
            request.excluded[site] = "full"
        }
        self.worstChain = max(self.worstChain, chain)
        self.unplaced += 1
    }

    /// Reports arrive one after the other, so that each site's comes once in `staleness` decisions.
    private mutating func report(to desk: Int) {
        let decisions = self.desks[desk].decisions
        let (first, last) = (
            decisions * self.size.sites / self.size.staleness,
            (decisions + 1) * self.size.sites / self.size.staleness
        )
        for number in first..<last {
            let received = self.now.advanced(by: .milliseconds(1))
            self.desks[desk].index.update(
                self.sites[number % self.size.sites].report, received: received, reachability: .reachable)
        }
        self.desks[desk].decisions += 1
    }
}
