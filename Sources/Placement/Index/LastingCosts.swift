import CloudModel

/// Works out, for one kind of request, what of a site's cost does not change with its load.
struct LastingCosts {
    private let kind: Ranking.Kind
    private let rules: PlanningRules
    private let check: ConstraintCheck
    private let parts: [(share: Double, milliseconds: [Double])]

    /// `columns` hold every place of the audience; the round trip to one that they do not hold is not known.
    init(_ kind: Ranking.Kind, columns: LatencyColumns, rules: PlanningRules) {
        self.kind = kind
        self.rules = rules
        self.check = ConstraintCheck(
            rules: rules, resources: kind.terms.resources, neighbours: [:],
            paths: PathKnowledge(model: rules.latency))
        self.parts = zip(kind.audience.shares, kind.audience.proportions).map { share, proportion in
            (proportion, columns.milliseconds(to: share.place))
        }
    }

    func lasting(of index: Int, _ description: SiteDescription) -> Ranking.Lasting {
        var mean = AudienceMean(worst: self.rules.latency.worst, target: self.kind.terms.target)
        for part in self.parts {
            let milliseconds = part.milliseconds.indices.contains(index) ? part.milliseconds[index] : .nan
            mean.add(milliseconds.isNaN ? nil : milliseconds, share: part.share)
        }
        let latency = self.parts.isEmpty ? nil : mean.milliseconds
        let cost = self.kind.terms.standing(
            excess: self.parts.isEmpty ? 0 : mean.excess,
            price: self.rules.pricePerHour(description.price, for: self.kind.terms.resources),
            carbon: description.carbon?.gramsPerHour(for: self.kind.terms.resources))
        let isEligible = self.kind.constraints.allSatisfy {
            self.check.isMet($0, by: description, latency: latency)
        }
        return Ranking.Lasting(cost: cost.sum, isEligible: isEligible)
    }
}
