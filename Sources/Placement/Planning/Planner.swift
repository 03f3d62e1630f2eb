import CloudModel

/// Finds sites for replicas: filters, scores, assigns, and keeps the reasons.
///
/// A planner only proposes. Whether there is room is decided by the site when the reservation reaches it.
package struct Planner: Sendable {
    package let rules: PlanningRules

    package init(rules: PlanningRules = PlanningRules()) {
        self.rules = rules
    }

    /// The best sites for the replicas of `request`, one after the other, each counting what those before it take.
    ///
    /// Throws if the request is absurd; that no site is good enough is a plan, not an error.
    package func plan(
        _ request: PlanRequest, over snapshot: PlacementSnapshot
    ) throws(SpecificationError) -> Plan {
        try request.specification.validate()
        let predictor = LatencyPredictor(
            audience: request.specification.audience, positions: snapshot.positions,
            roundTrips: snapshot.roundTrips, model: self.rules.latency)
        let candidates = snapshot.candidates.sorted { $0.description.site < $1.description.site }
        var views = candidates.map { candidate in
            let description = candidate.description
            return SiteView(
                candidate,
                latency: predictor.predict(for: description.site, at: description.position),
                placed: request.placed[description.site] ?? 0)
        }
        let objections = views.map { self.objections(to: $0, for: request) }
        let scores = zip(views, objections).map { view, objections in
            objections.isEmpty ? self.score(view, for: request.specification) : nil
        }
        let choices = self.assign(
            request, feasible: objections.indices.filter { objections[$0].isEmpty }, views: &views)

        var verdicts: [Verdict] = []
        for (index, candidate) in candidates.enumerated() {
            let original = SiteView(candidate, latency: views[index].latency, placed: 0)
            verdicts.append(
                Verdict(
                    site: original.site, name: candidate.description.name, objections: objections[index],
                    score: scores[index], latency: original.latency, load: original.load,
                    free: original.free, largestFreeSlot: original.slot,
                    ageMilliseconds: candidate.age.wholeMilliseconds,
                    replicas: choices.count { $0 == index }))
        }
        verdicts.sort { lhs, rhs in
            (rhs.isFeasible ? 1 : 0, -(lhs.score?.total ?? 0), lhs.site)
                < (lhs.isFeasible ? 1 : 0, -(rhs.score?.total ?? 0), rhs.site)
        }
        return Plan(
            workload: request.specification.name,
            assignments: zip(request.replicas, choices).compactMap { replica, choice in
                choice.map { Plan.Assignment(replica: replica, site: candidates[$0].description.site) }
            },
            unassigned: zip(request.replicas, choices).filter { $1 == nil }.map(\.0), verdicts: verdicts)
    }

    /// For each replica the index of its view, nil where there is none with room.
    private func assign(_ request: PlanRequest, feasible: [Int], views: inout [SiteView]) -> [Int?] {
        let specification = request.specification
        return request.replicas.map { _ in
            var best: (index: Int, score: Double)?
            for index in feasible
            where views[index].hasRoom(for: specification.resources)
                && views[index].replicas < specification.spread.limit
            {
                let score = self.score(views[index], for: specification).total
                if best.map({ score > $0.score }) ?? true { best = (index, score) }
            }
            guard let best else { return nil }
            views[best.index].take(specification.resources)
            return best.index
        }
    }

    private func score(_ view: SiteView, for specification: WorkloadSpecification) -> Score {
        Score(
            latency: view.latency.map { self.rules.latencyScore(milliseconds: $0.pessimisticMilliseconds) },
            load: 1 - view.load, room: view.roomLeft(after: specification.resources),
            freshness: self.rules.freshness(atAge: view.age), objectives: specification.objectives)
    }
}

extension Spread {
    /// How many replicas one site may have.
    var limit: Int {
        switch self {
        case .pack: .max
        case .atMostPerSite(let limit): limit
        }
    }
}
