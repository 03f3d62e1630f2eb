package import CloudModel

/// All that a coordinator knows of the sites, kept so that the best one is found without looking at each.
///
/// Reports, grants, refusals and round trips change it one site at a time. For each kind of request (audience,
/// objectives, size, constraints) it keeps the sites ranked by cost; a decision costs about as many steps as the
/// ranking is high, whatever the number of sites, plus one step for each site that changed since that ranking was last
/// used. It chooses what `Planner` would choose over the same knowledge; the reasons are the planner's to give.
package struct SiteIndex: Sendable {
    /// Sites times rankings kept at once, at 26 bytes each; the rankings unused for the longest are made anew when
    /// they are needed again.
    package static let cellLimit = 2_000_000
    /// Rankings kept at once, however few the sites.
    package static let rankingLimit = 512

    package let rules: PlanningRules
    let scale: FreshnessScale
    private(set) var register = SiteRegister([], ledger: GrantLedger())
    /// What this coordinator was granted since the sites' reports.
    private(set) var ledger = GrantLedger()
    private var paths: PathKnowledge
    private var landmarks: [SiteID: Position] = [:]
    private var unheard: [UnheardSite] = []
    private var log = ChangeLog(sites: 0)
    private var columns = LatencyColumns()
    var rankings: [Ranking.Kind: Ranking] = [:]
    private var lastUses: [Ranking.Kind: Int] = [:]
    private var uses = 0
    /// Sites that came and are not in the register yet, and those that went.
    private var arrivals: [SiteID: SiteRegister.Entry] = [:]
    private var departures: Set<SiteID> = []

    package init(rules: PlanningRules = PlanningRules()) {
        self.rules = rules
        self.scale = FreshnessScale(rules)
        self.paths = PathKnowledge(model: rules.latency)
    }

    // MARK: What is known

    /// Takes what a site says about itself, received now or earlier.
    package mutating func update(
        _ description: SiteDescription, received: Instant, reachability: Reachability
    ) {
        let site = description.site
        let entry = SiteRegister.Entry(
            description: description, received: received, reachability: reachability)
        self.ledger.reported(description, received: received)
        self.departures.remove(site)
        guard self.arrivals[site] == nil, let index = self.register.index(of: site) else {
            self.arrivals[site] = entry
            return
        }
        let before = self.register.entries[index]
        self.register.replace(index, by: entry)
        self.register.assess(index, ledger: self.ledger)
        if before.description.position != description.position {
            self.place(site, at: description.position)
        } else {
            self.log.note(index, isLasting: !before.description.isLastingly(like: description))
        }
    }

    /// Forgets a site.
    package mutating func remove(_ site: SiteID) {
        if self.arrivals.removeValue(forKey: site) != nil { return }
        if self.register.index(of: site) != nil { self.departures.insert(site) }
    }

    /// Takes a measured round trip, in milliseconds.
    package mutating func record(_ milliseconds: Double, between one: SiteID, and other: SiteID) {
        guard self.paths.roundTrips.between(one, other) != milliseconds else { return }
        self.paths.roundTrips.record(milliseconds, between: one, and: other)
        self.note([one, other])
    }

    /// Takes all that is known at once; sites that are not named are forgotten.
    package mutating func replace(
        sites: [(description: SiteDescription, received: Instant, reachability: Reachability)],
        unheard: [UnheardSite], roundTrips: RoundTrips, landmarks: [SiteID: Position]
    ) {
        var named: Set<SiteID> = []
        for site in sites {
            named.insert(site.description.site)
            if self.isKnown(site.description, received: site.received, reachability: site.reachability) {
                continue
            }
            self.update(site.description, received: site.received, reachability: site.reachability)
        }
        for entry in self.register.entries where !named.contains(entry.description.site) {
            self.remove(entry.description.site)
        }
        for site in self.arrivals.keys where !named.contains(site) { self.arrivals[site] = nil }
        self.unheard = unheard
        let changed = roundTrips.sites(differingFrom: self.paths.roundTrips)
        self.paths.roundTrips = roundTrips
        self.note(changed)
        if landmarks != self.landmarks {
            self.landmarks = landmarks
            self.locate()
        }
    }

    /// Changes what counts of this coordinator's own requests.
    package mutating func withLedger<Result>(_ change: (inout GrantLedger) -> Result) -> Result {
        let result = change(&self.ledger)
        if let changed = self.ledger.takeChanges() {
            for site in changed {
                guard let index = self.register.index(of: site) else { continue }
                self.register.assess(index, ledger: self.ledger)
                self.log.note(index, isLasting: false)
            }
        } else {
            for index in 0..<self.register.count { self.register.assess(index, ledger: self.ledger) }
            self.rankings = [:]
        }
        return result
    }

    /// The same knowledge for the planner, which explains.
    package mutating func snapshot(now: Instant) -> PlacementSnapshot {
        self.withLedger { $0.expire(now: now) }
        self.admitArrivals()
        return PlacementSnapshot(
            candidates: self.register.entries.map { self.candidate($0, now: now) }, unheard: self.unheard,
            roundTrips: self.paths.roundTrips, landmarks: self.landmarks)
    }

    /// What round trips between sites are predicted from.
    package mutating func knownPaths() -> PathKnowledge {
        self.admitArrivals()
        return self.paths
    }

    /// The knowledge of these sites alone; the positions of all still serve as references.
    func snapshot(of sites: Set<SiteID>, now: Instant) -> PlacementSnapshot {
        let indices = sites.compactMap { self.register.index(of: $0) }
        return PlacementSnapshot(
            candidates: indices.map { self.candidate(self.register.entries[$0], now: now) },
            roundTrips: self.paths.roundTrips, landmarks: self.paths.positions)
    }

    /// The sites from which the round trip to the nearest of `others` is at most `milliseconds`.
    func sites(within milliseconds: Double, ofNearestOf others: some Collection<SiteID>) -> Set<SiteID> {
        let near = self.register.entries.filter { entry in
            let path = self.paths.path(
                from: entry.description.site, at: entry.description.position, toNearestOf: others)
            return path?.milliseconds.map { $0 <= milliseconds } ?? false
        }
        return Set(near.map(\.description.site))
    }

    /// The sites that are near enough for `bound`.
    func sites(keeping bound: PartBound) -> Set<SiteID> {
        let near = self.register.entries.map(\.description).filter { description in
            bound.isKept(by: description.site, at: description.position, over: self.paths)
        }
        return Set(near.map(\.site))
    }

    private func candidate(_ entry: SiteRegister.Entry, now: Instant) -> Candidate {
        self.ledger.candidate(
            entry.description, received: entry.received, reachability: entry.reachability, now: now)
    }

    private func isKnown(
        _ description: SiteDescription, received: Instant, reachability: Reachability
    ) -> Bool {
        guard !self.departures.contains(description.site),
            let index = self.register.index(of: description.site)
        else { return false }
        let entry = self.register.entries[index]
        return entry.received == received && entry.reachability == reachability
            && entry.description == description
    }

    private mutating func note(_ sites: [SiteID]) {
        for site in sites {
            if let index = self.register.index(of: site) { self.log.note(index, isLasting: true) }
        }
    }

    private mutating func place(_ site: SiteID, at position: Position?) {
        self.paths.positions[site] = position ?? self.landmarks[site]
        self.forgetRankings()
    }

    private mutating func locate() {
        self.paths.positions = self.landmarks
        for entry in self.register.entries {
            if let position = entry.description.position {
                self.paths.positions[entry.description.site] = position
            }
        }
        self.forgetRankings()
    }

    private mutating func forgetRankings() {
        self.rankings = [:]
        self.lastUses = [:]
        self.columns.removeAll()
    }

    /// Puts what came and what went into order, all at once.
    mutating func admitArrivals() {
        guard !self.arrivals.isEmpty || !self.departures.isEmpty else { return }
        let staying = self.register.entries.filter { !self.departures.contains($0.description.site) }
        self.register = SiteRegister(staying + self.arrivals.values, ledger: self.ledger)
        self.arrivals = [:]
        self.departures = []
        self.log = ChangeLog(sites: self.register.count)
        self.locate()
    }

    // MARK: Rankings

    /// Brings the ranking of that kind up to date and makes it if there is none.
    mutating func prepare(_ kind: Ranking.Kind, now: Instant) {
        self.uses += 1
        self.lastUses[kind] = self.uses
        for share in kind.audience.shares {
            self.columns.prepare(share.place, over: self.register, self.paths, self.log)
        }
        let lasting = LastingCosts(kind, columns: self.columns, rules: self.rules)
        let milliseconds = now.millisecondsSinceEpoch
        if let cursor = self.rankings[kind]?.cursor, let changes = self.log.changes(since: cursor) {
            self.rankings[kind]?.catchUp(
                changes, cursor: self.log.end, over: self.register, now: milliseconds
            ) { lasting.lasting(of: $0, self.register.entries[$0].description) }
            return
        }
        if self.rankings[kind] == nil { self.makeRoom() }
        self.rankings[kind] = Ranking(
            kind, scale: self.scale,
            lasting: self.register.entries.enumerated().map { lasting.lasting(of: $0, $1.description) },
            over: self.register, cursor: self.log.end, now: milliseconds)
    }

    private mutating func makeRoom() {
        let limit = max(1, min(Self.rankingLimit, Self.cellLimit / max(1, self.register.count)))
        while self.rankings.count >= limit {
            let oldest = self.rankings.keys.min { self.lastUses[$0] ?? 0 < self.lastUses[$1] ?? 0 }
            guard let oldest else { return }
            self.rankings[oldest] = nil
            self.lastUses[oldest] = nil
        }
    }
}

extension SiteDescription {
    /// Whether nothing differs but what changes all the time: capacity, policy and the moment of the report.
    fileprivate func isLastingly(like other: SiteDescription) -> Bool {
        self.country == other.country && self.labels == other.labels
            && self.hypervisors == other.hypervisors && self.price == other.price
            && self.carbon == other.carbon
    }
}
