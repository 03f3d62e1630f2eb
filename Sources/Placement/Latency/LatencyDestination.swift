import CloudModel

/// One place where users are, and how long the way there is from any site.
struct LatencyDestination: Sendable {
    /// A predicted round trip.
    struct Path {
        let milliseconds: Double?
        let basis: LatencyPrediction.Basis
        var reference: SiteID?
        var contradictsMeasurement = false
    }

    let place: Audience.Place
    private let position: Position?
    /// The site that the users are close to.
    private let site: SiteID?

    init(_ place: Audience.Place, positions: [SiteID: Position]) {
        self.place = place
        switch place {
        case .position(let position): (self.position, self.site) = (position, nil)
        case .country(let code): (self.position, self.site) = (Countries.position(of: code), nil)
        case .site(let site): (self.position, self.site) = (positions[site], site)
        case .workload: (self.position, self.site) = (nil, nil)
        }
    }

    func path(
        from site: SiteID, at position: Position?, positions: [SiteID: Position], roundTrips: RoundTrips,
        model: LatencyModel
    ) -> Path {
        let distance = self.site == site ? 0 : self.distance(from: position)
        var contradicted = false
        if let near = self.site, let measured = roundTrips.between(site, near) {
            if Self.isPossible(measured, kilometres: distance) {
                return Path(milliseconds: measured, basis: .measured)
            }
            contradicted = true
        }
        let references = self.references(of: site, positions: positions, roundTrips: roundTrips)
        guard let distance else {
            // A site that does not say where it is: a measured path to near the users, and the way from there.
            guard let nearest = references.min(by: Reference.isNearer) else {
                return Path(milliseconds: nil, basis: .unknown)
            }
            return Path(
                milliseconds: nearest.measured + model.path(kilometres: nearest.distance), basis: .corrected,
                reference: nearest.site)
        }
        let estimate = model.estimate(kilometres: distance)
        guard !contradicted, let position else {
            return Path(milliseconds: estimate, basis: .estimated, contradictsMeasurement: contradicted)
        }
        return Self.corrected(estimate, over: distance, from: position, references, model: model)
    }

    /// A site near the users that the predicted site has a measured path to.
    private struct Reference {
        let site: SiteID
        let position: Position
        /// Kilometres from the users.
        let distance: Double
        let measured: Double

        static func isNearer(_ one: Self, _ other: Self) -> Bool {
            (one.distance, one.site) < (other.distance, other.site)
        }
    }

    private func references(
        of site: SiteID, positions: [SiteID: Position], roundTrips: RoundTrips
    ) -> [Reference] {
        guard let users = self.position else { return [] }
        return roundTrips.paths(of: site).compactMap { other, measured in
            guard let position = positions[other] else { return nil }
            return Reference(
                site: other, position: position, distance: position.distance(to: users), measured: measured)
        }
    }

    /// The estimate scaled by how far the measured time to the nearest credible reference is from its own estimate.
    private static func corrected(
        _ estimate: Double, over distance: Double, from position: Position, _ references: [Reference],
        model: LatencyModel
    ) -> Path {
        let near = references.filter { reference in
            reference.distance <= LatencyPredictor.nearness * distance
                && Self.isPossible(
                    reference.measured, kilometres: position.distance(to: reference.position))
        }
        guard let nearest = near.min(by: Reference.isNearer) else {
            return Path(milliseconds: estimate, basis: .estimated)
        }
        let kilometres = position.distance(to: nearest.position)
        let range = LatencyPredictor.correctionRange
        let factor = nearest.measured / model.estimate(kilometres: kilometres)
        return Path(
            milliseconds: estimate * min(range.upperBound, max(range.lowerBound, factor)),
            basis: .corrected, reference: nearest.site)
    }

    private func distance(from site: Position?) -> Double? {
        guard let site, let users = self.position else { return nil }
        return site.distance(to: users)
    }

    private static func isPossible(_ milliseconds: Double, kilometres: Double?) -> Bool {
        guard let kilometres else { return true }
        return milliseconds >= LatencyModel.lowerBound(kilometres: kilometres)
    }
}
