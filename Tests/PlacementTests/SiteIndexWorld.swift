import CloudModel
import Placement
import TestRandomness

/// The same events told to a `SiteIndex` and to a naive model of it, which a planner explains.
struct SiteIndexWorld {
    private struct Row {
        var description: SiteDescription
        var received: Instant
        var reachability: Reachability
    }

    var generator: SeededGenerator
    private(set) var index = SiteIndex(rules: SiteIndexWorld.rules)
    private(set) var now = Instant(millisecondsSinceEpoch: 1_000_000)
    private var rows: [SiteID: Row] = [:]
    private var ledger = GrantLedger()
    private var roundTrips = RoundTrips()
    private var requests: [ReservationID] = []
    private var count: UInt64 = 0
    private let sites: Int

    static let rules = PlanningRules(exchangeRates: ["USD": 0.9])

    init(seed: UInt64, sites: Int) {
        self.generator = SeededGenerator(seed: seed)
        self.sites = sites
        for number in 0..<sites where self.chance(0.9) { self.report(Self.site(number)) }
    }

    private static func site(_ number: Int) -> SiteID { SiteID("s\(number).test") }

    mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self.generator) < share }

    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self.generator) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[self.number(0...(elements.count - 1))]
    }

    private mutating func anySite() -> SiteID { Self.site(self.number(0...(self.sites - 1))) }

    // MARK: Events

    /// One thing that happens in an alliance.
    mutating func happen() {
        switch self.number(0...9) {
        case 0, 1: self.report(self.anySite())
        case 2: self.forget(self.anySite())
        case 3:
            let (one, other) = (self.anySite(), self.anySite())
            let milliseconds = Double(self.number(1...300))
            self.index.record(milliseconds, between: one, and: other)
            self.roundTrips.record(milliseconds, between: one, and: other)
        case 4, 5, 6: self.ask()
        case 7: self.answer()
        case 8: self.refuse(self.anySite())
        default: break
        }
        self.now = self.now.advanced(by: .milliseconds(self.number(0...9_000)))
    }

    private mutating func report(_ site: SiteID) {
        var description = self.rows[site]?.description ?? self.description(of: site)
        let size = self.number(0...8)
        description.capacity = Capacity(
            total: Samples.resources(8, 16, 100), free: Samples.resources(size, Int64(size) * 2, 100),
            largestFreeSlot: Samples.resources(size, Int64(size) * 2, 100),
            load: self.pick([0, 0, 0.25, 0.5, .nan]), machines: 0, hosts: self.number(1...2),
            generation: self.generation())
        description.capacity.heat = self.heat()
        description.policy = self.pick([.open, .open, .open, .open, .draining, .closed])
        if self.chance(0.1) { description.price = self.price() }
        if self.chance(0.05) { description.position = self.position() }
        let row = Row(
            description: description, received: self.now,
            reachability: self.pick([.reachable, .reachable, .reachable, .suspect, .unreachable]))
        self.rows[site] = row
        self.index.update(row.description, received: row.received, reachability: row.reachability)
        self.ledger.reported(row.description, received: row.received)
    }

    private mutating func forget(_ site: SiteID) {
        self.rows[site] = nil
        self.index.remove(site)
    }

    private mutating func ask() {
        guard let workload = WorkloadID("00000000-0000-4000-8000-000000000000") else { return }
        self.count += 1
        let id = ReservationID(derivedFrom: workload, path: [self.count])
        let (site, resources) = (self.anySite(), Samples.resources(self.number(1...3)))
        self.requests.append(id)
        self.change { [now] in $0.asked(id, for: resources, at: site, now: now) }
    }

    private mutating func answer() {
        guard !self.requests.isEmpty else { return }
        let id = self.pick(self.requests)
        let isGranted = self.chance(0.7)
        self.change { [now] in isGranted ? $0.granted(id, now: now) : $0.ended(id) }
    }

    private mutating func refuse(_ site: SiteID) {
        let left = Samples.resources(self.number(0...2))
        var capacity = Capacity(
            total: Samples.resources(8, 16, 100), free: left, largestFreeSlot: left, load: 0.5, machines: 5,
            hosts: 1, generation: self.generation())
        capacity.heat = self.heat()
        self.change { [now, capacity] in $0.corrected(site, to: capacity, now: now) }
    }

    private mutating func change(_ change: (inout GrantLedger) -> Void) {
        self.index.withLedger(change)
        change(&self.ledger)
    }

    private mutating func heat() -> Heat? {
        self.chance(0.1) ? Heat(figure: .cpu, share: 1, seconds: 200) : nil
    }

    /// In no order: reports and refusals overtake each other, and not every site counts.
    private mutating func generation() -> Int? {
        self.chance(0.3) ? nil : self.number(1...9)
    }

    private mutating func position() -> Position? {
        self.pick([nil, Samples.paris, Samples.tokyo, Samples.virginia, Samples.osaka])
    }

    private mutating func price() -> Price? {
        self.chance(0.2)
            ? nil
            : Price(
                currency: self.pick(["EUR", "USD", "XAU"]),
                microsPerVCPUHour: Int64(self.number(1...4)) * 10_000,
                microsPerGibibyteHour: 1_000)
    }

    private mutating func description(of site: SiteID) -> SiteDescription {
        var description = Samples.candidate(site.address).description
        description.position = self.position()
        description.country = self.pick([nil, "FR", "JP", "US"])
        description.labels = self.pick([[:], ["gpu": "yes"], ["gpu": "no"]])
        description.price = self.price()
        description.carbon =
            self.chance(0.3)
            ? nil : Carbon(gramsPerKilowattHour: Double(self.number(0...700)), wattsPerVCPU: 4)
        return description
    }

    // MARK: Questions

    /// A request of one of not too many kinds, so that rankings are used again.
    mutating func request() -> PlanRequest {
        var specification = Samples.specification(
            replicas: self.number(1...3), spread: self.pick([.pack, .atMostPerSite(1), .atMostPerSite(2)]),
            resources: Samples.resources(self.number(1...2)),
            objectives: self.pick([Objectives(), Objectives(price: 100, carbon: 1), Objectives(latency: 0)]))
        let audiences: [[Audience.Place]] = [
            [], [.country("JP")], [.country("FR"), .site(Self.site(1))], [.workload("db"), .country("US")],
        ]
        specification.audience.shares = self.pick(audiences).enumerated().map {
            .init(place: $1, weight: Double($0 + 1))
        }
        if !specification.audience.shares.isEmpty, self.chance(0.3) { specification.audience.target = 60 }
        let constraints: [[Constraint]] = [
            [], [], [.country(["FR", "JP"])], [.region(["eu"])], [.feature("gpu")],
            [.latencyAtMost(milliseconds: 120)], [.priceAtMost(perHour: 0.05)],
            [.carbonAtMost(gramsPerHour: 2)], [.avoid([Self.site(0), Self.site(2)])],
            [.only([Self.site(0), Self.site(1), Self.site(3)])], [.beside(["db"])], [.apart(["db", "gone"])],
        ]
        specification.constraints = self.pick(constraints)
        specification.hosts = self.pick([nil, nil, .apart, .together])
        var request = PlanRequest(
            specification, neighbours: ["db": [Self.site(1): 2, Self.site(4): 1]])
        if self.chance(0.3) { request.placed[self.anySite()] = 1 }
        if self.chance(0.3) { request.excluded[self.anySite()] = "refused" }
        return request
    }

    /// What the index chooses.
    mutating func choose(_ request: PlanRequest, breadth: Int = 1) throws -> [Plan.Assignment]? {
        try self.index.choose(request, breadth: breadth, now: self.now, using: &self.generator)
    }

    /// What a planner makes of the naive model.
    mutating func plan(_ request: PlanRequest) throws -> Plan {
        self.ledger.expire(now: self.now)
        let candidates = self.rows.values.map { row in
            self.ledger.candidate(
                row.description, received: row.received, reachability: row.reachability, now: self.now)
        }
        return try Planner(rules: Self.rules).plan(
            request, over: PlacementSnapshot(candidates: candidates, roundTrips: self.roundTrips))
    }

    /// What a planner makes of the index's own snapshot.
    mutating func explain(_ request: PlanRequest) throws -> Plan {
        try Planner(rules: Self.rules).plan(request, over: self.index.snapshot(now: self.now))
    }
}
