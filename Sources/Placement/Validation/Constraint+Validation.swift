import CloudModel

extension [Constraint] {
    func problems() -> [SpecificationError.Problem] {
        guard self.count <= SpecificationLimits.constraints else {
            return [
                .init("constraints", "there are \(self.count), at most \(SpecificationLimits.constraints)")
            ]
        }
        return self.flatMap { $0.problems() }
    }
}

extension Constraint {
    fileprivate func problems() -> [SpecificationError.Problem] {
        switch self {
        case .country(let codes):
            let unknown = codes.filter { Countries.position(of: $0) == nil }
            return Self.countProblems("countries", codes.count)
                + unknown.prefix(1).map {
                    .init("countries", "\(Self.short($0)) is no ISO 3166 country code such as FR")
                }
        case .region(let names):
            let unknown = names.filter { LegalRegion(rawValue: $0) == nil }
            return Self.countProblems("regions", names.count)
                + unknown.prefix(1).map {
                    .init("regions", "\(Self.short($0)) is none of \(LegalRegion.names)")
                }
        case .label(let name, let value):
            guard SpecificationLimits.labelName.contains(name.utf8.count),
                value.utf8.count <= SpecificationLimits.labelValue
            else {
                return [.init("labels", "a name has 1 to 63 bytes, a value up to 255")]
            }
            return []
        case .feature(let name): return Self.nameProblems("features", name)
        case .hypervisor(let name): return Self.nameProblems("hypervisor", name)
        case .only(let sites): return Self.countProblems("only", sites.count)
        case .avoid(let sites): return Self.countProblems("avoid", sites.count)
        case .latencyAtMost(let milliseconds):
            return Self.boundProblems("max-latency", milliseconds, Self.latencies, "milliseconds")
        case .priceAtMost(let price):
            return Self.boundProblems("max-price", price, Self.prices, "units of currency an hour")
        case .carbonAtMost(let grams):
            return Self.boundProblems("max-carbon", grams, Self.emissions, "grams an hour")
        case .beside(let names): return Self.workloadProblems("beside", names)
        case .apart(let names): return Self.workloadProblems("apart", names)
        case .within(let name, let milliseconds):
            return Self.workloadProblems("within", [name])
                + Self.boundProblems("within", milliseconds, Self.latencies, "milliseconds")
        }
    }

    private static func countProblems(_ field: String, _ count: Int) -> [SpecificationError.Problem] {
        (1...SpecificationLimits.listed).contains(count)
            ? [] : [.init(field, "names \(count), between 1 and \(SpecificationLimits.listed) are allowed")]
    }

    private static func nameProblems(_ field: String, _ name: String) -> [SpecificationError.Problem] {
        SpecificationLimits.labelName.contains(name.utf8.count)
            ? [] : [.init(field, "a name has 1 to 63 bytes")]
    }

    static func boundProblems(
        _ field: String, _ bound: Double, _ range: ClosedRange<Double>, _ unit: String
    ) -> [SpecificationError.Problem] {
        range.contains(bound)
            ? [] : [.init(field, "must be \(range.lowerBound) to \(Int(range.upperBound)) \(unit)")]
    }

    private static func workloadProblems(
        _ field: String, _ names: [String]
    ) -> [SpecificationError.Problem] {
        let wrong = names.filter { !MachineSpecification.isName($0, atMost: SpecificationLimits.name) }
        return Self.countProblems(field, names.count)
            + wrong.prefix(1).map { .init(field, "“\(Self.short($0))” is no name of a workload") }
    }

    /// Not more of what somebody sent than an error needs.
    private static func short(_ text: String) -> String {
        text.count <= 32 ? text : text.prefix(32) + "…"
    }
}
