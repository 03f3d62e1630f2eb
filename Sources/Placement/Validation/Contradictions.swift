import CloudModel

extension WorkloadSpecification {
    /// Constraints that no site can meet together, whatever sites there are.
    func contradictions() -> [SpecificationError.Problem] {
        self.countryContradictions() + self.siteContradictions() + self.labelContradictions()
            + self.workloadContradictions()
    }

    private func countryContradictions() -> [SpecificationError.Problem] {
        var allowed: Set<String>?
        var names: [String] = []
        for constraint in self.constraints {
            let countries: Set<String>
            switch constraint {
            case .country(let codes):
                countries = Set(codes)
                names += codes.prefix(3)
            case .region(let regions):
                countries = regions.reduce(into: []) { all, name in
                    all.formUnion(LegalRegion(rawValue: name)?.countries ?? [])
                }
                names += regions.prefix(3)
            case .label, .feature, .hypervisor, .only, .avoid, .latencyAtMost, .priceAtMost, .carbonAtMost,
                .beside, .apart, .within:
                continue
            }
            allowed = allowed.map { $0.intersection(countries) } ?? countries
        }
        guard let allowed, allowed.isEmpty else { return [] }
        return [.init("countries", "no country is in all of \(names.joined(separator: ", "))")]
    }

    private func siteContradictions() -> [SpecificationError.Problem] {
        var only: Set<SiteID>?
        var avoided: Set<SiteID> = []
        for constraint in self.constraints {
            switch constraint {
            case .only(let sites): only = only.map { $0.intersection(sites) } ?? Set(sites)
            case .avoid(let sites): avoided.formUnion(sites)
            case .country, .region, .label, .feature, .hypervisor, .latencyAtMost, .priceAtMost,
                .carbonAtMost,
                .beside, .apart, .within:
                continue
            }
        }
        guard let left = only?.subtracting(avoided) else { return [] }
        guard !left.isEmpty else { return [.init("only", "every site that is named is also to be avoided")] }
        // A limit beyond any sense is named elsewhere and must not overflow here.
        let limit = self.spread.limit
        guard limit < self.replicas, limit > 0, left.count * limit < self.replicas else { return [] }
        return [
            .init(
                "per-site",
                "\(left.count) sites with at most \(limit) each cannot take \(self.replicas) replicas")
        ]
    }

    private func labelContradictions() -> [SpecificationError.Problem] {
        var values: [String: String] = [:]
        for case .label(let name, let value) in self.constraints {
            if let other = values[name], other != value {
                return [.init("labels", "\(name) cannot be both \(other) and \(value)")]
            }
            values[name] = value
        }
        for case .feature(let name) in self.constraints {
            if let value = values[name], ConstraintCheck.denials.contains(value.lowercased()) {
                return [.init("features", "\(name) is asked for, and a label \(name) that denies it")]
            }
        }
        return []
    }

    private func workloadContradictions() -> [SpecificationError.Problem] {
        var apart: Set<String> = []
        for case .apart(let names) in self.constraints { apart.formUnion(names) }
        var problems: [SpecificationError.Problem] = []
        for case .beside(let names) in self.constraints where apart.isSuperset(of: names) {
            let shown = names.prefix(3).joined(separator: ", ")
            problems.append(.init("beside", "\(shown) is to be apart as well"))
        }
        if self.namedWorkloads.contains(self.name) {
            problems.append(
                .init("name", "\(self.name) refers to itself; per-site says how its own replicas spread"))
        }
        return problems
    }
}
