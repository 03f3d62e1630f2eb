/// Where a workload's users are.
package struct Audience: Hashable, Codable, Sendable {
    package enum Place: Hashable, Codable, Sendable {
        case position(Position)
        /// ISO 3166-1 alpha-2.
        case country(String)
        /// Users close to that site.
        case site(SiteID)
    }

    package struct Share: Hashable, Codable, Sendable {
        package var place: Place
        /// Relative weight, greater than zero; shares need not add up to one.
        package var weight: Double

        package init(place: Place, weight: Double) {
            self.place = place
            self.weight = weight
        }
    }

    package var shares: [Share]

    package init(shares: [Share]) {
        self.shares = shares
    }

    /// Nobody in particular: latency then plays no part.
    package static let anywhere = Self(shares: [])
}
