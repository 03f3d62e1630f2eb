package import CloudModel

/// Finds sites for several workloads so that the bounds between them hold.
///
/// Each comes after those that it is bound to, which take the sites that are best for themselves. Where that leaves
/// none for a later one, the latest of those that it refers to is asked for another site, and so back (backjumping
/// over conflicts). It only proposes, like `Planner`.
package struct ApplicationPlanner: Sendable {
    /// Plans made before it is given up; then what was first in the way is told.
    package static let tryLimit = 200

    let planner: Planner
    /// Sites times replicas that are looked at before it is given up.
    let workLimit: Int
    /// Sites times parts that are looked at, at once, for where parts still to be placed could go.
    let openingLimit: Int

    package init(_ planner: Planner, workLimit: Int = 4_000_000, openingLimit: Int = 20_000) {
        self.planner = planner
        self.workLimit = workLimit
        self.openingLimit = openingLimit
    }

    /// A plan for each workload, in this order; the last one is not complete if no way was found for all of them.
    ///
    /// Where other workloads are that these refer to is in `neighbours`, by name; `near` says, by the name of each
    /// part, how near it must be to such as do not move for it, and `barred` where it cannot go, and why. Once
    /// `isOver` says so nothing more is looked for, and what there is of the plans is of no use.
    package func plan(
        _ workloads: [WorkloadSpecification], near: [String: [String: Double]] = [:],
        barred: [String: [SiteID: String]] = [:], over snapshot: PlacementSnapshot,
        neighbours: [String: [SiteID: Int]], unless isOver: () -> Bool = { false }
    ) throws(SpecificationError) -> [Plan] {
        var search = Search(count: workloads.count)
        var plans: [Plan] = []
        var firstFailure: [Plan] = []
        var work = 0
        for _ in 0..<Self.tryLimit where plans.count < workloads.count {
            if isOver() { return plans }
            let index = plans.count
            work += snapshot.candidates.count * (workloads[index].replicas + 1)
            // What was asked for is planned once at any rate, as each part by itself would be.
            guard firstFailure.isEmpty || work <= self.workLimit else { return firstFailure }
            var request = PlanRequest(
                workloads[index], neighbours: Self.neighbours(neighbours, workloads, plans))
            request.excluded = search.excluded[index]
            request.excluded.merge(barred[workloads[index].partName] ?? [:]) { own, _ in own }
            let bounds = (near[workloads[index].partName] ?? [:]).map { name, limit in
                PartBound(name: name, milliseconds: limit, sites: Set((neighbours[name] ?? [:]).keys))
            }
            let plan = try self.plan(
                request, keeping: bounds, over: Self.taken(from: snapshot, workloads, plans), &work)
            if plan.isComplete {
                plans.append(plan)
                continue
            }
            if firstFailure.isEmpty { firstFailure = plans + [plan] }
            let names = workloads[index].namedWorkloads
            let culprits = (0..<index).filter { names.contains(workloads[$0].partName) }
            guard let back = search.jump(from: index, culprits: culprits) else { return firstFailure }
            let bound = workloads[index].bound(to: workloads[back].partName)
            for site in self.barred(plans[back], for: plan, within: bound, over: snapshot) {
                search.excluded[back][site] = "leaves no site for \(workloads[index].partName)"
            }
            plans.removeSubrange(back...)
        }
        return plans.count == workloads.count ? plans : firstFailure
    }

    /// Pairs of sites that are compared to rule out more than one site at a time.
    private static let pairLimit = 200_000

    /// The sites that a workload has to do without after `failed` found none: of several the one chosen last, as the
    /// others may do beside another one; of one alone also those from which none of the sites that the failed one could
    /// take is within the bound.
    private func barred(
        _ plan: Plan, for failed: Plan, within bound: Double?, over snapshot: PlacementSnapshot
    ) -> Set<SiteID> {
        guard let last = plan.assignments.last?.site else { return [] }
        guard let bound, plan.assignments.allSatisfy({ $0.site == last }) else { return [last] }
        let reachable = failed.sitesButForDistance
        guard reachable.count * snapshot.candidates.count <= Self.pairLimit else { return [last] }
        let paths = PathKnowledge(snapshot, model: self.planner.rules.latency)
        let hopeless = snapshot.candidates.map(\.description.site).filter { site in
            !paths.isWithin(bound, from: reachable, to: site)
        }
        return Set(hopeless + [last])
    }

    /// Which sites are out for which workload, and who has a part in that.
    private struct Search {
        var excluded: [[SiteID: String]]
        private var conflicts: [Set<Int>]

        init(count: Int) {
            self.excluded = Array(repeating: [:], count: count)
            self.conflicts = Array(repeating: [], count: count)
        }

        /// The workload that is to look for another site; nil if none can help.
        mutating func jump(from index: Int, culprits: [Int]) -> Int? {
            let all = self.conflicts[index].union(culprits)
            guard let back = all.max() else { return nil }
            self.conflicts[back].formUnion(all.subtracting([back]))
            for later in self.excluded.indices where later > back {
                self.excluded[later] = [:]
                self.conflicts[later] = []
            }
            return back
        }
    }

    private static func neighbours(
        _ known: [String: [SiteID: Int]], _ workloads: [WorkloadSpecification], _ plans: [Plan]
    ) -> [String: [SiteID: Int]] {
        var neighbours = known
        for (workload, plan) in zip(workloads, plans) {
            neighbours[workload.partName] = plan.assignments.reduce(into: [:]) {
                $0[$1.site, default: 0] += 1
            }
        }
        return neighbours
    }

    /// The snapshot with what the plans so far take.
    static func taken(
        from snapshot: PlacementSnapshot, _ workloads: [WorkloadSpecification], _ plans: [Plan]
    ) -> PlacementSnapshot {
        var pending: [SiteID: Resources] = [:]
        for (workload, plan) in zip(workloads, plans) {
            for assignment in plan.assignments {
                pending[assignment.site] = pending[assignment.site, default: .zero] + workload.resources
            }
        }
        guard !pending.isEmpty else { return snapshot }
        var snapshot = snapshot
        for index in snapshot.candidates.indices {
            guard let taken = pending[snapshot.candidates[index].description.site] else { continue }
            snapshot.candidates[index].pending = snapshot.candidates[index].pending + taken
        }
        return snapshot
    }
}

extension WorkloadSpecification {
    /// The longest round trip that is allowed to another workload, in milliseconds; nil for any.
    package func bound(to name: String) -> Double? {
        self.constraints.compactMap { constraint in
            if case .within(name, let limit) = constraint { limit } else { nil }
        }.min()
    }

    /// What others call it: as a part, the part's name, whichever workload is that part at the moment.
    package var partName: String { self.part?.workloadName ?? self.name }
}
