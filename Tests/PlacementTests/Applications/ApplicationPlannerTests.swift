import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Sites for several parts together")
struct ApplicationPlannerTests {
    private let planner = ApplicationPlanner(Planner())
    private let snapshot = PlacementSnapshot(candidates: Samples.world)

    private func workload(
        _ name: String, near country: String? = nil, replicas: Int = 1, constraints: [Constraint] = [],
        resources: Resources = Samples.resources()
    ) -> WorkloadSpecification {
        var workload = Samples.specification(
            replicas: replicas, near: country.map { [.country($0)] } ?? [], constraints: constraints,
            resources: resources)
        workload.name = name
        return workload
    }

    private func sites(_ workloads: [WorkloadSpecification]) throws -> [[String]] {
        try self.planner.plan(workloads, over: self.snapshot, neighbours: [:]).map { plan in
            plan.assignments.map(\.site.address) + (plan.isComplete ? [] : ["none"])
        }
    }

    @Test("A bound to a workload rules out what is too far from its nearest replica, and says so")
    func bound() throws {
        let web = self.workload("web", near: "JP", constraints: [.within("db", milliseconds: 50)])
        let plan = try Planner().plan(
            PlanRequest(web, neighbours: ["db": [SiteID("paris.test"): 1]]), over: self.snapshot)
        #expect(plan.assignments.map(\.site) == [SiteID("paris.test")])
        let tokyo = try #require(plan.verdicts.first { $0.site == SiteID("tokyo.test") })
        #expect(tokyo.objections.map(\.kind) == [.within])
        #expect(tokyo.line.contains("ms (estimated) to the nearest replica of db, at most 50 ms is asked"))
        // The nearest counts, not all of them.
        let near = try Planner().plan(
            PlanRequest(web, neighbours: ["db": [SiteID("paris.test"): 1, SiteID("tokyo.test"): 1]]),
            over: self.snapshot)
        #expect(near.assignments.map(\.site) == [SiteID("tokyo.test")])
        let alone = try Planner().plan(PlanRequest(web), over: self.snapshot)
        #expect(!alone.isComplete)
        #expect(alone.lines[0].contains("db has no replica yet, at most 50 ms is asked"))
    }

    @Test("The index chooses what the planner chooses under a bound", arguments: 0 as UInt64..<50)
    func indexAgrees(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var index = SiteIndex()
        let now = Instant(millisecondsSinceEpoch: 1_000)
        for number in 0..<30 {
            let position = Position(
                latitude: Double.random(in: -60...60, using: &random),
                longitude: Double.random(in: -180...180, using: &random))
            let candidate = Samples.candidate("s\(number).test", at: position)
            index.update(candidate.description, received: now, reachability: .reachable)
        }
        let limit = Double.random(in: 5...150, using: &random)
        let web = self.workload("web", near: "JP", constraints: [.within("db", milliseconds: limit)])
        let neighbours = ["db": [SiteID("s3.test"): 1, SiteID("s7.test"): 2]]
        let request = PlanRequest(web, neighbours: neighbours)
        let chosen = try index.choose(request, now: now, using: &random)
        let plan = try Planner().plan(request, over: index.snapshot(now: now))
        #expect(chosen == (plan.isComplete ? plan.assignments : nil))
    }

    @Test("A part that would be too far moves the one that it is bound to")
    func together() throws {
        // By itself the data would be in Tokyo; the pages must be in Europe and close to the data.
        let db = self.workload("db", near: "JP")
        let web = self.workload(
            "web", constraints: [.country(["FR"]), .within("db", milliseconds: 120)])
        #expect(try self.sites([db]) == [["tokyo.test"]])
        #expect(try self.sites([db, web]) == [["paris.test"], ["paris.test"]])
    }

    @Test("If nothing helps, what was first in the way is told")
    func impossible() throws {
        let db = self.workload("db", constraints: [.country(["JP"])])
        let web = self.workload("web", constraints: [.country(["FR"]), .within("db", milliseconds: 50)])
        let other = self.workload("other")
        #expect(try self.sites([other, db, web]).suffix(2) == [["tokyo.test"], ["none"]])
    }

    @Test("A chain of bounds goes back as far as it must")
    func chain() throws {
        // Each is bound to the one before; only the last one says where.
        let a = self.workload("a", near: "JP")
        let b = self.workload("b", constraints: [.within("a", milliseconds: 20)])
        let c = self.workload("c", constraints: [.within("b", milliseconds: 20), .country(["FR"])])
        #expect(try self.sites([a, b, c]) == [["paris.test"], ["paris.test"], ["paris.test"]])
    }

    @Test("It is given up after a number of tries", arguments: [0, 1])
    func tries(more: Int) throws {
        // One site after the other must be ruled out for the data before the pages find theirs.
        let far = ApplicationPlanner.tryLimit / 2 - 1 + more
        let candidates =
            (0..<far).map { Samples.candidate("a\($0).test", at: Samples.tokyo, labels: ["data": "yes"]) }
            + [
                Samples.candidate(
                    "z.test", at: Samples.paris, load: 0.5, labels: ["data": "yes", "pages": "yes"])
            ]
        let db = self.workload("db", near: "JP", constraints: [.feature("data")])
        let web = self.workload("web", constraints: [.feature("pages"), .beside(["db"])])
        let plans = try self.planner.plan(
            [db, web], over: PlacementSnapshot(candidates: candidates), neighbours: [:])
        #expect(plans.allSatisfy(\.isComplete) == (more == 0))
    }

    @Test("Sites from which the other part cannot be reached are ruled out at once, however many they are")
    func manyOutOfReach() throws {
        let candidates =
            (0..<300).map { Samples.candidate("a\($0).test", at: Samples.tokyo, labels: ["data": "yes"]) }
            + [
                Samples.candidate(
                    "z.test", at: Samples.paris, load: 0.5, labels: ["data": "yes", "pages": "yes"])
            ]
        let db = self.workload("db", near: "JP", constraints: [.feature("data")])
        let web = self.workload("web", constraints: [.feature("pages"), .within("db", milliseconds: 20)])
        let plans = try self.planner.plan(
            [db, web], over: PlacementSnapshot(candidates: candidates), neighbours: [:])
        #expect(plans.map(\.assignments.first?.site) == [SiteID("z.test"), SiteID("z.test")])
    }

    @Test("Nothing more is looked for once nobody wants to know")
    func givenUp() throws {
        var asked = 0
        let workloads = (0..<5).map { self.workload("part\($0)") }
        let plans = try self.planner.plan(workloads, over: self.snapshot, neighbours: [:]) {
            asked += 1
            return asked > 2
        }
        #expect(plans.count == 2)
    }

    @Test("One of several replicas near by is enough for the part that is bound to them")
    func oneOfSeveral() throws {
        // The best two sites for the data are both too far away; the best and the last one will do.
        let candidates = [
            Samples.candidate("a.test", at: Samples.tokyo, labels: ["data": "yes"]),
            Samples.candidate("b.test", at: Samples.osaka, labels: ["data": "yes"]),
            Samples.candidate(
                "c.test", at: Samples.paris, load: 0.5, labels: ["data": "yes", "pages": "yes"]),
        ]
        var db = self.workload("db", near: "JP", replicas: 2, constraints: [.feature("data")])
        db.spread = .atMostPerSite(1)
        let web = self.workload("web", constraints: [.feature("pages"), .within("db", milliseconds: 20)])
        let plans = try self.planner.plan(
            [db, web], over: PlacementSnapshot(candidates: candidates), neighbours: [:])
        #expect(plans.map(\.isComplete) == [true, true])
        #expect(plans.first?.assignments.map(\.site).contains(SiteID("c.test")) == true)
    }

    @Test("The work of one question is limited", arguments: [15, 16])
    func work(limit: Int) throws {
        // Two sites and one replica, four times: the data, the pages in vain, the data elsewhere, the pages.
        let candidates = [
            Samples.candidate("a.test", at: Samples.tokyo, labels: ["data": "yes"]),
            Samples.candidate(
                "z.test", at: Samples.paris, load: 0.5, labels: ["data": "yes", "pages": "yes"]),
        ]
        let db = self.workload("db", near: "JP", constraints: [.feature("data")])
        let web = self.workload("web", constraints: [.feature("pages"), .beside(["db"])])
        let plans = try ApplicationPlanner(Planner(), workLimit: limit).plan(
            [db, web], over: PlacementSnapshot(candidates: candidates), neighbours: [:])
        #expect(plans.allSatisfy(\.isComplete) == (limit == 16))
    }

    @Test("What parts before take is not there for those after")
    func room() throws {
        let big = Samples.resources(8, 16, 100)
        let first = self.workload("first", near: "JP", resources: big)
        let second = self.workload("second", near: "JP", resources: big)
        let sites = try self.sites([first, second]).flatMap(\.self)
        #expect(sites.first == "tokyo.test")
        #expect(Set(sites).count == 2)
    }

    @Test("What is found keeps every bound; where one pair exists, one is found", arguments: 0 as UInt64..<60)
    func sound(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let candidates = (0..<8).map { number in
            Samples.candidate(
                "s\(number).test",
                at: Position(
                    latitude: Double.random(in: -60...60, using: &random),
                    longitude: Double.random(in: -180...180, using: &random)),
                labels: ["half": number < 4 ? "one" : "two"])
        }
        let snapshot = PlacementSnapshot(candidates: candidates)
        let limit = Double.random(in: 10...120, using: &random)
        let db = self.workload("db", near: "JP", constraints: [.label(name: "half", value: "one")])
        let web = self.workload(
            "web", constraints: [.label(name: "half", value: "two"), .within("db", milliseconds: limit)])
        let plans = try self.planner.plan([db, web], over: snapshot, neighbours: [:])
        let isPossible = try candidates.prefix(4).contains { candidate in
            try Planner().plan(
                PlanRequest(web, neighbours: ["db": [candidate.description.site: 1]]), over: snapshot
            ).isComplete
        }
        #expect((plans.count == 2 && plans.allSatisfy(\.isComplete)) == isPossible)
        if isPossible {
            let sites = plans[0].assignments.reduce(into: [:]) { $0[$1.site, default: 0] += 1 }
            let again = try Planner().plan(PlanRequest(web, neighbours: ["db": sites]), over: snapshot)
            #expect(again.isComplete)
        }
    }

    @Test("A part is placed near to one that stays and is bound to it, however many wishes it has of its own")
    func nearness() throws {
        let wishes = Array(
            repeating: Constraint.avoid([SiteID("virginia.test")]), count: SpecificationLimits.constraints)
        var db = self.workload("shop-db", near: "JP", constraints: wishes)
        let neighbours = ["shop-web": [SiteID("paris.test"): 1]]
        let near = ["shop-db": ["shop-web": 50.0]]
        let plans = try self.planner.plan([db], near: near, over: self.snapshot, neighbours: neighbours)
        #expect(plans.map(\.assignments.first?.site) == [SiteID("paris.test")])
        db.constraints = [.only([SiteID("tokyo.test")])]
        let failed = try #require(
            try self.planner.plan([db], near: near, over: self.snapshot, neighbours: neighbours).first)
        #expect(!failed.isComplete)
        #expect(
            failed.refusal.contains(
                "to shop-web at paris.test, at most 50 ms is asked"))
    }

    /// Where a part with so many replicas is put that parts at `others` are bound to; nil if nowhere.
    private func sites(
        replicas: Int, only names: [String], near others: [String: [String]], within milliseconds: Double,
        workLimit: Int = 4_000_000
    ) throws -> [String]? {
        let only = names.map { SiteID("\($0).test") }
        let db = self.workload("db", near: "JP", replicas: replicas, constraints: [.only(only)])
        let snapshot = PlacementSnapshot(
            candidates: Samples.world + [
                Samples.candidate("geneva.test", at: Samples.position(46.2, 6.1)),
                Samples.candidate("lyon.test", at: Samples.position(45.8, 4.8)),
                Samples.candidate("dijon.test", at: Samples.position(47.3, 5.0)),
            ])
        let neighbours = others.mapValues { sites in
            Dictionary(uniqueKeysWithValues: sites.map { (SiteID("\($0).test"), 1) })
        }
        let plan = try ApplicationPlanner(Planner(), workLimit: workLimit)
            .plan(
                [db], near: ["db": neighbours.mapValues { _ in milliseconds }], over: snapshot,
                neighbours: neighbours)[0]
        guard plan.isComplete else { return nil }
        #expect(plan.assignments.map(\.replica) == Array(0..<replicas))
        for verdict in plan.verdicts {
            #expect(verdict.replicas == plan.assignments.count { $0.site == verdict.site })
            #expect(verdict.isFeasible || verdict.replicas == 0)
        }
        return plan.assignments.map(\.site.address).sorted()
    }

    @Test("A part that others are bound to is near each of their replicas")
    func nearEach() throws {
        // Paris is near enough to Dijon alone, Geneva to both, and Tokyo, where the users are, to neither.
        let api = ["api": ["lyon", "dijon"]]
        #expect(try self.sites(replicas: 1, only: ["paris", "tokyo"], near: api, within: 10) == nil)
        let all = ["paris", "geneva", "tokyo"]
        #expect(try self.sites(replicas: 1, only: all, near: api, within: 10) == ["geneva.test"])
        #expect(
            try self.sites(replicas: 1, only: all, near: ["api": ["lyon"], "web": ["dijon"]], within: 10)
                == ["geneva.test"])
    }

    @Test(
        "Several replicas are near what is bound to them between them, and the others may be anywhere",
        arguments: [["api": ["lyon", "tokyo"]], ["api": ["lyon"], "web": ["tokyo"]]])
    func nearBetweenThem(others: [String: [String]]) throws {
        let all = ["virginia", "geneva", "tokyo"]
        #expect(try self.sites(replicas: 1, only: all, near: others, within: 10) == nil)
        #expect(
            try self.sites(replicas: 2, only: all, near: others, within: 10) == ["geneva.test", "tokyo.test"])
        // The third one is for the users alone.
        #expect(
            try self.sites(replicas: 3, only: all, near: others, within: 10)
                == ["geneva.test", "tokyo.test", "tokyo.test"])
        #expect(try self.sites(replicas: 2, only: ["virginia", "tokyo"], near: others, within: 10) == nil)
        #expect(try self.sites(replicas: 2, only: all, near: others, within: 10, workLimit: 20) == nil)
    }

    @Test("What one site cannot keep costs no bound that it can keep beside the others")
    func nearMost() {
        let names = ["paris", "virginia", "tokyo"].map { SiteID("\($0).test") }
        let (paris, virginia, tokyo) = (names[0], names[1], names[2])
        let paths = PathKnowledge(self.snapshot, model: LatencyModel())
        let bounds = [
            PartBound(name: "b", milliseconds: 50, sites: [paris, tokyo]),
            PartBound(name: "a", milliseconds: 50, sites: [virginia]),
        ]
        let request = PlanRequest(self.workload("db"))
        // In turn by name: what asks for Virginia goes first if there is room, and nothing else is near that.
        #expect(request.keepingMost(of: bounds, among: names, over: paths).bounds == [bounds[1]])
        #expect(
            request.keepingMost(of: bounds, among: [tokyo], over: paths).bounds
                == [PartBound(name: "b", milliseconds: 50, sites: [tokyo])])
        #expect(request.keepingMost(of: bounds, among: [], over: paths).bounds == [])
    }

    @Test("What is too far for good is told before what is not known")
    func farAndUnknown() throws {
        var request = PlanRequest(self.workload("db"))
        let snapshot = PlacementSnapshot(candidates: Samples.world + [Samples.candidate("nowhere.test")])
        func objection(_ sites: [String]) throws -> Objection? {
            request.bounds = [
                PartBound(name: "api", milliseconds: 50, sites: Set(sites.map { SiteID("\($0).test") }))
            ]
            let verdicts = try Planner().plan(request, over: snapshot).verdicts
            return verdicts.first { $0.site == SiteID("paris.test") }?.objections.first
        }
        #expect(try objection(["paris"]) == nil)
        let far = try #require(try objection(["nowhere", "tokyo", "paris"]))
        #expect(far.isUnknown != true && far.text.contains("to api at tokyo.test"))
        let unknown = try #require(try objection(["nowhere", "paris"]))
        #expect(unknown.isUnknown == true && unknown.text.contains("the way to api at nowhere.test"))
    }

    @Test("Where parts still to come could go is not looked for at any price", arguments: [5, 6])
    func openings(limit: Int) throws {
        let planner = ApplicationPlanner(Planner(), openingLimit: limit)
        let parts = ["api", "web"].map { (workload: self.workload($0, replicas: 9), milliseconds: 50.0) }
        let openings = try planner.openings(of: parts, over: self.snapshot) { _ in [:] }
        // Three sites for each of two parts.
        #expect(openings.map(\.sites.count) == (limit < 6 ? [] : [3, 3]))
        #expect(openings.map(\.milliseconds) == (limit < 6 ? [] : [50, 50]))
    }

    @Test("The index keeps the nearness of a request as the planner does", arguments: 0 as UInt64..<20)
    func indexKeepsNearness(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var index = SiteIndex()
        let now = Instant(millisecondsSinceEpoch: 1_000)
        for candidate in Samples.world {
            index.update(candidate.description, received: now, reachability: .reachable)
        }
        var request = PlanRequest(self.workload("db", near: "JP"))
        request.bounds = [
            PartBound(
                name: "web", milliseconds: Double.random(in: 1...300, using: &random),
                sites: [SiteID("paris.test"), SiteID("virginia.test")],
                reach: seed.isMultiple(of: 2) ? .each : .nearest)
        ]
        let chosen = try index.choose(request, now: now, using: &random)
        let plan = try Planner().plan(request, over: index.snapshot(now: now))
        #expect(chosen == (plan.isComplete ? plan.assignments : nil))
    }

    @Test("Which parts that stay hold others near is told by both names, the shortest way of each")
    func bounds() {
        let application = ApplicationWorld.shop(
            ApplicationWorld.part("db"), ApplicationWorld.part("cache"),
            ApplicationWorld.part("web", within: ["db": 20, "cache": 30]),
            ApplicationWorld.part("api", within: ["db": 50]))
        #expect(
            application.nearness(to: ["web", "cache"]) == ["shop-db": ["shop-web": 20]])
        #expect(application.nearness(to: ["web", "api"])["shop-db"] == ["shop-web": 20, "shop-api": 50])
        #expect(application.nearness(to: []) == [:])
    }
}
