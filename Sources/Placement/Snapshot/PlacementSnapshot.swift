package import CloudModel

/// All that a plan is made from: the same snapshot and request always give the same plan.
package struct PlacementSnapshot: Hashable, Sendable {
    package var candidates: [Candidate]
    /// Sites that are known by name only.
    package var unheard: [UnheardSite]
    package var roundTrips: RoundTrips
    /// Where sites are that are not candidates themselves but serve as references: the coordinator's own, say.
    package var landmarks: [SiteID: Position]

    package init(
        candidates: [Candidate], unheard: [UnheardSite] = [], roundTrips: RoundTrips = RoundTrips(),
        landmarks: [SiteID: Position] = [:]
    ) {
        self.candidates = candidates
        self.unheard = unheard
        self.roundTrips = roundTrips
        self.landmarks = landmarks
    }

    /// Every known position; what a site reports about itself counts before a landmark.
    var positions: [SiteID: Position] {
        var positions = self.landmarks
        for candidate in self.candidates {
            if let position = candidate.description.position {
                positions[candidate.description.site] = position
            }
        }
        return positions
    }
}
