package import CloudModel

/// All that latencies are predicted from.
package struct PathKnowledge: Sendable {
    var positions: [SiteID: Position] = [:]
    var roundTrips = RoundTrips()
    let model: LatencyModel

    init(positions: [SiteID: Position] = [:], roundTrips: RoundTrips = RoundTrips(), model: LatencyModel) {
        self.positions = positions
        self.roundTrips = roundTrips
        self.model = model
    }

    /// What is known in `snapshot`.
    package init(_ snapshot: PlacementSnapshot, model: LatencyModel) {
        self.init(positions: snapshot.positions, roundTrips: snapshot.roundTrips, model: model)
    }

    /// The shortest round trip that is predicted from a site to any of `others`; nil if there are none.
    ///
    /// Within one site it counts as nothing.
    func path(
        from site: SiteID, at position: Position?, toNearestOf others: some Collection<SiteID>
    ) -> LatencyDestination.Path? {
        if others.contains(site) { return LatencyDestination.Path(milliseconds: 0, basis: .measured) }
        let paths = others.sorted().map { other in
            LatencyDestination(.site(other), positions: self.positions).path(
                from: site, at: position, positions: self.positions, roundTrips: self.roundTrips,
                model: self.model)
        }
        return paths.min { $0.milliseconds ?? .infinity < $1.milliseconds ?? .infinity }
    }

    /// The round trip in milliseconds from one site to another; nil if it is not known.
    package func milliseconds(from site: SiteID, to other: SiteID) -> Double? {
        self.path(from: site, at: self.positions[site], toNearestOf: [other])?.milliseconds
    }

    /// Whether it is known, and at most `limit`, from any of `sites`.
    package func isWithin(
        _ limit: Double, from sites: some Collection<SiteID>, to other: SiteID
    ) -> Bool {
        sites.contains { site in
            self.milliseconds(from: site, to: other).map { $0 <= limit } ?? false
        }
    }
}
