import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Choosing without looking at every site")
struct SiteIndexTests {
    @Test(
        "Whatever happens, the index chooses what the planner chooses over the same knowledge",
        arguments: 0 as UInt64..<100)
    func agreesWithThePlanner(seed: UInt64) throws {
        var world = SiteIndexWorld(seed: seed, sites: 3 + Int(seed % 38))
        for _ in 0..<80 {
            world.happen()
            guard world.chance(0.6) else { continue }
            let request = world.request()
            let plan = try world.plan(request)
            let chosen = try world.choose(request)
            #expect(chosen == (plan.isComplete ? plan.assignments : nil))
        }
        let request = world.request()
        #expect(try world.explain(request) == (try world.plan(request)))
    }

    @Test(
        "After refusals a site is drawn from the best eight, none of them much dearer than the best",
        arguments: 0 as UInt64..<25)
    func draws(seed: UInt64) throws {
        var world = SiteIndexWorld(seed: seed, sites: 30)
        for _ in 0..<40 {
            world.happen()
            var request = world.request()
            request.replicas = [0]
            let plan = try world.plan(request)
            let chosen = try world.choose(request, breadth: 8)
            guard let site = chosen?.first?.site else {
                #expect(!plan.isComplete)
                continue
            }
            let best = plan.verdicts.prefix(8).filter(\.isFeasible)
            let verdict = try #require(best.first { $0.site == site })
            let (cost, least) = (try #require(verdict.cost?.total), try #require(best.first?.cost?.total))
            #expect(cost <= 1.25 * least)
            #expect(verdict.reachability == best.first?.reachability)
            // What was set aside for the draw is back.
            #expect(try world.choose(request)?.map(\.site) == plan.assignments.map(\.site))
        }
    }

    @Test("Draws differ: equal sites are not all found in the same order")
    func drawsDiffer() throws {
        var index = SiteIndex()
        let start = Instant(millisecondsSinceEpoch: 0)
        for number in 0..<12 {
            index.update(
                Samples.candidate("site\(number).test").description, received: start, reachability: .reachable
            )
        }
        var generator = SeededGenerator(seed: 1)
        var drawn: Set<SiteID> = []
        for _ in 0..<200 {
            let chosen = try index.choose(
                PlanRequest(Samples.specification()), breadth: 8, now: start, using: &generator)
            drawn.formUnion((chosen ?? []).map(\.site))
        }
        #expect(drawn.count == 8)
    }

    @Test("A clock that is set back changes nothing but the ages")
    func clockSetBack() throws {
        var index = SiteIndex()
        let known = Instant(millisecondsSinceEpoch: 1_000_000)
        index.update(
            Samples.candidate("old.test").description, received: known, reachability: .reachable)
        index.update(
            Samples.candidate("young.test", load: 0.3).description,
            received: known.advanced(by: .seconds(100)),
            reachability: .reachable)
        var generator = SeededGenerator(seed: 1)
        func site(after: Duration) throws -> String? {
            try index.choose(
                PlanRequest(Samples.specification()), now: known.advanced(by: after), using: &generator
            )?.first?.site.address
        }
        #expect(try site(after: .seconds(10)) == "old.test")
        #expect(try site(after: .seconds(110)) == "young.test")
        #expect(try site(after: .seconds(221)) == nil)
        #expect(try site(after: .seconds(10)) == "old.test")
    }

    @Test("More kinds of requests than are kept are answered all the same")
    func manyKinds() throws {
        var index = SiteIndex()
        let start = Instant(millisecondsSinceEpoch: 0)
        for candidate in Samples.world {
            index.update(candidate.description, received: start, reachability: .reachable)
        }
        var generator = SeededGenerator(seed: 1)
        for round in 0..<2 {
            for number in 0..<(SiteIndex.rankingLimit + 10) {
                let position = Samples.position(-50 + Double(number) / 10, Double(round))
                let request = PlanRequest(Samples.specification(near: position.map { [.position($0)] } ?? []))
                let plan = try Planner().plan(request, over: index.snapshot(now: start))
                #expect(
                    try index.choose(request, now: start, using: &generator) == plan.assignments)
            }
        }
    }

    @Test("An absurd request is refused before any work is done on it")
    func validates() {
        var index = SiteIndex()
        var generator = SeededGenerator(seed: 1)
        var specification = Samples.specification()
        specification.replicas = 1_000_000_000
        #expect(throws: SpecificationError.self) {
            try index.choose(
                PlanRequest(specification), now: Instant(millisecondsSinceEpoch: 0), using: &generator)
        }
    }

    @Test("A site whose cost is not a number is out, and the choice comes to an end")
    func costOutOfNumbers() throws {
        var index = SiteIndex(rules: PlanningRules(exchangeRates: ["USD": .greatestFiniteMagnitude]))
        let now = Instant(millisecondsSinceEpoch: 0)
        var dear = Samples.candidate("dear.test").description
        dear.price = Price(currency: "USD", microsPerVCPUHour: 10_000_000, microsPerGibibyteHour: 0)
        index.update(dear, received: now, reachability: .reachable)
        var generator = SeededGenerator(seed: 1)
        let request = PlanRequest(Samples.specification())
        #expect(try index.choose(request, now: now, using: &generator) == nil)
        index.update(
            Samples.candidate("plain.test").description, received: now, reachability: .reachable)
        #expect(
            try index.choose(request, now: now, using: &generator)?.map(\.site) == [SiteID("plain.test")])
    }

    @Test("Of an audience that is a workload at very many sites the heaviest places count")
    func wideAudience() throws {
        var index = SiteIndex()
        let now = Instant(millisecondsSinceEpoch: 0)
        let sites = (0..<600).map { SiteID("site\($0).test") }
        for (number, site) in sites.enumerated() {
            let position = number == 300 ? Samples.tokyo : Samples.paris
            index.update(
                Samples.candidate(site.address, at: position).description, received: now,
                reachability: .reachable)
        }
        var replicas = Dictionary(uniqueKeysWithValues: sites.map { ($0, 1) })
        // By far the most users, though not the first in any order.
        replicas[sites[300]] = 300
        var generator = SeededGenerator(seed: 1)
        let request = PlanRequest(
            Samples.specification(near: [.workload("big")]), neighbours: ["big": replicas])
        let plan = try Planner().plan(request, over: index.snapshot(now: now))
        #expect(plan.verdicts.first?.latency?.parts.count == SpecificationLimits.shares)
        let chosen = try index.choose(request, now: now, using: &generator)
        #expect(chosen == plan.assignments)
        #expect(chosen?.first?.site == sites[300])
    }
}
