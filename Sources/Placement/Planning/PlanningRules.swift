package import CloudModel

/// The constants of planning that an operator may want to change.
package struct PlanningRules: Hashable, Sendable {
    /// Knowledge up to this age counts in full; one and a half heartbeats by default.
    package var freshFor: Duration
    /// After `freshFor`, each further period of this length takes as much weight from load and room as is left half
    /// after the first: weight = 1 ÷ (1 + (age − freshFor) ÷ period).
    package var fadingPeriod: Duration
    /// Knowledge older than this is not acted upon: the site takes no new work until it reports again.
    package var uselessAfter: Duration
    /// The ISO 4217 code of the currency in which prices are compared and capped.
    package var currency: String
    /// What one unit of other currencies is worth in `currency`; a price in one that is not named is not known.
    package var exchangeRates: [String: Double]
    /// What a processor and hour is taken to cost where the price is not known: more than nearly any cloud asks.
    package var unknownPrice: Double
    /// Grams of CO2e that a processor and hour is taken to emit where that is not known: old hardware on coal.
    package var unknownGrams: Double
    /// After refusals, a site is drawn from those whose cost is at most this share above the best one's.
    package var drawTolerance: Double
    package var latency: LatencyModel

    package init(
        freshFor: Duration = .seconds(15), fadingPeriod: Duration = .seconds(30),
        uselessAfter: Duration = .seconds(120), currency: String = "EUR",
        exchangeRates: [String: Double] = [:], unknownPrice: Double = 1, unknownGrams: Double = 5,
        drawTolerance: Double = 0.25, latency: LatencyModel = LatencyModel()
    ) {
        self.freshFor = freshFor
        self.fadingPeriod = fadingPeriod
        self.uselessAfter = uselessAfter
        self.currency = currency
        self.exchangeRates = exchangeRates
        self.unknownPrice = unknownPrice
        self.unknownGrams = unknownGrams
        self.drawTolerance = drawTolerance
        self.latency = latency
    }

    /// Knowledge fades in steps of this length, in milliseconds, so that costs stay comparable in between.
    static let fadingStep: Int64 = 5_000

    /// How much knowledge of that age counts, 0…1.
    package func freshness(atAge age: Duration) -> Double {
        FreshnessScale(self).freshness(ageMilliseconds: age.wholeMilliseconds)
    }

    /// What a machine of that size costs an hour in `currency`; nil if the price is not told or not comparable.
    package func pricePerHour(_ price: Price?, for resources: Resources) -> Double? {
        guard let price else { return nil }
        if price.currency == self.currency { return price.perHour(for: resources) }
        guard let rate = self.exchangeRates[price.currency], rate.isFinite, rate > 0 else { return nil }
        return rate * price.perHour(for: resources)
    }
}

/// The rules about age as whole milliseconds, for calculating with.
struct FreshnessScale: Hashable, Sendable {
    private let freshFor: Int64
    private let fadingPeriod: Double
    private let uselessAfter: Int64

    init(_ rules: PlanningRules) {
        self.freshFor = rules.freshFor.wholeMilliseconds
        self.fadingPeriod = Double(rules.fadingPeriod.wholeMilliseconds)
        self.uselessAfter = rules.uselessAfter.wholeMilliseconds
    }

    func isUseless(ageMilliseconds age: Int64) -> Bool { age > self.uselessAfter }

    func freshness(ageMilliseconds age: Int64) -> Double {
        guard age > self.freshFor else { return 1 }
        let steps = (age - self.freshFor) / PlanningRules.fadingStep
        return 1 / (1 + Double(steps * PlanningRules.fadingStep) / self.fadingPeriod)
    }
}
