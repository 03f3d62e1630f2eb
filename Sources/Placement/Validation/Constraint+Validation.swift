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
                + unknown.prefix(1).map { .init("countries", "\($0) is no ISO 3166 country code such as FR") }
        case .label(let name, let value):
            guard SpecificationLimits.labelName.contains(name.utf8.count),
                value.utf8.count <= SpecificationLimits.labelValue
            else {
                return [.init("labels", "a name has 1 to 63 bytes, a value up to 255")]
            }
            return []
        case .hypervisor(let name):
            return SpecificationLimits.labelName.contains(name.utf8.count)
                ? [] : [.init("hypervisor", "a name has 1 to 63 bytes")]
        case .only(let sites):
            return Self.countProblems("only", sites.count)
        case .avoid(let sites):
            return Self.countProblems("avoid", sites.count)
        case .latencyAtMost(let milliseconds):
            guard milliseconds.isFinite, milliseconds > 0, milliseconds <= SpecificationLimits.latency else {
                return [.init("max-latency", "must be above 0 and up to 60000 milliseconds")]
            }
            return []
        }
    }

    private static func countProblems(_ field: String, _ count: Int) -> [SpecificationError.Problem] {
        (1...SpecificationLimits.listed).contains(count)
            ? [] : [.init(field, "names \(count), between 1 and \(SpecificationLimits.listed) are allowed")]
    }
}
