import CloudModel

extension PathKnowledge {
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
}
