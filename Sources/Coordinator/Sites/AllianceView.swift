package import CloudModel
package import Placement

/// What the federation knows of the sites at one moment: the ground of every plan.
package struct AllianceView: Hashable, Sendable {
    package struct Site: Hashable, Sendable {
        /// What the site says about itself; its signature has been verified.
        package var description: SiteDescription
        /// When this process received it, by its own clock.
        package var received: Instant
        package var reachability: Reachability

        package init(description: SiteDescription, received: Instant, reachability: Reachability) {
            self.description = description
            self.received = received
            self.reachability = reachability
        }
    }

    package var sites: [Site]
    /// Members that own capacity and have not said how much.
    package var unheard: [UnheardSite]
    package var roundTrips: RoundTrips
    /// Positions of processes that are no candidates, such as this coordinator.
    package var landmarks: [SiteID: Position]

    package init(
        sites: [Site], unheard: [UnheardSite] = [], roundTrips: RoundTrips = RoundTrips(),
        landmarks: [SiteID: Position] = [:]
    ) {
        self.sites = sites
        self.unheard = unheard
        self.roundTrips = roundTrips
        self.landmarks = landmarks
    }

    /// Whether a site is heard; nil for one that is not known.
    func reachability(of site: SiteID) -> Reachability? {
        self.sites.first { $0.description.site == site }?.reachability
            ?? self.unheard.first { $0.site == site }?.reachability
    }
}
