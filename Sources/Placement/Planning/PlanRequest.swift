package import CloudModel

/// The replicas that need a site, and what already binds the choice.
package struct PlanRequest: Hashable, Sendable {
    package var specification: WorkloadSpecification
    /// Which replicas to place, in this order.
    package var replicas: [Int]
    /// How many replicas of the workload are at each site already: they count for the spread.
    package var placed: [SiteID: Int]
    /// Sites that are out for a reason of this request's own, with the reason in words.
    package var excluded: [SiteID: String]

    package init(
        specification: WorkloadSpecification, replicas: [Int], placed: [SiteID: Int] = [:],
        excluded: [SiteID: String] = [:]
    ) {
        self.specification = specification
        self.replicas = replicas
        self.placed = placed
        self.excluded = excluded
    }

    /// Asks for every replica, none of which is anywhere yet; no more of them than any request may have.
    package init(_ specification: WorkloadSpecification) {
        let count = max(0, min(specification.replicas, SpecificationLimits.replicas.upperBound))
        self.init(specification: specification, replicas: Array(0..<count))
    }
}
