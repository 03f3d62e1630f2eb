import CloudModel

/// Whether a site meets a constraint, and the words if it does not.
struct ConstraintCheck: Sendable {
    let rules: PlanningRules
    let resources: Resources
    /// Where the workloads run that the request names.
    let neighbours: [String: [SiteID: Int]]
    /// What round trips between sites are predicted from.
    let paths: PathKnowledge

    /// `latency` is the mean round trip to the audience in milliseconds; nil if a part of it is not known.
    func isMet(_ constraint: Constraint, by description: SiteDescription, latency: Double?) -> Bool {
        switch constraint {
        case .country(let countries):
            return description.country.map(countries.contains) ?? false
        case .region(let names):
            guard let country = description.country else { return false }
            return names.contains { LegalRegion(rawValue: $0)?.countries.contains(country) ?? false }
        case .label(let name, let value):
            return description.labels[name] == value
        case .feature(let name):
            return description.labels[name].map { !Self.denials.contains($0.lowercased()) } ?? false
        case .hypervisor(let wanted):
            return description.hypervisors.contains(wanted)
        case .only(let sites):
            return sites.contains(description.site)
        case .avoid(let sites):
            return !sites.contains(description.site)
        case .latencyAtMost(let limit):
            return latency.map { $0 <= limit } ?? false
        case .priceAtMost(let limit):
            return self.price(of: description).map { $0 <= limit } ?? false
        case .carbonAtMost(let limit):
            return self.carbon(of: description).map { $0 <= limit } ?? false
        case .beside(let names):
            return names.contains { self.neighbours[$0]?[description.site] != nil }
        case .apart(let names):
            return !names.contains { self.neighbours[$0]?[description.site] != nil }
        case .within(let name, let limit):
            return self.path(from: description, toNearestOf: name)?.milliseconds.map { $0 <= limit } ?? false
        }
    }

    /// The shortest round trip that is predicted to a replica of the workload; nil if it has none.
    private func path(
        from description: SiteDescription, toNearestOf name: String
    ) -> LatencyDestination.Path? {
        self.paths.path(
            from: description.site, at: description.position,
            toNearestOf: (self.neighbours[name] ?? [:]).keys)
    }

    /// Values of a label that deny the feature it names.
    static let denials: Set<String> = ["", "no", "false", "0", "off", "none"]

    private func price(of description: SiteDescription) -> Double? {
        self.rules.pricePerHour(description.price, for: self.resources)
    }

    private func carbon(of description: SiteDescription) -> Double? {
        description.carbon?.gramsPerHour(for: self.resources)
    }

    /// Why `view` does not meet `constraint`; nil if it does.
    func objection(to view: SiteView, under constraint: Constraint) -> Objection? {
        let description = view.candidate.description
        guard !self.isMet(constraint, by: description, latency: view.latency?.milliseconds) else {
            return nil
        }
        switch constraint {
        case .country(let countries):
            return Objection(.country, Self.elsewhere(description, countries))
        case .region(let names):
            return Objection(.region, Self.elsewhere(description, names))
        case .label(let name, let value):
            let found = description.labels[name].map { "is \($0)" } ?? "is not set"
            return Objection(.label, "label \(name) \(found), not \(value)")
        case .feature(let name):
            return Objection(.feature, "does not offer \(name)")
        case .hypervisor(let wanted):
            return Objection(.hypervisor, "has no \(wanted) hypervisor")
        case .only:
            return Objection(.only, "is not among the sites asked for")
        case .avoid:
            return Objection(.avoid, "is to be avoided")
        case .latencyAtMost(let limit):
            return self.latencyObjection(to: view, limit: limit)
        case .priceAtMost(let limit):
            return self.priceObjection(to: view, limit: limit)
        case .carbonAtMost(let limit):
            guard let grams = view.carbon else { return Objection(.carbon, "does not say what it emits") }
            let figures = "\(Figure.short(grams)) g CO2e an hour is over the \(Figure.short(limit)) g asked"
            return Objection(.carbon, figures)
        case .beside(let names):
            return Objection(.beside, "has no replica of \(names.joined(separator: " or "))")
        case .apart(let names):
            let present = names.filter { self.neighbours[$0]?[description.site] != nil }
            return Objection(.apart, "has a replica of \(present.joined(separator: " and "))")
        case .within(let name, let limit):
            return .tooFar(
                self.path(from: description, toNearestOf: name), fromNearestOf: name, limit: limit)
        }
    }

    private static func elsewhere(_ description: SiteDescription, _ wanted: [String]) -> String {
        "is in \(description.country ?? "no stated country"), not \(wanted.joined(separator: " or "))"
    }

    private func latencyObjection(to view: SiteView, limit: Double) -> Objection {
        let limitText = "\(Int(limit.rounded())) ms"
        guard let latency = view.latency, latency.milliseconds != nil else {
            return Objection(
                .latency, "latency to the users is unknown, at most \(limitText) is asked", isUnknown: true)
        }
        return Objection(.latency, "\(latency.text) to the users is over the \(limitText) asked")
    }

    private func priceObjection(to view: SiteView, limit: Double) -> Objection {
        let currency = self.rules.currency
        if let price = view.price {
            let figures =
                "\(Figure.short(price)) \(currency) an hour is over the \(Figure.short(limit)) asked"
            return Objection(.price, figures)
        }
        guard let stated = view.candidate.description.price else {
            return Objection(.price, "states no price")
        }
        return Objection(.price, "its price in \(stated.currency) cannot be compared with \(currency)")
    }
}
