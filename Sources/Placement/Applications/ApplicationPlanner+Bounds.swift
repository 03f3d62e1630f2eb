package import CloudModel

/// Sites near parts that are bound to a part and do not move for it.
extension ApplicationPlanner {
    /// A plan in which every replica is near all that is bound to its part or, where there is none and there are
    /// several, one of them is near each.
    func plan(
        _ request: PlanRequest, keeping bounds: [PartBound], over snapshot: PlacementSnapshot,
        _ work: inout Int
    ) throws(SpecificationError) -> Plan {
        if bounds.isEmpty { return try self.planner.plan(request, over: snapshot) }
        let paths = PathKnowledge(snapshot, model: self.planner.rules.latency)
        let bounded = request.keeping(bounds, over: paths)
        work += snapshot.candidates.count * bounded.bounds.reduce(0) { $0 + $1.sites.count }
        let plan = try self.planner.plan(bounded, over: snapshot)
        guard !plan.isComplete, request.replicas.count > 1 else { return plan }
        return try self.divided(request, keeping: bounds, over: snapshot, paths, &work) ?? plan
    }

    /// The replicas one after the other, each near as much as it can be of what none before it is near; nil if that
    /// comes to nothing.
    private func divided(
        _ request: PlanRequest, keeping bounds: [PartBound], over snapshot: PlacementSnapshot,
        _ paths: PathKnowledge, _ work: inout Int
    ) throws(SpecificationError) -> Plan? {
        var rest = request
        var left = snapshot
        var plans: [Plan] = []
        while let replica = rest.replicas.first, work <= self.workLimit {
            let open = rest.keeping(bounds, over: paths).bounds
            if open.isEmpty {
                // All is near to one of those that have a site: the others may be anywhere.
                let plan = try self.count(rest, over: left, &work)
                return plan.isComplete ? Plan(joining: plans + [plan]) : nil
            }
            var one = rest
            one.replicas = [replica]
            let free = try self.count(one, over: left, &work)
            let candidates = free.verdicts.filter(\.isFeasible).map(\.site)
            one = one.keepingMost(of: open, among: candidates, over: paths)
            guard !one.bounds.isEmpty else { return nil }
            let plan = try self.count(one, over: left, &work)
            guard plan.isComplete else { return nil }
            plans.append(plan)
            left = Self.taken(from: left, [request.specification], [plan])
            for assignment in plan.assignments { rest.placed[assignment.site, default: 0] += 1 }
            rest.replicas.removeFirst()
        }
        let isKept = rest.replicas.isEmpty && rest.keeping(bounds, over: paths).bounds.isEmpty
        return isKept ? Plan(joining: plans) : nil
    }

    /// Plans, and counts what that takes.
    private func count(
        _ request: PlanRequest, over snapshot: PlacementSnapshot, _ work: inout Int
    ) throws(SpecificationError) -> Plan {
        let ways = request.bounds.reduce(0) { $0 + $1.sites.count }
        work += snapshot.candidates.count * (request.replicas.count + 1 + ways)
        return try self.planner.plan(request, over: snapshot)
    }

    /// Where `parts` could go, each by itself and one replica of it, as bounds on the part that it is bound to; none
    /// if it would take more than `openingLimit` looks at a site.
    package func openings(
        of parts: [(workload: WorkloadSpecification, milliseconds: Double)], over snapshot: PlacementSnapshot,
        neighbours: (WorkloadSpecification) -> [String: [SiteID: Int]]
    ) throws(SpecificationError) -> [PartBound] {
        guard parts.count * snapshot.candidates.count <= self.openingLimit else { return [] }
        var openings: [PartBound] = []
        for (workload, limit) in parts {
            var one = workload
            one.replicas = 1
            let plan = try self.planner.plan(
                PlanRequest(one, neighbours: neighbours(workload)), over: snapshot)
            openings.append(
                PartBound(
                    name: "\(workload.partName) (still to be placed)", milliseconds: limit,
                    sites: Set(plan.sitesButForDistance), reach: .nearest))
        }
        return openings
    }
}

extension Plan {
    /// Plans for replicas of one workload that were made one after the other; the verdict on a site that was taken is
    /// that of the plan which took it.
    fileprivate init(joining plans: [Plan]) {
        var verdicts: [SiteID: Verdict] = [:]
        for plan in plans {
            for verdict in plan.verdicts where verdict.replicas > 0 || verdicts[verdict.site] == nil {
                let others = verdicts[verdict.site]?.replicas ?? 0
                verdicts[verdict.site] = verdict
                verdicts[verdict.site]?.replicas += others
            }
        }
        self.init(
            workload: plans[0].workload, assignments: plans.flatMap(\.assignments),
            unassigned: plans.flatMap(\.unassigned),
            verdicts: verdicts.values.sorted { $0.precedes($1) })
    }
}
