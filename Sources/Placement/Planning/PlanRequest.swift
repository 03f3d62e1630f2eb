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
    /// The one site that will do, whatever else speaks for others; nil if any will.
    package var confinedTo: SiteID?
    /// How many replicas of other workloads are at each site, by the workload's name: of those that the
    /// specification names.
    package var neighbours: [String: [SiteID: Int]]
    /// What workloads ask for this request alone that are bound to this one and will not move for it.
    package var bounds: [PartBound] = []

    package init(
        specification: WorkloadSpecification, replicas: [Int], placed: [SiteID: Int] = [:],
        excluded: [SiteID: String] = [:], neighbours: [String: [SiteID: Int]] = [:]
    ) {
        self.specification = specification
        self.replicas = replicas
        self.placed = placed
        self.excluded = excluded
        self.neighbours = neighbours
    }

    /// Asks for every replica, none of which is anywhere yet; no more of them than any request may have.
    package init(_ specification: WorkloadSpecification, neighbours: [String: [SiteID: Int]] = [:]) {
        let count = max(0, min(specification.replicas, SpecificationLimits.replicas.upperBound))
        self.init(
            specification: specification, replicas: Array(0..<count), neighbours: neighbours)
    }

    /// Why a site is out for a reason of this request's own; nil if it is not.
    func exclusion(of site: SiteID) -> String? {
        if let reason = self.excluded[site] { return reason }
        guard let wanted = self.confinedTo, wanted != site else { return nil }
        return "\(wanted) is wanted"
    }

    /// The same with each workload of the audience replaced by the sites where it runs, as many shares as replicas.
    ///
    /// One that runs nowhere stays: the round trip to it is not known. Of more places than an audience may have, the
    /// heaviest stay.
    var resolved: PlanRequest {
        let isResolved = self.specification.audience.shares.allSatisfy { share in
            if case .workload = share.place { false } else { true }
        }
        if isResolved { return self }
        var resolved = self
        resolved.specification.audience.shares = self.specification.audience.shares.flatMap { share in
            guard case .workload(let name) = share.place, let sites = self.neighbours[name], !sites.isEmpty
            else { return [share] }
            let replicas = Double(sites.values.reduce(0, +))
            return sites.sorted { $0.key < $1.key }.map { site, count in
                Audience.Share(place: .site(site), weight: share.weight * Double(count) / replicas)
            }
        }
        resolved.specification.audience.keepHeaviest(SpecificationLimits.shares)
        return resolved
    }
}

extension Audience {
    /// Leaves out all but the `count` heaviest shares, the earlier of two that weigh the same; their order stays.
    fileprivate mutating func keepHeaviest(_ count: Int) {
        guard self.shares.count > count else { return }
        let heaviest = self.shares.enumerated().sorted { one, other in
            one.element.weight == other.element.weight
                ? one.offset < other.offset : one.element.weight > other.element.weight
        }
        self.shares = heaviest.prefix(count).sorted { $0.offset < $1.offset }.map(\.element)
    }
}

extension WorkloadSpecification {
    /// The names of the other workloads that a plan for this one must know the sites of.
    package var namedWorkloads: Set<String> {
        var names: Set<String> = []
        for share in self.audience.shares {
            if case .workload(let name) = share.place { names.insert(name) }
        }
        for constraint in self.constraints {
            switch constraint {
            case .beside(let workloads), .apart(let workloads): names.formUnion(workloads)
            case .within(let workload, _): names.insert(workload)
            case .country, .region, .label, .feature, .hypervisor, .only, .avoid, .latencyAtMost,
                .priceAtMost,
                .carbonAtMost:
                break
            }
        }
        return names
    }

    /// The workloads that it must be apart from.
    package var apartNames: Set<String> {
        self.constraints.reduce(into: []) { names, constraint in
            if case .apart(let others) = constraint { names.formUnion(others) }
        }
    }

    /// What others may call it: by its own name, and as the part that it is a version of.
    package var ownNames: Set<String> { [self.name, self.partName] }
}
