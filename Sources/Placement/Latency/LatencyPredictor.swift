package import CloudModel

/// Predicts the round trip between sites and one audience.
///
/// For each part of the audience the best knowledge there is counts: a measurement between the site and the site the
/// users are close to; else the estimate from the distance, scaled by a measured path from the site to a reference
/// site near the users; else the estimate alone. Leaving out each pair of the AWS table in turn, the scaling brings
/// the median error of the estimate from 14 % to 5 %.
package struct LatencyPredictor: Sendable {
    /// A reference counts as near the users if it is at most this share of the way to the predicted site from them.
    package static let nearness = 0.25
    /// How far one measured path may scale an estimate for another, both ways.
    package static let correctionRange = 0.5...2.0

    private struct Part: Sendable {
        let destination: LatencyDestination
        let share: Double
    }

    private let model: LatencyModel
    private let roundTrips: RoundTrips
    private let positions: [SiteID: Position]
    private let parts: [Part]

    /// Prepares for predictions to `audience`; `positions` are those of the known sites.
    package init(
        audience: Audience, positions: [SiteID: Position], roundTrips: RoundTrips, model: LatencyModel
    ) {
        self.model = model
        self.roundTrips = roundTrips
        self.positions = positions
        self.parts = zip(audience.shares, audience.proportions).map { share, proportion in
            Part(destination: LatencyDestination(share.place, positions: positions), share: proportion)
        }
    }

    /// Whether there is anybody to be near to.
    package var hasAudience: Bool { !self.parts.isEmpty }

    /// The round trip between the users and `site`; nil if the audience is nobody in particular.
    package func predict(for site: SiteID, at position: Position?) -> LatencyPrediction? {
        guard self.hasAudience else { return nil }
        let parts = self.parts.map { part in
            let path = part.destination.path(
                from: site, at: position, positions: self.positions, roundTrips: self.roundTrips,
                model: self.model)
            return LatencyPrediction.Part(
                place: part.destination.place, share: part.share, milliseconds: path.milliseconds,
                basis: path.basis, reference: path.reference,
                contradictsMeasurement: path.contradictsMeasurement)
        }
        return LatencyPrediction(parts: parts, worst: self.model.worst)
    }
}

extension Audience {
    /// The part of the whole that each share is, 0…1; all alike if the weights say nothing.
    var proportions: [Double] {
        let total = self.shares.reduce(0) { $0 + $1.weight }
        guard total.isNormal else { return self.shares.map { _ in 1 / Double(self.shares.count) } }
        return self.shares.map { $0.weight / total }
    }
}
