import CloudModel
import Placement

/// The burst that Jicofo published: 92 joins in 31 s, 58 of them on one of a dozen bridges.
///
/// Twelve equal sites, reports that are five to ten seconds old when they arrive, one coordinator: the planner's own
/// code, in virtual time. A report holds what the site had granted when it signed it, and of two that overtake each
/// other the one that was signed later counts.
struct BurstDrill {
    static let requests = 92
    static let sites = 12
    /// Replicas that a site takes: all together a third more than are asked for.
    static let cap = 10
    private static let span = 31_000
    private static let reportInterval = 5_000
    /// How long a report is on its way, in milliseconds.
    private static let delays = 5_000...10_000

    /// What a site said of itself, on its way to the coordinator.
    private struct Report {
        let arrival: Int
        let site: Int
        /// Rises with each that the site signs.
        let number: Int
        let description: SiteDescription
    }

    /// Replicas by site.
    private(set) var counts: [Int] = []
    /// Requests by site, those included that it refused: what the coordinator would have placed there.
    private(set) var asked = Array(repeating: 0, count: Self.sites)
    /// Requests that a site refused because it was full.
    private(set) var refusals = 0
    /// Replicas that found no site.
    private(set) var unplaced = 0

    private let countsGrants: Bool
    private var places: [DrillSite]
    private var index = SiteIndex()
    private var choice = ChoiceWidth()
    private var reports: [Report]
    /// The number of the latest report that has arrived, by site.
    private var latest = Array(repeating: 0, count: Self.sites)

    /// The most on one site as a share of the mean.
    var spread: Double {
        Double(self.counts.max() ?? 0) * Double(Self.sites) / Double(Self.requests)
    }

    /// Runs the burst on sites of `room` places each.
    ///
    /// Without `countsGrants` the coordinator looks at reports and refusals only, as Jicofo did.
    init(
        room: Int = BurstDrill.cap, countsGrants: Bool = true,
        using generator: inout some RandomNumberGenerator
    ) throws {
        let places = (0..<Self.sites).map {
            DrillSite("site\($0).example", places: room, each: DrillWorkload.size)
        }
        self.places = places
        self.countsGrants = countsGrants
        self.reports = places.indices.map {
            Report(arrival: 0, site: $0, number: 0, description: places[$0].description)
        }
        // When each signs its next report, and how many it has signed.
        var next = places.map { _ in Int.random(in: 0..<Self.reportInterval, using: &generator) }
        var signed = Array(repeating: 0, count: Self.sites)
        for number in 0..<Self.requests {
            let now = number * Self.span / Self.requests
            for site in places.indices {
                while next[site] <= now {
                    signed[site] += 1
                    let delay = Int.random(in: Self.delays, using: &generator)
                    self.reports.append(
                        Report(
                            arrival: next[site] + delay, site: site, number: signed[site],
                            description: self.places[site].report))
                    next[site] += Self.reportInterval
                }
            }
            self.receive(until: now)
            try self.place(number, at: Self.time(now), using: &generator)
        }
        self.counts = self.places.map(\.granted)
    }

    /// Takes what has arrived, each report at its moment.
    private mutating func receive(until now: Int) {
        let arrived = self.reports.filter { $0.arrival <= now }.sorted {
            ($0.arrival, $0.site, $0.number) < ($1.arrival, $1.site, $1.number)
        }
        self.reports.removeAll { $0.arrival <= now }
        for report in arrived where report.number >= self.latest[report.site] {
            self.latest[report.site] = report.number
            self.index.update(
                report.description, received: Self.time(report.arrival), reachability: .reachable)
        }
    }

    private mutating func place(
        _ number: Int, at now: Instant, using generator: inout some RandomNumberGenerator
    ) throws {
        guard let workload = DrillWorkload.id else { return }
        var request = PlanRequest(DrillWorkload.specification())
        for attempt in 0..<Self.sites {
            let breadth = SiteIndex.breadth(after: attempt, usual: self.choice.width)
            let chosen = try self.index.choose(request, breadth: breadth, now: now, using: &generator)
            guard let site = chosen?.first?.site,
                let place = self.places.firstIndex(where: { $0.description.site == site })
            else { break }
            self.choice.chosen()
            self.asked[place] += 1
            let id = ReservationID(derivedFrom: workload, path: [UInt64(number), UInt64(attempt)])
            let isGranted = self.places[place].take()
            let capacity = self.places[place].report.capacity
            let countsGrants = self.countsGrants
            self.index.withLedger { ledger in
                if countsGrants { ledger.asked(id, for: DrillWorkload.size, at: site, now: now) }
                if isGranted {
                    // As the coordinator does: by its own clock, and by the number that the site answers with.
                    ledger.granted(id, now: now, generation: capacity.generation)
                } else {
                    ledger.ended(id)
                    ledger.corrected(site, to: capacity, now: now)
                }
            }
            if isGranted { return }
            self.refusals += 1
            self.choice.refused()
            request.excluded[site] = "full"
        }
        self.unplaced += 1
    }

    private static func time(_ milliseconds: Int) -> Instant {
        Instant(millisecondsSinceEpoch: 1_000_000 + Int64(milliseconds))
    }
}
