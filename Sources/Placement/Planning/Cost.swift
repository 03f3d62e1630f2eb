import CloudModel

/// What the next replica costs at a site, in its parts; the site with the least total wins.
package struct Cost: Hashable, Codable, Sendable {
    /// What a point is: the unit whose weight is one, looked for in this order.
    package enum Unit: String, Hashable, Codable, Sendable, CaseIterable {
        case milliseconds
        /// Money an hour, in the coordinator's currency.
        case money
        /// Grams of CO2e an hour.
        case grams
        case points
    }

    /// Round trip to the users beyond the response time aimed at; zero if there is no audience.
    package let latency: Double
    package let price: Double
    package let carbon: Double
    package let load: Double
    package let room: Double
    /// How much the reported load and room count because of their age, 0…1; the rest is taken for full.
    package let freshness: Double
    package let total: Double
    package let unit: Unit
}

/// The parts of a cost that do not change with a site's load.
struct StandingCost: Hashable, Sendable {
    let latency: Double
    let price: Double
    let carbon: Double

    var sum: Double { self.latency + self.price + self.carbon }
}
