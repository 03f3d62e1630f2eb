/// Where a workload's users are.
package struct Audience: Hashable, Codable, Sendable {
    package enum Place: Hashable, Codable, Sendable {
        case position(Position)
        /// ISO 3166-1 alpha-2.
        case country(String)
        /// Users close to that site.
        case site(SiteID)
        /// Users are the replicas of another workload, by its name: wherever they run when the plan is made.
        case workload(String)
    }

    package struct Share: Hashable, Codable, Sendable {
        package var place: Place
        /// Relative weight, from a millionth to a million; shares need not add up to one.
        package var weight: Double

        package init(place: Place, weight: Double) {
            self.place = place
            self.weight = weight
        }
    }

    package var shares: [Share]
    /// The response time aimed at, in milliseconds: sites within it are equally near.
    ///
    /// Nil for as near as can be.
    package var target: Double?

    package init(shares: [Share], target: Double? = nil) {
        self.shares = shares
        self.target = target
    }

    /// The users at one place.
    package init(near place: Place) {
        self.init(shares: [Share(place: place, weight: 1)])
    }

    /// Nobody in particular: latency then plays no part.
    package static let anywhere = Self(shares: [])
}
