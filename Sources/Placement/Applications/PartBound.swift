package import CloudModel

/// How near replicas of one part of an application must be to another part that is bound to it.
package struct PartBound: Hashable, Sendable {
    package enum Reach: Hashable, Sendable {
        /// Every one of the sites must be near enough.
        case each
        /// One of them must.
        case nearest
    }

    /// The part that asks, as workloads call it: `shop-api`.
    package let name: String
    /// The longest round trip.
    package let milliseconds: Double
    /// Where it is, or could be; while that is not known nothing is near enough.
    package let sites: Set<SiteID>
    package let reach: Reach

    package init(name: String, milliseconds: Double, sites: Set<SiteID>, reach: Reach = .each) {
        self.name = name
        self.milliseconds = milliseconds
        self.sites = sites
        self.reach = reach
    }

    /// The same for these sites alone.
    func limited(to sites: Set<SiteID>) -> Self {
        Self(name: self.name, milliseconds: self.milliseconds, sites: sites, reach: self.reach)
    }

    /// Whether a replica at a site would be near enough.
    func isKept(by site: SiteID, at position: Position?, over paths: PathKnowledge) -> Bool {
        switch self.reach {
        case .nearest: return self.isKept(paths.path(from: site, at: position, toNearestOf: self.sites))
        case .each:
            return !self.sites.isEmpty
                && self.sites.allSatisfy { other in
                    self.isKept(paths.path(from: site, at: position, toNearestOf: [other]))
                }
        }
    }

    private func isKept(_ path: LatencyDestination.Path?) -> Bool {
        path?.milliseconds.map { $0 <= self.milliseconds } ?? false
    }

    /// Why a replica at a site would not be near enough; nil if it would.
    func objection(
        to site: SiteID, at position: Position?, over paths: PathKnowledge
    ) -> Objection? {
        guard !self.isKept(by: site, at: position, over: paths) else { return nil }
        guard self.reach == .each, !self.sites.isEmpty else {
            let path = paths.path(from: site, at: position, toNearestOf: self.sites)
            return .tooFar(path, fromNearestOf: self.name, limit: self.milliseconds)
        }
        let ways = self.sites.sorted().map { other in
            (site: other, path: paths.path(from: site, at: position, toNearestOf: [other]))
        }
        // The farthest stands for all of them; one that is not known may turn out to be near enough.
        let farthest = ways.filter { $0.path?.milliseconds != nil }
            .max { ($0.path?.milliseconds ?? 0) < ($1.path?.milliseconds ?? 0) }
        let unknown = ways.first { $0.path?.milliseconds == nil }
        guard let way = self.isKept(farthest?.path) ? unknown : farthest ?? unknown else { return nil }
        return .tooFar(way.path, from: "\(self.name) at \(way.site)", limit: self.milliseconds)
    }

    /// What the log of a workload says whose replica is at `site`, too far from a replica at `far`; `way` is the
    /// shortest round trip in milliseconds, nil if it is not known.
    package func remark(on replica: Int, at site: SiteID, far: SiteID, way: Double?) -> KeepingNote {
        let time = way.map { Figure.short($0.rounded(.up)) + " ms" } ?? "an unknown time"
        let limit = "at most \(Figure.short(self.milliseconds)) ms was asked for"
        return KeepingNote(
            .waiting, replica: replica, site: site,
            "is at \(site) although a round trip to \(self.name) at \(far) takes \(time) and \(limit): "
                + "no site near enough could take it")
    }
}
