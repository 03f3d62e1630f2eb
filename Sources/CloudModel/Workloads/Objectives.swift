/// What a site's properties are worth to whoever asks for a workload: each weight is an exchange rate.
///
/// A weight says how many points one unit costs; the site with the fewest points wins. With a latency weight of one
/// a point is a millisecond, and every other weight says how many milliseconds its unit is worth: a price weight of
/// 100 says that a cent an hour is worth a millisecond. Zero leaves a part out.
package struct Objectives: Hashable, Sendable {
    /// Points for a millisecond of round trip to the users beyond the response time aimed at.
    package var latency: Double
    /// Points for one unit of money an hour and replica, in the coordinator's currency.
    package var price: Double
    /// Points for a gram of CO2e an hour and replica.
    package var carbon: Double
    /// Points for a percent of load.
    package var load: Double
    /// Points for a percent of the scarcest resource that is taken once the replica is there.
    package var room: Double

    package init(
        latency: Double = 1, price: Double = 0, carbon: Double = 0, load: Double = 0.25, room: Double = 0.25
    ) {
        self.latency = latency
        self.price = price
        self.carbon = carbon
        self.load = load
        self.room = room
    }
}

extension Objectives: Codable {
    private enum CodingKeys: String, CodingKey {
        case latency
        case price
        case carbon
        case load
        case room
    }

    /// Reads what earlier versions wrote too, which knew neither price nor carbon.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            latency: try container.decode(Double.self, forKey: .latency),
            price: try container.decodeIfPresent(Double.self, forKey: .price) ?? 0,
            carbon: try container.decodeIfPresent(Double.self, forKey: .carbon) ?? 0,
            load: try container.decode(Double.self, forKey: .load),
            room: try container.decode(Double.self, forKey: .room))
    }
}
