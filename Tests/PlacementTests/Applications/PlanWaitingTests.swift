import CloudModel
import Placement
import Testing

@Suite("Whether a plan without a site is worth waiting for")
struct PlanWaitingTests {
    private func plan(
        _ specification: WorkloadSpecification, _ candidates: [Candidate] = Samples.world,
        neighbours: [String: [SiteID: Int]] = [:]
    ) throws -> Plan {
        try Planner().plan(
            PlanRequest(specification, neighbours: neighbours),
            over: PlacementSnapshot(candidates: candidates))
    }

    private static let only = Constraint.only([SiteID("paris.test")])

    @Test("What nobody has said anything about yet may change")
    func nobodyHeard() throws {
        #expect(try self.plan(Samples.specification(), []).mayChange)
    }

    @Test(
        "A site that can take some of the replicas may take the others later; none is to be had where all are taken"
    )
    func someRoom() throws {
        let big = Samples.resources(4, 4)
        let three = Samples.specification(replicas: 3, constraints: [Self.only], resources: big)
        let plan = try self.plan(three)
        #expect(plan.unassigned.count == 1)
        #expect(plan.mayChange)
        let two = Samples.specification(replicas: 2, constraints: [Self.only], resources: big)
        #expect(try self.plan(two).mayChange == false)
    }

    @Test(
        "A wish that no site meets does not change; one of which nothing is known yet may",
        arguments: [false, true])
    func wishes(isKnown: Bool) throws {
        let far = isKnown ? [SiteID("tokyo.test"): 1] : [:]
        let near = Samples.specification(constraints: [Self.only, .within("db", milliseconds: 20)])
        #expect(try self.plan(near, neighbours: ["db": far]).mayChange != isKnown)
        let nowhere = [Samples.candidate("paris.test", at: isKnown ? Samples.paris : nil)]
        let quick = Samples.specification(
            near: [.country("JP")], constraints: [.latencyAtMost(milliseconds: 20)])
        #expect(try self.plan(quick, nowhere).mayChange != isKnown)
        let apart = nowhere + [Samples.candidate("tokyo.test", at: Samples.tokyo)]
        let there = ["db": [SiteID("tokyo.test"): 1]]
        #expect(try self.plan(near, apart, neighbours: there).mayChange != isKnown)
    }

    @Test("Beside a reason that passes, one that does not decides")
    func mixed() throws {
        let closed = [Samples.candidate("paris.test", at: Samples.paris, country: "FR", policy: .closed)]
        #expect(try self.plan(Samples.specification(constraints: [.country(["FR"])]), closed).mayChange)
        #expect(
            try self.plan(Samples.specification(constraints: [.country(["JP"])]), closed).mayChange == false)
    }

    @Test("A first report changes something only where none was heard, and no other reason stays")
    func firstReport() throws {
        let silent = [
            Samples.candidate(
                "paris.test", at: Samples.paris, country: "FR", policy: .closed, reachability: .unreachable)
        ]
        let french = Samples.specification(constraints: [.country(["FR"])])
        #expect(try self.plan(french, silent).mayChangeOnceHeard)
        let japanese = Samples.specification(constraints: [.country(["JP"])])
        #expect(try self.plan(japanese, silent).mayChangeOnceHeard == false)
        let closed = [Samples.candidate("paris.test", at: Samples.paris, country: "FR", policy: .closed)]
        let heard = try self.plan(french, closed)
        #expect(heard.mayChange && !heard.mayChangeOnceHeard)
        #expect(try self.plan(french, []).mayChangeOnceHeard == false)
    }
}
