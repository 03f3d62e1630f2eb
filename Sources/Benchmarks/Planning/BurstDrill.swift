import CloudModel
import Placement

/// The burst that Jicofo published: 92 joins in 31 s, 58 of them on one of a dozen bridges.
///
/// Twelve equal sites, reports that are five to ten seconds old, one coordinator: the planner's own code, in virtual
/// time.
struct BurstDrill {
    static let requests = 92
    static let sites = 12
    /// Replicas that a site takes: all together a third more than are asked for.
    static let cap = 10
    private static let span = 31_000
    private static let reportInterval = 5_000

    /// Replicas by site.
    private(set) var counts: [Int] = []
    /// Requests that a site refused.
    private(set) var refusals = 0
    /// Replicas that found no site.
    private(set) var unplaced = 0

    /// The most on one site as a share of the mean.
    var spread: Double {
        Double(self.counts.max() ?? 0) * Double(Self.sites) / Double(Self.requests)
    }

    init(using generator: inout some RandomNumberGenerator) throws {
        var sites = (0..<Self.sites).map {
            DrillSite("site\($0).example", places: Self.cap, each: DrillWorkload.size)
        }
        // What is on its way: when a report arrives, from whom, and what it says.
        var reports: [(arrival: Int, description: SiteDescription)] = sites.map { (0, $0.description) }
        let phases = sites.map { _ in Int.random(in: 0..<Self.reportInterval, using: &generator) }
        var index = SiteIndex()
        var next = phases
        for number in 0..<Self.requests {
            let now = number * Self.span / Self.requests
            for site in sites.indices where next[site] <= now {
                // Five seconds on the way: what arrives is that old, and up to ten seconds old before the next.
                reports.append((next[site] + Self.reportInterval, sites[site].report))
                next[site] += Self.reportInterval
            }
            for report in reports where report.arrival <= now {
                index.update(
                    report.description, received: Self.time(report.arrival), reachability: .reachable)
            }
            reports.removeAll { $0.arrival <= now }
            try self.place(number, at: Self.time(now), on: &sites, &index, using: &generator)
        }
        self.counts = sites.map(\.granted)
    }

    private mutating func place(
        _ number: Int, at now: Instant, on sites: inout [DrillSite], _ index: inout SiteIndex,
        using generator: inout some RandomNumberGenerator
    ) throws {
        guard let workload = DrillWorkload.id else { return }
        var request = PlanRequest(DrillWorkload.specification())
        for attempt in 0..<UInt64(Self.sites) {
            let chosen = try index.choose(request, now: now, using: &generator)?.first?.site
            guard let site = chosen, let place = sites.firstIndex(where: { $0.description.site == site })
            else { break }
            let id = ReservationID(derivedFrom: workload, path: [UInt64(number), attempt])
            index.withLedger { $0.asked(id, for: DrillWorkload.size, at: site, now: now) }
            if sites[place].take() {
                // The site counts it from now on; its report of this moment is five seconds away.
                index.withLedger { $0.granted(id, now: now.advanced(by: .milliseconds(Self.reportInterval))) }
                return
            }
            self.refusals += 1
            request.excluded[site] = "full"
            let capacity = sites[place].report.capacity
            index.withLedger { ledger in
                ledger.ended(id)
                ledger.corrected(site, to: capacity, now: now)
            }
        }
        self.unplaced += 1
    }

    private static func time(_ milliseconds: Int) -> Instant {
        Instant(millisecondsSinceEpoch: 1_000_000 + Int64(milliseconds))
    }
}
