import CloudModel
import Placement
import Testing

@Suite("What a replica costs at a site")
struct CostTests {
    private static let dear = Price(currency: "EUR", microsPerVCPUHour: 40_000, microsPerGibibyteHour: 10_000)
    private static let cheap = Price(currency: "USD", microsPerVCPUHour: 20_000, microsPerGibibyteHour: 0)
    private static let coal = Carbon(gramsPerKilowattHour: 650, wattsPerVCPU: 4)
    private static let hydro = Carbon(
        gramsPerKilowattHour: 20, wattsPerVCPU: 4, embodiedGramsPerVCPUHour: 0.5)

    private func site(
        _ name: String, at position: Position? = Samples.paris, country: String = "FR", price: Price? = nil,
        carbon: Carbon? = nil, labels: [String: String] = [:]
    ) -> Candidate {
        var candidate = Samples.candidate(name, at: position, country: country, labels: labels)
        candidate.description.price = price
        candidate.description.carbon = carbon
        return candidate
    }

    private func plan(
        _ specification: WorkloadSpecification, _ candidates: [Candidate],
        rates: [String: Double] = ["USD": 0.5], neighbours: [String: [SiteID: Int]] = [:]
    ) throws -> Plan {
        try Planner(rules: PlanningRules(exchangeRates: rates)).plan(
            PlanRequest(specification, neighbours: neighbours),
            over: PlacementSnapshot(candidates: candidates))
    }

    private func verdict(_ site: String, in plan: Plan) throws -> Verdict {
        try #require(plan.verdicts.first { $0.site == SiteID(site) })
    }

    @Test("Weights are exchange rates: each part is its unit times what the unit is worth")
    func parts() throws {
        var specification = Samples.specification(
            near: [.country("FR")], resources: Samples.resources(2, 4, 10),
            objectives: Objectives(latency: 1, price: 100, carbon: 2, load: 0.25, room: 0.5))
        specification.audience.target = 3
        var site = self.site("a.test", price: Self.dear, carbon: Self.hydro)
        site.description.capacity.load = 0.5
        let verdict = try self.verdict("a.test", in: try self.plan(specification, [site]))
        #expect(verdict.price == 0.12)
        #expect(verdict.currency == "EUR")
        // Two processors: 2 × (4 W × 20 g/kWh + 0.5 g).
        #expect(verdict.carbon == 1.16)
        let cost = try #require(verdict.cost)
        #expect(cost.unit == .milliseconds)
        #expect(abs(cost.latency - (try #require(verdict.latency?.milliseconds) - 3)) < 1e-9)
        #expect(abs(cost.price - 12) < 1e-9)
        #expect(abs(cost.carbon - 2.32) < 1e-9)
        #expect(cost.load == 12.5)
        // Two of eight processors and four of sixteen gibibytes are taken then: a quarter.
        #expect(cost.room == 12.5)
        #expect(cost.total == cost.latency + cost.price + cost.carbon + cost.load + cost.room)
        #expect(verdict.line.contains("0.12 EUR an hour, 1.16 g CO2e an hour, cost "))
    }

    @Test("Within the response time aimed at, sites are equally near, and the rest decides")
    func target() throws {
        var specification = Samples.specification(
            near: [.country("JP")], objectives: Objectives(price: 100, load: 0, room: 0))
        let candidates = [
            self.site("osaka.test", at: Samples.osaka, price: Self.dear),
            self.site("paris.test", at: Samples.paris, price: Self.cheap),
        ]
        #expect(try self.plan(specification, candidates).site(ofReplica: 0) == SiteID("osaka.test"))
        specification.audience.target = 300
        let plan = try self.plan(specification, candidates)
        #expect(plan.site(ofReplica: 0) == SiteID("paris.test"))
        #expect(plan.verdicts.allSatisfy { $0.withinTarget == 1 })
        specification.audience.target = 100
        let verdict = try self.verdict("paris.test", in: try self.plan(specification, candidates))
        #expect(verdict.withinTarget == 0)
        #expect(verdict.line.contains("0 % of the users within 100 ms"))
    }

    @Test("Prices in other currencies count by their rate; without one they are unknown and taken for dear")
    func currencies() throws {
        let specification = Samples.specification(
            resources: Samples.resources(1, 1, 0),
            objectives: Objectives(latency: 0, price: 1, load: 0, room: 0))
        let candidates = [
            self.site("euro.test", price: Self.dear), self.site("dollar.test", price: Self.cheap),
            self.site("silent.test"),
        ]
        var plan = try self.plan(specification, candidates)
        #expect(plan.verdicts.map(\.site.address) == ["dollar.test", "euro.test", "silent.test"])
        #expect(try self.verdict("dollar.test", in: plan).price == 0.01)
        #expect(plan.verdicts.first?.cost?.unit == .money)
        #expect(plan.verdicts.last?.cost?.price == 1)
        plan = try self.plan(specification, candidates, rates: ["USD": .nan])
        #expect(plan.verdicts.map(\.site.address) == ["euro.test", "dollar.test", "silent.test"])
    }

    @Test("Caps on price and carbon rule out what is over them and what is not told")
    func caps() throws {
        let candidates = [
            self.site("dear.test", price: Self.dear, carbon: Self.coal),
            self.site("cheap.test", price: Self.cheap, carbon: Self.hydro), self.site("silent.test"),
        ]
        var specification = Samples.specification(constraints: [.priceAtMost(perHour: 0.02)])
        let priced = try self.plan(specification, candidates)
        #expect(try self.verdict("cheap.test", in: priced).isFeasible)
        #expect(try self.verdict("dear.test", in: priced).objections.map(\.kind) == [.price])
        #expect(try self.verdict("silent.test", in: priced).objections.map(\.text) == ["states no price"])
        #expect(
            try self.verdict("cheap.test", in: self.plan(specification, candidates, rates: [:])).objections
                .map(\.text) == ["its price in USD cannot be compared with EUR"])
        specification.constraints = [.carbonAtMost(gramsPerHour: 2)]
        let green = try self.plan(specification, candidates)
        #expect(green.verdicts.filter(\.isFeasible).map(\.site.address) == ["cheap.test"])
        #expect(
            try self.verdict("dear.test", in: green).objections.map(\.text)
                == ["2.6 g CO2e an hour is over the 2 g asked"])
    }

    @Test("Legal regions, features, and other workloads to be beside of or apart from")
    func constraints() throws {
        let candidates = [
            self.site("fr.test", country: "FR", labels: ["gpu": "a100"]),
            self.site("no.test", country: "NO", labels: ["gpu": "no"]), self.site("us.test", country: "US"),
        ]
        let neighbours = ["db": [SiteID("no.test"): 2]]
        let cases: [(Constraint, Objection.Kind, [String])] = [
            (.region(["eu"]), .region, ["no.test", "us.test"]), (.region(["eea"]), .region, ["us.test"]),
            (.feature("gpu"), .feature, ["no.test", "us.test"]),
            (.beside(["db"]), .beside, ["fr.test", "us.test"]), (.apart(["db"]), .apart, ["no.test"]),
            (.beside(["nothing"]), .beside, ["fr.test", "no.test", "us.test"]),
            (.apart(["nothing"]), .apart, []),
        ]
        for (constraint, kind, out) in cases {
            let plan = try self.plan(
                Samples.specification(constraints: [constraint]), candidates, neighbours: neighbours)
            for verdict in plan.verdicts {
                let expected = out.contains(verdict.site.address) ? [kind] : []
                #expect(verdict.objections.map(\.kind) == expected, "\(constraint) at \(verdict.site)")
            }
        }
    }

    @Test("Users that are another workload are where it runs")
    func workloadAsAudience() throws {
        let specification = Samples.specification(near: [.workload("db")])
        let plan = try self.plan(
            specification, Samples.world,
            neighbours: ["db": [SiteID("tokyo.test"): 3, SiteID("paris.test"): 1]])
        #expect(plan.site(ofReplica: 0) == SiteID("tokyo.test"))
        #expect(plan.verdicts.first?.latency?.parts.map(\.share) == [0.25, 0.75])
        let nowhere = try self.plan(specification, Samples.world)
        #expect(nowhere.isComplete)
        #expect(nowhere.verdicts.allSatisfy { $0.latency?.basis == .unknown })
    }
}
