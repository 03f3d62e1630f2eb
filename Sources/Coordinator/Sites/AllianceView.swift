package import CloudModel
package import Placement

/// What the federation knows of the sites at one moment: the ground of every plan.
package struct AllianceView: Hashable, Sendable {
    package struct Site: Hashable, Sendable {
        /// What the site says about itself; its signature has been verified.
        package var description: SiteDescription
        /// When this process received it, by its own clock.
        package var received: Instant
        package var isReachable: Bool

        package init(description: SiteDescription, received: Instant, isReachable: Bool) {
            self.description = description
            self.received = received
            self.isReachable = isReachable
        }
    }

    package var sites: [Site]
    package var roundTrips: RoundTrips
    /// Positions of processes that are no candidates, such as this coordinator.
    package var landmarks: [SiteID: Position]

    package init(
        sites: [Site], roundTrips: RoundTrips = RoundTrips(), landmarks: [SiteID: Position] = [:]
    ) {
        self.sites = sites
        self.roundTrips = roundTrips
        self.landmarks = landmarks
    }
}
