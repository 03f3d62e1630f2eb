import CloudModel

extension FollowingWishes {
    /// What is wrong with them for a workload of which `least` replicas must run while others move; the fields are
    /// named as the parameters are.
    func problems(running least: Int) -> [SpecificationError.Problem] {
        var problems: [SpecificationError.Problem] = []
        func check<Amount: Comparable>(_ field: String, _ amount: Amount?, _ range: ClosedRange<Amount>) {
            guard let amount, !range.contains(amount) else { return }
            problems.append(
                .init(field, "\(amount) is not between \(range.lowerBound) and \(range.upperBound)"))
        }
        check("follow-percentile", self.percentile, Self.percentiles)
        check("follow-target", self.target, Self.targets)
        check("follow-minimum", self.minimum, SpecificationLimits.replicas)
        check("follow-maximum", self.maximum, SpecificationLimits.replicas)
        check("follow-changes", self.changesPerHour, Self.changesRange)
        check("follow-cost", self.costPerHour, 0...1_000 * Constraint.prices.upperBound)
        check("follow-pause", self.pauseSeconds, Self.pauseRange)
        check("off-peak-target", self.offPeakTarget, Self.targets)
        check("off-peak-minimum", self.offPeakMinimum, SpecificationLimits.replicas)
        for (field, least) in [
            ("follow-minimum", self.minimum), ("off-peak-minimum", self.offPeakMinimum ?? 1),
            ("minimum", least),
        ] where least > self.maximum {
            problems.append(.init(field, "\(least) is more than follow-maximum, \(self.maximum)"))
        }
        if self.peak == nil, self.offPeakTarget != nil || self.offPeakMinimum != nil {
            problems.append(.init("peak", "is missing: what is off-peak is not said"))
        }
        return problems
    }
}
