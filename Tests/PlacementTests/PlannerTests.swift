import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Planner")
struct PlannerTests {
    private func plan(
        _ specification: WorkloadSpecification, over candidates: [Candidate] = Samples.world
    ) throws -> Plan {
        try Planner().plan(PlanRequest(specification), over: PlacementSnapshot(candidates: candidates))
    }

    private func objections(_ plan: Plan, _ site: String) -> [Objection.Kind] {
        plan.verdicts.first { $0.site == SiteID(site) }?.objections.map(\.kind) ?? []
    }

    @Test(
        "The site nearest to the users wins",
        arguments: [("JP", "tokyo.test"), ("DE", "paris.test"), ("CA", "virginia.test")])
    func nearest(country: String, expected: String) throws {
        let plan = try self.plan(Samples.specification(replicas: 2, near: [.country(country)]))
        #expect(plan.assignments.map(\.site) == [SiteID(expected), SiteID(expected)])
        #expect(plan.isComplete)
        #expect(plan.verdicts.count == 3)
    }

    @Test("Shares of an audience pull with their weight")
    func weighted() throws {
        var specification = Samples.specification()
        specification.audience = Audience(shares: [
            .init(place: .country("JP"), weight: 0.8), .init(place: .country("FR"), weight: 0.2),
        ])
        #expect(try self.plan(specification).site(ofReplica: 0) == SiteID("tokyo.test"))
        specification.audience.shares[0].weight = 0.1
        #expect(try self.plan(specification).site(ofReplica: 0) == SiteID("paris.test"))
    }

    @Test("Among equal sites the less loaded wins, then the one with more room, then the first by address")
    func ties() throws {
        let loaded = [Samples.candidate("a.test", load: 0.9), Samples.candidate("b.test", load: 0.1)]
        #expect(try self.plan(Samples.specification(), over: loaded).assignments[0].site == SiteID("b.test"))
        let fuller = [
            Samples.candidate("a.test", free: Samples.resources(2, 4, 20)), Samples.candidate("b.test"),
        ]
        #expect(try self.plan(Samples.specification(), over: fuller).assignments[0].site == SiteID("b.test"))
        let equal = [Samples.candidate("b.test"), Samples.candidate("a.test")]
        #expect(try self.plan(Samples.specification(), over: equal).assignments[0].site == SiteID("a.test"))
    }

    @Test("Replicas of one plan count the room that those before them take")
    func roomIsSubtracted() throws {
        let plan = try self.plan(
            Samples.specification(replicas: 3, near: [.country("JP")], resources: Samples.resources(4, 8, 1)))
        let sites = plan.assignments.map(\.site.address)
        #expect(sites.count { $0 == "tokyo.test" } == 2)
        #expect(Set(sites).count == 2)
    }

    @Test("With spread, no site gets more than its number")
    func spread() throws {
        let plan = try self.plan(
            Samples.specification(replicas: 3, near: [.country("JP")], spread: .atMostPerSite(1)))
        #expect(Set(plan.assignments.map(\.site)).count == 3)
        let tooMany = try self.plan(
            Samples.specification(replicas: 4, near: [.country("JP")], spread: .atMostPerSite(1)))
        #expect(tooMany.unassigned == [3])
        #expect(tooMany.lines.last == "no site for 1 of 4 replicas")
    }

    @Test("Replicas that are somewhere already count for the spread")
    func spreadCountsPlaced() throws {
        let request = PlanRequest(
            specification: Samples.specification(
                replicas: 2, near: [.country("JP")], spread: .atMostPerSite(1)),
            replicas: [1], placed: [SiteID("tokyo.test"): 1])
        let plan = try Planner().plan(request, over: PlacementSnapshot(candidates: Samples.world))
        #expect(self.objections(plan, "tokyo.test") == [.spread])
        #expect(plan.site(ofReplica: 1) != SiteID("tokyo.test"))
    }

    @Test("Each constraint rules out the sites that fail it, and is named")
    func constraints() throws {
        let cases: [(Constraint, Objection.Kind, [String])] = [
            (.country(["JP", "US"]), .country, ["paris.test"]),
            (.label(name: "tier", value: "gold"), .label, ["paris.test", "tokyo.test", "virginia.test"]),
            (.hypervisor("xen"), .hypervisor, ["paris.test", "tokyo.test", "virginia.test"]),
            (.only([SiteID("tokyo.test")]), .only, ["paris.test", "virginia.test"]),
            (.avoid([SiteID("tokyo.test")]), .avoid, ["tokyo.test"]),
            (.latencyAtMost(milliseconds: 50), .latency, ["paris.test", "virginia.test"]),
        ]
        for (constraint, kind, out) in cases {
            let plan = try self.plan(
                Samples.specification(near: [.country("JP")], constraints: [constraint]))
            for verdict in plan.verdicts {
                let expected: [Objection.Kind] = out.contains(verdict.site.address) ? [kind] : []
                #expect(verdict.objections.map(\.kind) == expected, "\(constraint) at \(verdict.site)")
            }
        }
    }

    @Test("A latency bound without a known latency rules the site out")
    func latencyUnknown() throws {
        let plan = try self.plan(
            Samples.specification(constraints: [.latencyAtMost(milliseconds: 50)]),
            over: [Samples.candidate("a.test")])
        #expect(self.objections(plan, "a.test") == [.latency])
    }

    @Test("Draining, closed, silent, long unheard and full sites are out, each with its reason")
    func standing() throws {
        let plan = try self.plan(
            Samples.specification(),
            over: [
                Samples.candidate("draining.test", policy: .draining),
                Samples.candidate("closed.test", policy: .closed),
                Samples.candidate("silent.test", reachability: .unreachable),
                Samples.candidate("edge.test", age: .seconds(120)),
                Samples.candidate("stale.test", age: .seconds(121)),
                Samples.candidate("full.test", free: .zero),
                Samples.candidate("busy.test", pending: Samples.resources(8, 0, 0)),
            ])
        #expect(self.objections(plan, "draining.test") == [.policy])
        #expect(self.objections(plan, "closed.test") == [.policy])
        #expect(self.objections(plan, "silent.test") == [.unreachable])
        #expect(self.objections(plan, "stale.test") == [.stale])
        #expect(self.objections(plan, "full.test") == [.room])
        #expect(self.objections(plan, "busy.test") == [.room])
        #expect(plan.site(ofReplica: 0) == SiteID("edge.test"))
    }

    @Test("A suspect site is the last choice, however near, and is still one")
    func suspect() throws {
        let candidates = [
            Samples.candidate("tokyo.test", at: Samples.tokyo, reachability: .suspect),
            Samples.candidate("osaka.test", at: Samples.osaka, reachability: .suspect, pending: .zero),
            Samples.candidate("paris.test", at: Samples.paris),
        ]
        let packed = try self.plan(
            Samples.specification(replicas: 2, near: [.country("JP")]), over: candidates)
        #expect(packed.assignments.map(\.site.address) == ["paris.test", "paris.test"])
        #expect(packed.verdicts.first?.site == SiteID("paris.test"))
        #expect(packed.alternatives.count == 2)
        #expect(packed.lines.last?.hasSuffix("last choice") == true)
        let spread = try self.plan(
            Samples.specification(replicas: 2, near: [.country("JP")], spread: .atMostPerSite(1)),
            over: candidates)
        #expect(spread.site(ofReplica: 0) == SiteID("paris.test"))
        #expect(spread.assignments.count == 2)
    }

    @Test("A member that has not said anything yet gets a verdict too")
    func unheard() throws {
        let rome = SiteID("rome.test")
        for (reachability, kinds) in [
            (Reachability.reachable, [Objection.Kind.unheard]), (.unreachable, [.unheard, .unreachable]),
        ] {
            let plan = try Planner().plan(
                PlanRequest(Samples.specification()),
                over: PlacementSnapshot(
                    candidates: Samples.world,
                    unheard: [UnheardSite(site: rome, name: "Rome", reachability: reachability)]))
            #expect(self.objections(plan, "rome.test") == kinds)
            #expect(plan.verdicts.count == 4 && plan.verdicts.last?.ageMilliseconds == nil)
            #expect(plan.lines.contains { $0.hasPrefix("rome.test: no, nothing heard of it yet") })
        }
    }

    @Test("Figures that make no sense rule a site out instead of ending the process")
    func absurdReports() throws {
        let huge = Resources(vcpus: .max, memory: Mebibytes(.max), disk: Mebibytes(.max))
        let negative = Resources(vcpus: .min, memory: Mebibytes(.min), disk: Mebibytes(.min))
        let plan = try self.plan(
            Samples.specification(replicas: 3),
            over: [
                Samples.candidate("huge.test", free: huge, total: huge),
                Samples.candidate("negative.test", free: negative),
                Samples.candidate("nan.test", load: .nan),
                Samples.candidate("pending.test", pending: negative),
            ])
        #expect(plan.verdicts.allSatisfy { $0.objections.contains { $0.kind == .report } })
        #expect(plan.unassigned == [0, 1, 2])
    }

    @Test("Old knowledge counts for less")
    func staleness() throws {
        let rules = PlanningRules()
        #expect(rules.freshness(atAge: .seconds(15)) == 1)
        #expect(rules.freshness(atAge: .seconds(45)) == 0.5)
        let plan = try self.plan(
            Samples.specification(),
            over: [Samples.candidate("a.test", age: .seconds(60)), Samples.candidate("b.test", load: 0.3)])
        #expect(plan.site(ofReplica: 0) == SiteID("b.test"))
        #expect(plan.lines.last?.hasSuffix("last heard 60 s ago") == true)
    }

    @Test("The plan reads as lines that name site, figures and reasons")
    func lines() throws {
        let plan = try self.plan(
            Samples.specification(
                replicas: 2, near: [.country("JP")], constraints: [.avoid([SiteID("paris.test")])]))
        #expect(
            plan.lines == [
                "tokyo.test: 2 replicas, 8 ms (estimated), load 0 %, room 16 GiB, cost 10.8 ms",
                "virginia.test: possible, 174 ms (estimated), load 0 %, room 16 GiB, cost 177 ms",
                "paris.test: no, is to be avoided",
            ])
    }

    @Test("Where nothing is known, the plan says so")
    func nobody() throws {
        let plan = try self.plan(Samples.specification(), over: [])
        #expect(plan.lines == ["no site is known yet", "no site for 1 of 1 replicas"])
    }

    @Test(
        "The same snapshot gives the same plan, in whatever order the sites come",
        arguments: 0..<50 as Range<UInt64>)
    func isDeterministic(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var candidates = (0..<20).map { index in
            Samples.candidate(
                "s\(index).test",
                at: Samples.position(
                    .random(in: -60...60, using: &generator), .random(in: -180...180, using: &generator)),
                free: Samples.resources(.random(in: 0...8, using: &generator)),
                load: .random(in: 0...1, using: &generator))
        }
        let specification = Samples.specification(replicas: 10, near: [.country("BR")])
        let plan = try self.plan(specification, over: candidates)
        candidates.shuffle(using: &generator)
        #expect(try self.plan(specification, over: candidates) == plan)
        for candidate in candidates {
            let site = candidate.description.site
            let taken = plan.assignments.count { $0.site == site }
            #expect(taken <= candidate.description.capacity.free.vcpus)
        }
    }
}
