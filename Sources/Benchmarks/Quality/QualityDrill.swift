import CloudModel
import Placement

/// Workload after workload placed by one coordinator's index, until nine tenths of all places are taken.
///
/// Sites stand in real regions: the price is that of one machine size there, the carbon that of the grid there and one
/// make of processor. Users are in the same regions, and the way from every site to them is measured: what is judged is
/// the choosing, not the predicting. Each site reports once in ten seconds of virtual time.
struct QualityDrill {
    struct Size {
        var sites = 1_000
        var replicas = 10_000
        var fill = 0.9
        /// Replicas that a site takes, before a few more or less make the sum come out.
        var places = 2...20
        /// Replicas of one workload.
        var workload = 1...9
    }

    /// What is asked for, and from where.
    struct Demand: Sendable {
        /// How often each region asks, by their order in the tables; all alike if nil.
        var weights: [Double]?
        /// Kinds of requests, equally frequent, which weigh load and room alike.
        var kinds: [Kind]
    }

    struct Kind: Sendable {
        let objectives: Objectives
        var target: Double?
    }

    /// Milliseconds of virtual time from one workload to the next, and from one report of a site to its next.
    private static let pause = 100
    private static let interval = 10_000

    private(set) var instance: QualityInstance
    private var sites: [DrillSite]
    private var index = SiteIndex(rules: PlanningRules(currency: "USD"))
    private var clock: Int64 = 1_000_000
    private var workloads = 0
    private let workload: WorkloadID
    private let numbers: [SiteID: Int]
    /// One for each region and kind.
    private let specifications: [WorkloadSpecification]

    init(
        _ demand: Demand, size: Size = Size(), tables: RegionTables,
        using generator: inout some RandomNumberGenerator
    ) throws {
        guard let workload = DrillWorkload.id else { throw BenchmarkFailure("the drill has no workload") }
        self.workload = workload
        self.sites = Self.sites(size, tables, using: &generator)
        self.numbers = Dictionary(
            self.sites.enumerated().map { ($1.description.site, $0) }, uniquingKeysWith: { first, _ in first }
        )
        self.specifications = tables.regions.flatMap { region in
            demand.kinds.map { kind in
                var specification = DrillWorkload.specification(
                    near: [(.site(Self.users(in: region)), 1)], objectives: kind.objectives)
                specification.audience.target = kind.target
                return specification
            }
        }
        self.instance = QualityInstance(groups: [], sites: [])
        self.learn(tables)
        let snapshot = self.index.snapshot(now: self.now)
        self.instance = QualityInstance(
            groups: try self.specifications.map {
                .init(replicas: 0, costs: try self.costs($0, over: snapshot))
            },
            sites: try self.places().map(QualityInstance.Site.init(places:)))
        let weights = demand.weights ?? tables.regions.map { _ in 1 }
        var left = size.replicas
        while left > 0 {
            let count = min(left, Int.random(in: size.workload, using: &generator))
            let region = weights.drawnIndex(using: &generator)
            let kind = Int.random(in: 0..<demand.kinds.count, using: &generator)
            try self.place(count, ofGroup: region * demand.kinds.count + kind, using: &generator)
            self.report()
            left -= count
        }
    }

    private var now: Instant { Instant(millisecondsSinceEpoch: self.clock) }

    /// A place that no site is at, to which the way is known from everywhere.
    private static func users(in region: RegionTables.Region) -> SiteID {
        SiteID("users.\(region.name).example")
    }

    /// Sites in one region after the other, with as many places as make the replicas fill them as they are to.
    private static func sites(
        _ size: Size, _ tables: RegionTables, using generator: inout some RandomNumberGenerator
    ) -> [DrillSite] {
        var places = (0..<size.sites).map { _ in Int.random(in: size.places, using: &generator) }
        var missing = Int((Double(size.replicas) / size.fill).rounded()) - places.reduce(0, +)
        while missing != 0 {
            let site = Int.random(in: 0..<size.sites, using: &generator)
            guard missing > 0 || places[site] > 1 else { continue }
            places[site] += missing.signum()
            missing -= missing.signum()
        }
        return places.enumerated().map { number, places in
            let region = tables.regions[number % tables.regions.count]
            let price = region.prices.randomElement(using: &generator) ?? 0
            let watts = tables.watts.randomElement(using: &generator) ?? 0
            return DrillSite(
                "site\(number).\(region.name).example", places: places, each: DrillWorkload.size,
                price: Price(
                    currency: "USD", microsPerVCPUHour: Int64((price * 1e6).rounded()),
                    microsPerGibibyteHour: 0),
                carbon: Carbon(gramsPerKilowattHour: region.gramsPerKilowattHour, wattsPerVCPU: watts))
        }
    }

    /// Lets the coordinator hear of every site, and of the way from it to the users of every region.
    private mutating func learn(_ tables: RegionTables) {
        for (number, site) in self.sites.enumerated() {
            self.index.update(site.report, received: self.now, reachability: .reachable)
            let there = number % tables.regions.count
            for (region, milliseconds) in zip(tables.regions, tables.roundTrips[there]) {
                self.index.record(milliseconds, between: site.description.site, and: Self.users(in: region))
            }
        }
    }

    /// What the planner says that a replica costs at each site, its load and room apart.
    private func costs(
        _ specification: WorkloadSpecification, over snapshot: PlacementSnapshot
    ) throws -> [Double] {
        var costs = Array(repeating: Double.nan, count: self.sites.count)
        for (site, cost) in try self.plannedCosts(specification, over: snapshot) {
            costs[site] = cost.latency + cost.price + cost.carbon
        }
        guard costs.allSatisfy(\.isFinite) else { throw BenchmarkFailure("an empty site takes no replica") }
        return costs
    }

    /// What the planner says that each further replica costs at each site for its load and room.
    private func places() throws -> [[Double]] {
        var places = self.sites.map { _ in [Double]() }
        var sites = self.sites
        var open = Array(sites.indices)
        while let specification = self.specifications.first, !open.isEmpty {
            let snapshot = PlacementSnapshot(
                candidates: open.map {
                    Candidate(description: sites[$0].report, age: .zero, reachability: .reachable)
                })
            let costs = try self.plannedCosts(specification, over: snapshot)
            for (site, cost) in costs {
                places[site].append(cost.load + cost.room)
                _ = sites[site].take()
            }
            open = costs.map(\.site)
        }
        return places
    }

    /// By the numbers of the sites, those that take a replica.
    private func plannedCosts(
        _ specification: WorkloadSpecification, over snapshot: PlacementSnapshot
    ) throws -> [(site: Int, cost: Cost)] {
        try Planner(rules: self.index.rules).plan(PlanRequest(specification), over: snapshot).verdicts
            .compactMap { verdict in
                guard let site = self.numbers[verdict.site], let cost = verdict.cost else { return nil }
                return (site, cost)
            }
    }

    private mutating func place(
        _ count: Int, ofGroup group: Int, using generator: inout some RandomNumberGenerator
    ) throws {
        var specification = self.specifications[group]
        specification.replicas = count
        let now = self.now
        let chosen = try self.index.choose(PlanRequest(specification), now: now, using: &generator)
        guard let chosen else { throw BenchmarkFailure("no site was found although there is room") }
        for assignment in chosen {
            guard let site = self.numbers[assignment.site] else { continue }
            let place = self.sites[site].granted
            guard self.sites[site].take() else {
                throw BenchmarkFailure("a site was chosen that one coordinator alone has filled")
            }
            let id = ReservationID(
                derivedFrom: self.workload, path: [UInt64(self.workloads), UInt64(assignment.replica)])
            self.index.withLedger { ledger in
                ledger.asked(id, for: specification.resources, at: assignment.site, now: now)
                ledger.granted(id, now: now)
            }
            self.instance.add(group: group, site: site, place: place)
        }
        self.workloads += 1
        self.clock += Int64(Self.pause)
    }

    /// Lets those sites report whose turn it is.
    private mutating func report() {
        let turns = Self.interval / Self.pause
        for site in self.sites.indices where site % turns == self.workloads % turns {
            self.index.update(self.sites[site].report, received: self.now, reachability: .reachable)
        }
    }
}
