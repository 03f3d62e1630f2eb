import CloudModel
import Placement
import TestRandomness
import Testing

@Suite("Moves that are worth their cost")
struct RebalancerTests {
    private static func id(_ number: UInt64) -> WorkloadID {
        var generator = SeededGenerator(seed: number)
        return WorkloadID(randomUsing: &generator)
    }

    private static func subject(
        _ name: String = "web", at site: String, seed: UInt64 = 1, near: Audience? = nil,
        _ specification: WorkloadSpecification = Samples.specification(), isMovable: Bool = true
    ) -> RebalancingSubject {
        var specification = specification
        specification.name = name
        let seat = RebalancingSubject.Seat(site: SiteID(site), near: near)
        return RebalancingSubject(
            workload: self.id(seed), owner: "alice@paris.test", specification: specification,
            placed: [SiteID(site): 1], movable: isMovable ? [0: seat] : [:])
    }

    private static func propose(
        _ subjects: [RebalancingSubject], _ candidates: [Candidate],
        rules: RebalancingRules = RebalancingRules()
    ) -> [MoveProposal] {
        Rebalancer(rules: rules, planning: PlanningRules()).propose(
            for: subjects, over: PlacementSnapshot(candidates: candidates)
        ).proposals
    }

    @Test("From a full and busy site to an empty one, with what it gains")
    func gains() throws {
        let busy = Self.priced(
            30_000, Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.9))
        let idle = Self.priced(10_000, Samples.candidate("idle.test", load: 0.1))
        let subjects = [Self.subject(at: "busy.test")]
        let proposal = try #require(Self.propose(subjects, [busy, idle]).first)
        #expect(proposal.name == "web-0:idle.test")
        #expect(proposal.from == SiteID("busy.test") && proposal.to == SiteID("idle.test"))
        #expect(abs((proposal.gain.price ?? 0) - 0.02) < 1e-9)
        #expect(proposal.gain.milliseconds == nil && proposal.gain.carbon == nil)
        // Without the replica, an eighth of it, the busy site is at 77.5 %.
        #expect(abs(proposal.gain.loadPercent - 67.5) < 1e-9)
        #expect(proposal.reason == "0.02 EUR an hour less, 68 % less load")
        // As much as it gains is the edge; a little more is not reached.
        var rules = RebalancingRules(minimumGain: proposal.gain.points)
        #expect(Self.propose(subjects, [busy, idle], rules: rules).count == 1)
        rules.minimumGain += 0.001
        #expect(Self.propose(subjects, [busy, idle], rules: rules).isEmpty)
        rules = RebalancingRules(movingCost: 5 + proposal.gain.points)
        #expect(Self.propose(subjects, [busy, idle], rules: rules).isEmpty)
    }

    private static func priced(_ micros: Int64, _ candidate: Candidate) -> Candidate {
        var candidate = candidate
        candidate.description.price = Price(
            currency: "EUR", microsPerVCPUHour: micros, microsPerGibibyteHour: 0)
        return candidate
    }

    @Test("Nearer to the users, those of the replica if it was added for some")
    func nearer() throws {
        let toParis = Samples.specification(near: [.country("FR")])
        let inTokyo = Self.subject(at: "tokyo.test", toParis)
        let proposal = try #require(Self.propose([inTokyo], Samples.world).first)
        #expect(proposal.to == SiteID("paris.test"))
        #expect((proposal.gain.milliseconds ?? 0) > 100)
        let near = Audience(shares: [.init(place: .country("JP"), weight: 1)])
        #expect(Self.propose([Self.subject(at: "tokyo.test", near: near, toParis)], Samples.world).isEmpty)
    }

    @Test("Neither end is judged by old or doubtful knowledge")
    func doubtful() {
        let subjects = [Self.subject(at: "busy.test")]
        let busy = Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.9)
        let idle = Samples.candidate("idle.test")
        #expect(Self.propose(subjects, [busy, idle]).count == 1)
        var old = idle
        old.age = .seconds(30)
        #expect(Self.propose(subjects, [busy, old]).isEmpty)
        old = busy
        old.age = .seconds(30)
        #expect(Self.propose(subjects, [old, idle]).isEmpty)
        for reachability in [Reachability.suspect, .unreachable] {
            var silent = idle
            silent.reachability = reachability
            #expect(Self.propose(subjects, [busy, silent]).isEmpty)
            silent = busy
            silent.reachability = reachability
            #expect(Self.propose(subjects, [silent, idle]).isEmpty)
        }
        #expect(Self.propose([Self.subject(at: "gone.test")], [busy, idle]).isEmpty)
    }

    @Test("A hot site may be left and not gone to; one that is closed too")
    func hot() {
        var busy = Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.9)
        var idle = Samples.candidate("idle.test")
        let subjects = [Self.subject(at: "busy.test")]
        busy.description.capacity.heat = Heat(figure: .cpu, share: 1, seconds: 200)
        busy.description.policy = .closed
        #expect(Self.propose(subjects, [busy, idle]).count == 1)
        idle.description.capacity.heat = Heat(figure: .memory, share: 1, seconds: 200)
        #expect(Self.propose(subjects, [busy, idle]).isEmpty)
    }

    @Test("A workload that others are near to, beside or apart from does not break what they asked for")
    func neighbours() {
        let sites = [
            Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.9),
            Samples.candidate("idle.test"),
        ]
        let web = Self.subject(at: "busy.test")
        func proposals(_ specification: WorkloadSpecification, at site: String) -> Int {
            Self.propose(
                [web, Self.subject("other", at: site, seed: 2, specification, isMovable: false)], sites
            ).count
        }
        #expect(proposals(Samples.specification(), at: "busy.test") == 1)
        #expect(proposals(Samples.specification(near: [.workload("web")]), at: "busy.test") == 0)
        let beside = Samples.specification(constraints: [.beside(["web"])])
        #expect(proposals(beside, at: "busy.test") == 0)
        #expect(proposals(beside, at: "idle.test") == 1)
        let apart = Samples.specification(constraints: [.apart(["web"])])
        #expect(proposals(apart, at: "idle.test") == 0)
        #expect(proposals(apart, at: "gone.test") == 1)
        let within = Samples.specification(constraints: [.within("web", milliseconds: 10)])
        #expect(proposals(within, at: "gone.test") == 0)
    }

    @Test("A part of an application is known by the part's name, whichever version it is")
    func versions() throws {
        let sites = [
            Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.9),
            Samples.candidate("idle.test"),
        ]
        let application = try #require(ApplicationID("00000000-0000-4000-8000-000000000001"))
        var database = Samples.specification()
        database.part = PartReference(application: application, name: "shop", part: "db", generation: 2)
        let name = try #require(database.part).workloadName
        func proposals(_ constraint: Constraint, at site: String) -> Int {
            let other = Samples.specification(constraints: [constraint])
            return Self.propose(
                [
                    Self.subject("\(name)-g2", at: "busy.test", database),
                    Self.subject("shop-api", at: site, seed: 2, other, isMovable: false),
                ], sites
            ).count
        }
        #expect(proposals(.within(name, milliseconds: 10), at: "gone.test") == 0)
        #expect(proposals(.beside([name]), at: "busy.test") == 0)
        #expect(proposals(.apart([name]), at: "idle.test") == 0)
        #expect(proposals(.apart([name]), at: "gone.test") == 1)
        // One version may be meant as well, by its own name.
        #expect(proposals(.within("\(name)-g2", milliseconds: 10), at: "gone.test") == 0)
        #expect(proposals(.beside(["\(name)-g2"]), at: "busy.test") == 0)
        #expect(proposals(.apart(["\(name)-g2"]), at: "idle.test") == 0)
        #expect(proposals(.apart(["\(name)-g2"]), at: "gone.test") == 1)
        #expect(proposals(.apart(["\(name)-g3"]), at: "idle.test") == 1)
        // And the other way round: what it must be apart from.
        for (named, count) in [(name, 0), ("\(name)-g2", 0), ("\(name)-g3", 1)] {
            let apart = Samples.specification(constraints: [.apart([named])])
            #expect(
                Self.propose(
                    [
                        Self.subject("\(name)-g2", at: "idle.test", seed: 2, database, isMovable: false),
                        Self.subject("web", at: "busy.test", apart),
                    ], sites
                ).count == count)
        }
    }

    @Test("Every place that is compared counts against what one look may compare")
    func allowance() {
        let sites = (0..<10).map { Samples.candidate("s\($0).test", load: $0 < 5 ? 0.9 : 0) }
        let seats = (0..<5).map { ($0, RebalancingSubject.Seat(site: SiteID("s\($0).test"))) }
        let many = (1...3).map { number in
            RebalancingSubject(
                workload: Self.id(number), owner: "alice@paris.test", specification: Samples.specification(),
                placed: Dictionary(uniqueKeysWithValues: seats.map { ($1.site, 1) }),
                movable: Dictionary(uniqueKeysWithValues: seats))
        }
        for (comparisons, looked) in [(20, 1), (100, 1), (190, 1), (200, 2), (300, 3)] {
            let outcome = Rebalancer(
                rules: RebalancingRules(comparisons: comparisons), planning: PlanningRules()
            ).propose(for: many, over: PlacementSnapshot(candidates: sites))
            #expect(outcome.looked == looked, "\(comparisons)")
            #expect((outcome.last == nil) == (looked == 3))
        }
    }

    @Test("What is chosen counts for what comes after: two do not take the last place")
    func sequence() {
        let sites = [
            Samples.candidate("busy.test", free: Samples.resources(1, 2, 10), load: 0.95),
            Samples.candidate("idle.test", free: Samples.resources(1, 2, 10), load: 0),
        ]
        let subjects = (1...4).map { Self.subject("web\($0)", at: "busy.test", seed: $0) }
        #expect(Self.propose(subjects, sites).count == 1)
        #expect(Self.propose([], sites).isEmpty)
        #expect(Self.propose(subjects, []).isEmpty)
    }

    @Test("At most as many as asked for, and never more than the limit")
    func limits() {
        let sites = [
            Samples.candidate(
                "busy.test", free: Samples.resources(0, 0, 0), total: Samples.resources(100, 100, 100),
                load: 1),
            Samples.candidate(
                "idle.test", free: Samples.resources(100, 100, 100), total: Samples.resources(100, 100, 100)),
        ]
        let subjects = (1...40).map { Self.subject("web\($0)", at: "busy.test", seed: $0) }
        for moves in [0, 1, 3] {
            #expect(Self.propose(subjects, sites, rules: RebalancingRules(moves: moves)).count == moves)
        }
        #expect(
            Self.propose(subjects, sites, rules: RebalancingRules(moves: 1_000)).count
                == RebalancingRules.movesMax)
    }

    @Test("What cannot be compared at once has its turn in the next looks")
    func turns() throws {
        let sites = (0..<10).map { Samples.candidate("s\($0).test", load: $0 == 0 ? 0.9 : 0.8) }
        let world = PlacementSnapshot(candidates: sites)
        let subjects = (1...5).map { Self.subject("web\($0)", at: "s0.test", seed: $0) }
        let rebalancer = Rebalancer(
            rules: RebalancingRules(comparisons: 69), planning: PlanningRules())
        let order = subjects.map(\.workload).sorted()
        let first = rebalancer.propose(for: subjects, over: world)
        #expect(first.looked == 3 && first.last == order[2])
        let second = rebalancer.propose(for: subjects, over: world, after: first.last)
        #expect(second.looked == 3 && second.last == order[0])
    }

    @Test(
        "Carried out one after the other, moves end, break nothing, and none is undone",
        arguments: 0 as UInt64..<12)
    func settles(seed: UInt64) {
        var world = RebalancingWorld(seed: seed, sites: 8, workloads: 24)
        var moved: Set<String> = []
        var rounds = 0
        while rounds < 60 {
            rounds += 1
            let proposals = world.propose().proposals
            if proposals.isEmpty { break }
            #expect(proposals == world.propose().proposals)
            #expect(Set(proposals.map(\.workload)).count == proposals.count)
            for proposal in proposals {
                #expect(proposal.gain.points >= world.rules.minimumGain)
                #expect(!moved.contains("\(proposal.workloadName)-\(proposal.replica)"), "\(proposal.name)")
                let broken = world.carryOut(proposal)
                #expect(broken.isEmpty, "\(proposal.name)")
            }
            moved = Set(proposals.map { "\($0.workloadName)-\($0.replica)" })
        }
        #expect(rounds < 60, "it does not come to rest")
    }

    @Test("The order in which workloads and sites are known makes no difference", arguments: 0 as UInt64..<20)
    func isDeterministic(seed: UInt64) {
        let world = RebalancingWorld(seed: seed, sites: 6, workloads: 16)
        var generator = SeededGenerator(seed: seed)
        let rebalancer = Rebalancer(rules: world.rules, planning: PlanningRules())
        let shuffled = rebalancer.propose(
            for: world.subjects.shuffled(using: &generator),
            over: PlacementSnapshot(candidates: world.candidates.shuffled(using: &generator)))
        #expect(shuffled == world.propose())
    }
}
