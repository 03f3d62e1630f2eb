import CloudModel

/// What one request makes of a site's figures: the one place where a cost is calculated.
struct CostTerms: Hashable, Sendable {
    let objectives: Objectives
    let resources: Resources
    /// The response time aimed at, in milliseconds; zero if none was named.
    let target: Double
    let unit: Cost.Unit
    private let unknownPrice: Double
    private let unknownGrams: Double

    init(_ specification: WorkloadSpecification, rules: PlanningRules) {
        self.objectives = specification.objectives
        self.resources = specification.resources
        self.target = specification.audience.target ?? 0
        let hasAudience = !specification.audience.shares.isEmpty
        self.unit =
            if hasAudience, specification.objectives.latency == 1 {
                .milliseconds
            } else if specification.objectives.price == 1 {
                .money
            } else if specification.objectives.carbon == 1 {
                .grams
            } else {
                .points
            }
        let vcpus = Double(specification.resources.vcpus)
        self.unknownPrice = rules.unknownPrice * vcpus
        self.unknownGrams = rules.unknownGrams * vcpus
    }

    /// `excess` is the round trip to the users beyond the target; nil where it is not known, price and carbon count
    /// as what the rules take unknown ones for.
    func standing(excess: Double, price: Double?, carbon: Double?) -> StandingCost {
        StandingCost(
            latency: self.objectives.latency * excess,
            price: self.objectives.price * (price ?? self.unknownPrice),
            carbon: self.objectives.carbon * (carbon ?? self.unknownGrams))
    }

    /// What is not known for certain counts as load and as room taken.
    func load(_ figures: SiteFigures, freshness: Double) -> Double {
        self.objectives.load * 100 * (1 - freshness * (1 - figures.load))
    }

    func room(_ figures: SiteFigures, freshness: Double) -> Double {
        self.objectives.room * 100 * (1 - freshness * figures.roomLeft(after: self.resources))
    }

    func total(_ standing: Double, _ figures: SiteFigures, freshness: Double) -> Double {
        standing + self.load(figures, freshness: freshness) + self.room(figures, freshness: freshness)
    }

    func cost(_ standing: StandingCost, _ figures: SiteFigures, freshness: Double) -> Cost {
        Cost(
            latency: standing.latency, price: standing.price, carbon: standing.carbon,
            load: self.load(figures, freshness: freshness), room: self.room(figures, freshness: freshness),
            freshness: freshness, total: self.total(standing.sum, figures, freshness: freshness),
            unit: self.unit)
    }
}
