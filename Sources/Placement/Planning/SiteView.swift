import CloudModel

/// A candidate while a plan is made: each replica assigned to it takes its part.
struct SiteView {
    let candidate: Candidate
    let latency: LatencyPrediction?
    /// What a replica costs there an hour, in the coordinator's currency; nil if that cannot be said.
    let price: Double?
    /// What a replica emits there an hour, in grams of CO2e; nil if the site does not say.
    let carbon: Double?
    let standing: StandingCost
    private(set) var figures: SiteFigures
    /// Replicas of this workload at the site, those of the plan included.
    private(set) var replicas: Int

    init(
        _ candidate: Candidate, latency: LatencyPrediction?, placed: Int, terms: CostTerms,
        rules: PlanningRules
    ) {
        let description = candidate.description
        self.candidate = candidate
        self.latency = latency
        self.price = rules.pricePerHour(description.price, for: terms.resources)
        self.carbon = description.carbon?.gramsPerHour(for: terms.resources)
        self.standing = terms.standing(
            excess: latency?.excess(over: terms.target) ?? 0, price: self.price, carbon: self.carbon)
        self.figures = SiteFigures(description.capacity, pending: candidate.pending)
        self.replicas = placed
    }

    var site: SiteID { self.candidate.description.site }
    var ageMilliseconds: Int64 { self.candidate.age.wholeMilliseconds }
    var isSuspect: Bool { self.candidate.reachability == .suspect }

    mutating func take(_ request: Resources) {
        self.figures.take(request)
        self.replicas += 1
    }
}
