import CloudModel
import Placement
import TestRandomness

/// Sites and workloads on them, whose figures follow each move as sites would report it.
struct RebalancingWorld {
    var generator: SeededGenerator
    private(set) var candidates: [Candidate]
    private(set) var subjects: [RebalancingSubject] = []
    let rules: RebalancingRules

    static let positions = [Samples.paris, Samples.tokyo, Samples.virginia, Samples.osaka, nil]

    /// Workloads that were put anywhere where they may be, as if by somebody who does not look at cost.
    init(seed: UInt64, sites: Int, workloads: Int, rules: RebalancingRules = RebalancingRules()) {
        var generator = SeededGenerator(seed: seed)
        self.rules = rules
        self.candidates = (0..<sites).map { number in
            var candidate = Samples.candidate(
                "s\(number).test", at: Self.positions[number % Self.positions.count],
                country: ["FR", "JP", "US", "JP", nil][number % 5],
                free: Samples.resources(16, 32, 100), total: Samples.resources(16, 32, 100))
            candidate.description.price = Price(
                currency: "EUR", microsPerVCPUHour: Int64.random(in: 1...9, using: &generator) * 10_000,
                microsPerGibibyteHour: 0)
            candidate.description.carbon = Carbon(
                gramsPerKilowattHour: Double.random(in: 0...700, using: &generator), wattsPerVCPU: 4)
            return candidate
        }
        self.generator = generator
        for number in 0..<workloads { self.add(number) }
        for index in self.candidates.indices where Int.random(in: 0..<8, using: &self.generator) == 0 {
            self.candidates[index].description.capacity.heat = Heat(figure: .cpu, share: 1, seconds: 200)
        }
    }

    var snapshot: PlacementSnapshot { PlacementSnapshot(candidates: self.candidates) }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self.generator)]
    }

    private mutating func add(_ number: Int) {
        let replicas = Int.random(in: 1...3, using: &self.generator)
        var specification = Samples.specification(
            replicas: replicas, near: self.pick([[], [.country("JP")], [.country("FR")]]),
            constraints: self.pick([
                [], [], [.country(["FR", "JP"])], [.priceAtMost(perHour: 0.06)], [.apart(["w0", "w1"])],
                [.beside(["w0"])], [.within("w1", milliseconds: 150)],
            ]), spread: self.pick([.pack, .atMostPerSite(1)]), resources: Samples.resources(1),
            objectives: self.pick([Objectives(), Objectives(price: 200, carbon: 1)]))
        specification.name = "w\(number)"
        var placed: [SiteID: Int] = [:]
        var movable: [Int: RebalancingSubject.Seat] = [:]
        for replica in 0..<replicas {
            let request = PlanRequest(
                specification: specification, replicas: [replica], placed: placed,
                neighbours: self.neighbours(of: specification))
            guard let sites = self.feasible(request), !sites.isEmpty else { return }
            let site = self.pick(sites)
            self.take(at: site, specification.resources)
            placed[site, default: 0] += 1
            movable[replica] = RebalancingSubject.Seat(site: site)
        }
        self.subjects.append(
            RebalancingSubject(
                workload: WorkloadID(randomUsing: &self.generator), owner: "alice@paris.test",
                specification: specification, placed: placed, movable: movable))
    }

    func neighbours(of specification: WorkloadSpecification) -> [String: [SiteID: Int]] {
        var neighbours: [String: [SiteID: Int]] = [:]
        for name in specification.namedWorkloads {
            neighbours[name] = self.subjects.first { $0.specification.name == name }?.placed
        }
        return neighbours
    }

    private func feasible(_ request: PlanRequest) -> [SiteID]? {
        do {
            return try Planner().plan(request, over: self.snapshot).verdicts.filter(\.isFeasible).map(\.site)
        } catch {
            return nil
        }
    }

    private mutating func take(at site: SiteID, _ resources: Resources, sign: Int = 1) {
        for index in self.candidates.indices where self.candidates[index].description.site == site {
            var capacity = self.candidates[index].description.capacity
            capacity.free = sign > 0 ? capacity.free - resources : capacity.free + resources
            capacity.largestFreeSlot = capacity.free
            capacity.load += Double(sign * resources.vcpus) / Double(capacity.total.vcpus)
            self.candidates[index].description.capacity = capacity
        }
    }

    // MARK: Moving

    func propose(after last: WorkloadID? = nil) -> Rebalancer.Outcome {
        Rebalancer(rules: self.rules, planning: PlanningRules()).propose(
            for: self.subjects, over: self.snapshot, after: last)
    }

    /// Carries a move out, as sites would report it; how many workloads have a constraint that is broken now, and was
    /// not before.
    mutating func carryOut(_ proposal: MoveProposal) -> [String] {
        let before = Set(self.broken)
        for index in self.subjects.indices where self.subjects[index].workload == proposal.workload {
            let old = self.subjects[index]
            var (placed, movable) = (old.placed, old.movable)
            placed[proposal.from] = placed[proposal.from].flatMap { $0 > 1 ? $0 - 1 : nil }
            placed[proposal.to, default: 0] += 1
            movable[proposal.replica] = RebalancingSubject.Seat(site: proposal.to)
            self.take(at: proposal.from, old.specification.resources, sign: -1)
            self.take(at: proposal.to, old.specification.resources)
            self.subjects[index] = RebalancingSubject(
                workload: old.workload, owner: old.owner, specification: old.specification, placed: placed,
                movable: movable)
        }
        return self.broken.filter { !before.contains($0) }
    }

    /// Workloads of which a replica is where the planner would not put it, were there room.
    private var broken: [String] {
        self.subjects.filter { subject in
            subject.placed.contains { site, count in
                var others = subject.placed
                others[site] = count > 1 ? count - 1 : nil
                let request = PlanRequest(
                    specification: subject.specification, replicas: [0], placed: others,
                    neighbours: self.neighbours(of: subject.specification))
                return self.breaks(request, at: site)
            }
        }.map(\.specification.name)
    }

    private func breaks(_ request: PlanRequest, at site: SiteID) -> Bool {
        do {
            let verdict = try Planner().plan(request, over: self.snapshot).verdicts.first { $0.site == site }
            return verdict?.objections.contains { $0.kind != .room && $0.kind != .hot } ?? true
        } catch {
            return true
        }
    }
}
