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
    package var capacity: Capacity
    package var price: Price?
    /// When the site measured this, by its own clock.
    package var reported: Instant

    package init(
        site: SiteID, name: String, position: Position?, country: String?, labels: [String: String],
        hypervisors: [String], policy: AdmissionPolicy, capacity: Capacity, price: Price?, reported: Instant
    ) {
        self.site = site
        self.name = name
        self.position = position
        self.country = country
        self.labels = labels
        self.hypervisors = hypervisors
        self.policy = policy
        self.capacity = capacity
        self.price = price
        self.reported = reported
    }
}
