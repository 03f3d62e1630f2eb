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

        let verdicts = candidates.indices.map { index in
            let original = SiteView(candidates[index], latency: views[index].latency, placed: 0)
            return Verdict(
                original, objections: objections[index], score: scores[index],
                replicas: choices.count { $0 == index })
        }
        let unheard = snapshot.unheard.map { site in
            Verdict(
                site, objections: self.objections(to: site, for: request),
                latency: predictor.predict(for: site.site, at: nil))
        }
        return Plan(
            workload: request.specification.name,
            assignments: zip(request.replicas, choices).compactMap { replica, choice in
                choice.map { Plan.Assignment(replica: replica, site: candidates[$0].description.site) }
            },
            unassigned: zip(request.replicas, choices).filter { $1 == nil }.map(\.0),
            verdicts: (verdicts + unheard).sorted { $0.precedes($1) })
    }

    /// For each replica the index of its view, nil where there is none with room; suspect sites come last.
    private func assign(_ request: PlanRequest, feasible: [Int], views: inout [SiteView]) -> [Int?] {
        let specification = request.specification
        return request.replicas.map { _ in
            var best: (index: Int, isSuspect: Bool, score: Double)?
            for index in feasible
            where views[index].hasRoom(for: specification.resources)
                && views[index].replicas < specification.spread.limit
            {
                let (isSuspect, score) = (
                    views[index].isSuspect, self.score(views[index], for: specification).total
                )
                let isBetter =
                    best.map { isSuspect == $0.isSuspect ? score > $0.score : $0.isSuspect } ?? true
                if isBetter { best = (index, isSuspect, score) }
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
