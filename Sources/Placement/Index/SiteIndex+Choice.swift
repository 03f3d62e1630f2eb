package import CloudModel

extension SiteIndex {
    /// The best sites for the replicas of `request`, as the planner would choose them; nil if there is no site for one
    /// of them, which the planner can explain.
    ///
    /// With a `breadth` above one each site is drawn from that many of the best, up to `usualBreadth` only from those
    /// whose costs are close: after refusals this keeps coordinators that know the same from running after the same
    /// site.
    package mutating func choose(
        _ request: PlanRequest, breadth: Int = 1, now: Instant,
        using generator: inout some RandomNumberGenerator
    ) throws(SpecificationError) -> [Plan.Assignment]? {
        try request.specification.validate()
        self.withLedger { $0.expire(now: now) }
        self.admitArrivals()
        let request = request.resolved
        if let sites = self.onlySites(for: request) {
            let plan = try Planner(rules: self.rules).plan(request, over: self.snapshot(of: sites, now: now))
            return plan.isComplete ? plan.assignments : nil
        }
        let kind = Ranking.Kind(request, rules: self.rules)
        self.prepare(kind, now: now)
        var overrides = self.overrides(for: request)
        // Taken out while it is changed: otherwise each change would copy it.
        guard var ranking = self.rankings.removeValue(forKey: kind) else { return nil }
        let limit = ReplicaLimit(request.specification)
        for (index, override) in overrides {
            ranking.look(at: index, self.register, override, limit: limit)
        }
        var assignments: [Plan.Assignment] = []
        for replica in request.replicas {
            guard
                let index = self.draw(
                    from: &ranking, &overrides, breadth: breadth, limit: limit, using: &generator)
            else { break }
            var override = overrides[index] ?? self.original(index)
            override.figures.take(request.specification.resources)
            override.replicas += 1
            overrides[index] = override
            ranking.look(at: index, self.register, override, limit: limit)
            assignments.append(
                Plan.Assignment(replica: replica, site: self.register.entries[index].description.site))
        }
        for index in overrides.keys { ranking.look(at: index, self.register) }
        self.rankings[kind] = ranking
        return assignments.count == request.replicas.count ? assignments : nil
    }

    /// Among how many sites to choose a replica's next one when `refusals` sites have turned it away.
    ///
    /// One or two refusals say little: the next is chosen as ever, among `usual`. More say that what is known of the
    /// whole neighbourhood is out of date: the choice then doubles with each, so that a chain of refusals ends soon.
    package static func breadth(after refusals: Int, usual: Int) -> Int {
        refusals <= 2 ? usual : max(usual, self.usualBreadth << min(refusals - 2, 6))
    }

    /// Among how many sites is drawn after refusals of late.
    package static let usualBreadth = 8

    /// One of the `breadth` best sites, all as willing as the best one and hardly dearer.
    private func draw(
        from ranking: inout Ranking, _ overrides: inout [Int: Ranking.Override], breadth: Int,
        limit: ReplicaLimit,
        using generator: inout some RandomNumberGenerator
    ) -> Int? {
        guard let best = ranking.best(self.register, overrides, limit: limit) else { return nil }
        guard breadth > 1 else { return best.index }
        let isFar = breadth > Self.usualBreadth
        let dearest = isFar ? .infinity : best.key.cost + self.rules.drawTolerance * best.key.cost.magnitude
        var drawn = [best.index]
        var setAside: [(Int, Ranking.Override?)] = []
        while drawn.count < breadth, let last = drawn.last {
            setAside.append((last, overrides[last]))
            var override = overrides[last] ?? self.original(last)
            override.isOut = true
            overrides[last] = override
            ranking.look(at: last, self.register, override, limit: limit)
            guard let next = ranking.best(self.register, overrides, limit: limit),
                next.key.rank == best.key.rank, next.key.cost <= dearest
            else { break }
            drawn.append(next.index)
        }
        for (index, override) in setAside {
            overrides[index] = override
            ranking.look(at: index, self.register, override, limit: limit)
        }
        return drawn.randomElement(using: &generator)
    }

    private func original(_ index: Int) -> Ranking.Override {
        Ranking.Override(figures: self.register.figures[index], replicas: 0, isOut: false)
    }

    /// What the request itself makes of sites: where replicas are already, and which are out.
    private func overrides(for request: PlanRequest) -> [Int: Ranking.Override] {
        var overrides: [Int: Ranking.Override] = [:]
        for (site, replicas) in request.placed {
            guard let index = self.register.index(of: site) else { continue }
            overrides[index] = Ranking.Override(
                figures: self.register.figures[index], replicas: replicas, isOut: false)
        }
        for site in request.outSites {
            guard let index = self.register.index(of: site) else { continue }
            overrides[index, default: self.original(index)].isOut = true
        }
        return overrides
    }
}

extension Ranking.Kind {
    init(_ request: PlanRequest, rules: PlanningRules) {
        self.init(
            terms: CostTerms(request.specification, rules: rules), audience: request.specification.audience,
            constraints: request.specification.constraints.filter { constraint in
                switch constraint {
                case .country, .region, .label, .feature, .hypervisor, .latencyAtMost, .priceAtMost,
                    .carbonAtMost:
                    true
                case .only, .avoid, .beside, .apart, .within: false
                }
            })
    }
}

extension SiteIndex {
    /// The sites to which constraints and bounds confine the choice by name; nil if they do not.
    private func onlySites(for request: PlanRequest) -> Set<SiteID>? {
        // The planner looks at the rest.
        if let site = request.confinedTo { return [site] }
        var sites: Set<SiteID>?
        for bound in request.bounds {
            let near = self.sites(keeping: bound)
            sites = sites.map { $0.intersection(near) } ?? near
        }
        for constraint in request.specification.constraints {
            let named: Set<SiteID>
            switch constraint {
            case .only(let only): named = Set(only)
            case .beside(let names): named = Set(names.flatMap { (request.neighbours[$0] ?? [:]).keys })
            case .within(let name, let limit):
                named = self.sites(within: limit, ofNearestOf: (request.neighbours[name] ?? [:]).keys)
            case .country, .region, .label, .feature, .hypervisor, .avoid, .latencyAtMost, .priceAtMost,
                .carbonAtMost, .apart:
                continue
            }
            sites = sites.map { $0.intersection(named) } ?? named
        }
        return sites
    }
}

extension PlanRequest {
    /// The sites that the request or its constraints rule out by name.
    fileprivate var outSites: Set<SiteID> {
        var sites = Set(self.excluded.keys)
        for constraint in self.specification.constraints {
            switch constraint {
            case .avoid(let avoid): sites.formUnion(avoid)
            case .apart(let names): sites.formUnion(names.flatMap { (self.neighbours[$0] ?? [:]).keys })
            case .country, .region, .label, .feature, .hypervisor, .only, .latencyAtMost, .priceAtMost,
                .carbonAtMost, .beside, .within:
                break
            }
        }
        return sites
    }
}
