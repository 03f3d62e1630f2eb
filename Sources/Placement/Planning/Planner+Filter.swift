import CloudModel

extension Planner {
    /// Everything that speaks against the site, in a fixed order; empty if it could take a replica.
    func objections(to view: SiteView, for request: PlanRequest) -> [Objection] {
        var objections: [Objection] = []
        if let reason = request.excluded[view.site] { objections.append(Objection(.refused, reason)) }
        objections += self.standing(of: view)
        for constraint in request.specification.constraints {
            if let objection = self.objection(to: view, under: constraint) { objections.append(objection) }
        }
        if view.candidate.isCredible,
            let objection = self.roomObjection(to: view, for: request.specification.resources)
        {
            objections.append(objection)
        }
        let limit = request.specification.spread.limit
        if view.replicas >= limit {
            objections.append(Objection(.spread, "already has \(limit) of the replicas, the most allowed"))
        }
        return objections
    }

    /// Whether the site takes new work at all, whatever it is.
    private func standing(of view: SiteView) -> [Objection] {
        var objections: [Objection] = []
        let description = view.candidate.description
        switch description.policy {
        case .open: break
        case .draining: objections.append(Objection(.policy, "takes no new work (draining)"))
        case .closed: objections.append(Objection(.policy, "takes no new work (closed)"))
        }
        if view.candidate.reachability == .unreachable { objections.append(.unanswering) }
        if view.age > self.rules.uselessAfter {
            let seconds = view.age.wholeMilliseconds / 1_000
            objections.append(Objection(.stale, "last heard of \(seconds) s ago"))
        }
        if !view.candidate.isCredible {
            objections.append(Objection(.report, "reports figures that make no sense"))
        }
        return objections
    }

    /// What speaks against a site that is known by name only.
    func objections(to site: UnheardSite, for request: PlanRequest) -> [Objection] {
        var objections: [Objection] = []
        if let reason = request.excluded[site.site] { objections.append(Objection(.refused, reason)) }
        objections.append(Objection(.unheard, "nothing heard of it yet"))
        if site.reachability == .unreachable { objections.append(.unanswering) }
        return objections
    }

    private func objection(to view: SiteView, under constraint: Constraint) -> Objection? {
        let description = view.candidate.description
        switch constraint {
        case .country(let countries):
            if let country = description.country, countries.contains(country) { return nil }
            let wanted = countries.joined(separator: " or ")
            return Objection(.country, "is in \(description.country ?? "no stated country"), not \(wanted)")
        case .label(let name, let value):
            guard description.labels[name] != value else { return nil }
            let found = description.labels[name].map { "is \($0)" } ?? "is not set"
            return Objection(.label, "label \(name) \(found), not \(value)")
        case .hypervisor(let wanted):
            guard !description.hypervisors.contains(wanted) else { return nil }
            return Objection(.hypervisor, "has no \(wanted) hypervisor")
        case .only(let sites):
            guard !sites.contains(view.site) else { return nil }
            return Objection(.only, "is not among the sites asked for")
        case .avoid(let sites):
            guard sites.contains(view.site) else { return nil }
            return Objection(.avoid, "is to be avoided")
        case .latencyAtMost(let limit):
            return self.latencyObjection(to: view, limit: limit)
        }
    }

    private func latencyObjection(to view: SiteView, limit: Double) -> Objection? {
        let limitText = "\(Int(limit.rounded())) ms"
        guard let latency = view.latency, let milliseconds = latency.milliseconds else {
            return Objection(.latency, "latency to the users is unknown, at most \(limitText) is asked")
        }
        guard milliseconds > limit else { return nil }
        return Objection(.latency, "\(latency.text) to the users is over the \(limitText) asked")
    }

    /// What the site lacks for one replica.
    private func roomObjection(to view: SiteView, for request: Resources) -> Objection? {
        guard !view.hasRoom(for: request) else { return nil }
        let short = view.slot.shortfalls(for: request).joined(separator: ", ")
        return Objection(.room, "no room: too little \(short) for \(request); largest free: \(view.slot)")
    }
}

extension Objection {
    fileprivate static var unanswering: Objection { Objection(.unreachable, "does not answer") }
}
