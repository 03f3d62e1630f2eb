import CloudModel

/// Finds sites for replicas: filters, adds up costs, assigns, and keeps the reasons.
///
/// A planner only proposes. Whether there is room is decided by the site when the reservation reaches it. Where no
/// reasons are asked for, a `SiteIndex` gives the same answer without looking at every site.
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
        let request = request.resolved
        let terms = CostTerms(request.specification, rules: self.rules)
        let paths = PathKnowledge(snapshot, model: self.rules.latency)
        let predictor = LatencyPredictor(
            audience: request.specification.audience, positions: paths.positions,
            roundTrips: snapshot.roundTrips, model: self.rules.latency)
        let candidates = snapshot.candidates.sorted { $0.description.site < $1.description.site }
        let originals = candidates.map { candidate in
            let description = candidate.description
            return SiteView(
                candidate,
                latency: predictor.predict(for: description.site, at: description.position),
                placed: request.placed[description.site] ?? 0, terms: terms, rules: self.rules)
        }
        let objections = originals.map { self.objections(to: $0, for: request, over: paths) }
        var views = originals
        let choices = self.assign(
            request, terms, feasible: objections.indices.filter { objections[$0].isEmpty }, views: &views)

        let verdicts = originals.indices.map { index in
            let isFeasible = objections[index].isEmpty
            return Verdict(
                originals[index], objections: objections[index],
                cost: isFeasible ? self.cost(originals[index], terms) : nil,
                target: request.specification.audience.target, currency: self.rules.currency,
                hostLimit: ReplicaLimit(request.specification).hostLimit(
                    hosts: originals[index].figures.hosts),
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
    private func assign(
        _ request: PlanRequest, _ terms: CostTerms, feasible: [Int], views: inout [SiteView]
    ) -> [Int?] {
        let scale = FreshnessScale(self.rules)
        let limit = ReplicaLimit(request.specification)
        return request.replicas.map { _ in
            var best: (index: Int, isSuspect: Bool, cost: Double)?
            for index in feasible
            where views[index].figures.hasRoom(for: terms.resources)
                && limit.allowsMore(than: views[index].replicas, hosts: views[index].figures.hosts)
            {
                let view = views[index]
                let cost = terms.total(
                    view.standing.sum, view.figures,
                    freshness: scale.freshness(ageMilliseconds: view.ageMilliseconds))
                let isBetter = best.map { view.isSuspect == $0.isSuspect ? cost < $0.cost : $0.isSuspect }
                if isBetter ?? true { best = (index, view.isSuspect, cost) }
            }
            guard let best else { return nil }
            views[best.index].take(terms.resources)
            return best.index
        }
    }

    private func cost(_ view: SiteView, _ terms: CostTerms) -> Cost {
        let freshness = FreshnessScale(self.rules).freshness(ageMilliseconds: view.ageMilliseconds)
        return terms.cost(view.standing, view.figures, freshness: freshness)
    }
}
