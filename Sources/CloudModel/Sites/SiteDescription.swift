/// What a site says about itself: the whole content of its capacity row.
package struct SiteDescription: Hashable, Codable, Sendable {
    package let site: SiteID
    /// A name for people: `Paris`.
    package var name: String
    package var position: Position?
    /// ISO 3166-1 alpha-2, upper case.
    package var country: String?
    package var labels: [String: String]
    package var hypervisors: [String]
    package var policy: AdmissionPolicy
    /// Whether coordinators are to place its replicas elsewhere, one after the other.
    package var isBeingEmptied: Bool
    package var capacity: Capacity
    package var price: Price?
    package var carbon: Carbon?
    /// Round trips to other sites, in the site's own order; empty if it tells none.
    package var roundTrips: [MeasuredPath]
    /// When the site measured this, by its own clock.
    package var reported: Instant

    package init(
        site: SiteID, name: String, position: Position?, country: String?, labels: [String: String],
        hypervisors: [String], policy: AdmissionPolicy, isBeingEmptied: Bool = false, capacity: Capacity,
        price: Price?, carbon: Carbon? = nil, roundTrips: [MeasuredPath] = [], reported: Instant
    ) {
        self.site = site
        self.name = name
        self.position = position
        self.country = country
        self.labels = labels
        self.hypervisors = hypervisors
        self.policy = policy
        self.isBeingEmptied = isBeingEmptied
        self.capacity = capacity
        self.price = price
        self.carbon = carbon
        self.roundTrips = roundTrips
        self.reported = reported
    }

    private enum CodingKeys: String, CodingKey {
        case site
        case name
        case position
        case country
        case labels
        case hypervisors
        case policy
        case isBeingEmptied
        case capacity
        case price
        case carbon
        case roundTrips
        case reported
    }

    /// Reads what earlier versions wrote too, who told no round trips and no carbon, and emptied no site.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            site: try container.decode(SiteID.self, forKey: .site),
            name: try container.decode(String.self, forKey: .name),
            position: try container.decodeIfPresent(Position.self, forKey: .position),
            country: try container.decodeIfPresent(String.self, forKey: .country),
            labels: try container.decode([String: String].self, forKey: .labels),
            hypervisors: try container.decode([String].self, forKey: .hypervisors),
            policy: try container.decode(AdmissionPolicy.self, forKey: .policy),
            isBeingEmptied: try container.decodeIfPresent(Bool.self, forKey: .isBeingEmptied) ?? false,
            capacity: try container.decode(Capacity.self, forKey: .capacity),
            price: try container.decodeIfPresent(Price.self, forKey: .price),
            carbon: try container.decodeIfPresent(Carbon.self, forKey: .carbon),
            roundTrips: try container.decodeIfPresent([MeasuredPath].self, forKey: .roundTrips) ?? [],
            reported: try container.decode(Instant.self, forKey: .reported))
    }
}
