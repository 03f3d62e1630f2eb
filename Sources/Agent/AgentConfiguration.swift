package import CloudModel

/// How one site presents itself and runs.
package struct AgentConfiguration: Hashable, Sendable {
    /// What the site says about itself that it does not measure.
    package struct Profile: Hashable, Sendable {
        /// A name for people: `Paris`.
        package var name: String
        package var position: Position?
        /// ISO 3166-1 alpha-2, upper case.
        package var country: String?
        package var labels: [String: String]
        package var price: Price?
        package var carbon: Carbon?

        package init(
            name: String, position: Position? = nil, country: String? = nil, labels: [String: String] = [:],
            price: Price? = nil, carbon: Carbon? = nil
        ) {
            self.name = name
            self.position = position
            self.country = country
            self.labels = labels
            self.price = price
            self.carbon = carbon
        }
    }

    package var site: SiteID
    package var profile: Profile
    package var rules: SiteRules
    /// The policy until an admin sets another.
    package var policy: AdmissionPolicy
    /// How often the hosts are measured.
    package var measureInterval: Duration
    /// When the site is too busy for new work.
    package var heat: HeatRules
    /// The wait before work or a report that failed for a passing reason is tried again.
    package var retryDelay: Duration
    /// How often it looks whether a lease has run out or must be renewed.
    package var leaseInterval: Duration

    package init(
        site: SiteID, profile: Profile, rules: SiteRules = SiteRules(), policy: AdmissionPolicy = .open,
        measureInterval: Duration = .seconds(2), retryDelay: Duration = .seconds(1),
        leaseInterval: Duration = .milliseconds(500), heat: HeatRules = HeatRules()
    ) {
        self.site = site
        self.profile = profile
        self.rules = rules
        self.policy = policy
        self.measureInterval = measureInterval
        self.retryDelay = retryDelay
        self.leaseInterval = leaseInterval
        self.heat = heat
    }
}
