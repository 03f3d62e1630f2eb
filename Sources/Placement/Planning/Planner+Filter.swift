import CloudModel

extension Planner {
    /// Everything that speaks against the site, in a fixed order; empty if it could take a replica.
    func objections(
        to view: SiteView, for request: PlanRequest, over paths: PathKnowledge
    ) -> [Objection] {
        var objections: [Objection] = []
        if let reason = request.exclusion(of: view.site) { objections.append(Objection(.refused, reason)) }
        objections += self.standing(of: view)
        let check = ConstraintCheck(
            rules: self.rules, resources: request.specification.resources, neighbours: request.neighbours,
            paths: paths)
        for constraint in request.specification.constraints {
            if let objection = check.objection(to: view, under: constraint) { objections.append(objection) }
        }
        objections += request.bounds.compactMap { bound in
            bound.objection(to: view.site, at: view.candidate.description.position, over: paths)
        }
        if view.figures.isCredible,
            let objection = self.roomObjection(to: view, for: request.specification.resources)
        {
            objections.append(objection)
        }
        let limit = ReplicaLimit(request.specification)
        if let objection = limit.objection(to: view.replicas, hosts: view.figures.hosts) {
            objections.append(objection)
        }
        return objections
    }

    /// Whether the site takes new work at all, whatever it is.
    private func standing(of view: SiteView) -> [Objection] {
        var objections: [Objection] = []
        switch view.candidate.description.policy {
        case .open: break
        case .draining: objections.append(Objection(.policy, "takes no new work (draining)"))
        case .closed: objections.append(Objection(.policy, "takes no new work (closed)"))
        }
        if let heat = view.candidate.description.capacity.heat {
            objections.append(Objection(.hot, heat.text))
        }
        if view.candidate.reachability == .unreachable { objections.append(.unanswering) }
        if FreshnessScale(self.rules).isUseless(ageMilliseconds: view.ageMilliseconds) {
            objections.append(Objection(.stale, "last heard of \(view.ageMilliseconds / 1_000) s ago"))
        }
        if !view.figures.isCredible {
            objections.append(Objection(.report, "reports figures that make no sense"))
        }
        return objections
    }

    /// What speaks against a site that is known by name only.
    func objections(to site: UnheardSite, for request: PlanRequest) -> [Objection] {
        var objections: [Objection] = []
        if let reason = request.exclusion(of: site.site) { objections.append(Objection(.refused, reason)) }
        objections.append(Objection(.unheard, "nothing heard of it yet"))
        if site.reachability == .unreachable { objections.append(.unanswering) }
        return objections
    }

    /// What the site lacks for one replica.
    private func roomObjection(to view: SiteView, for request: Resources) -> Objection? {
        guard !view.figures.hasRoom(for: request) else { return nil }
        let slot = view.figures.slot
        let short = slot.shortfalls(for: request).joined(separator: ", ")
        return Objection(.room, "no room: too little \(short) for \(request); most free on a host: \(slot)")
    }
}

extension Objection {
    fileprivate static var unanswering: Objection { Objection(.unreachable, "does not answer") }
}
