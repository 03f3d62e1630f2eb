/// What a user asks a coordinator to run as a whole: several workloads, and how they depend on each other.
package struct ApplicationSpecification: Hashable, Codable, Sendable {
    /// One of the workloads.
    package struct Part: Hashable, Codable, Sendable {
        /// What runs; its name is the part's, and other parts that it refers to go by the names of theirs.
        package var workload: WorkloadSpecification
        /// The parts that must run before this one is placed.
        package var after: [String]
        /// The longest round trip from each replica to the nearest replica of another part.
        package var bounds: [Bound]

        package init(workload: WorkloadSpecification, after: [String] = [], bounds: [Bound] = []) {
            self.workload = workload
            self.after = after
            self.bounds = bounds
        }

        package var name: String { self.workload.name }

        /// The parts that must have their sites before this one can be given its own.
        package var prerequisites: Set<String> { Set(self.after + self.bounds.map(\.part)) }
    }

    package struct Bound: Hashable, Codable, Sendable {
        package var part: String
        package var milliseconds: Double

        package init(part: String, milliseconds: Double) {
            self.part = part
            self.milliseconds = milliseconds
        }
    }

    /// The most characters of an application's and of a part's name: together they name workloads.
    package static let nameMax = 20
    /// The most parts of one application.
    package static let partLimit = 32

    package var name: String
    package var parts: [Part]

    package init(name: String, parts: [Part]) {
        self.name = name
        self.parts = parts
    }

    package subscript(part name: String) -> Part? { self.parts.first { $0.name == name } }

    package static func workloadName(ofPart part: String, in application: String) -> String {
        "\(application)-\(part)"
    }

    /// How near the other parts must be to those in `staying` that are bound to them and will not move for them: for
    /// each the longest round trips in milliseconds, all by the names of their workloads.
    package func nearness(to staying: Set<String>) -> [String: [String: Double]] {
        var nearness: [String: [String: Double]] = [:]
        for part in self.parts where staying.contains(part.name) {
            let name = Self.workloadName(ofPart: part.name, in: self.name)
            for bound in part.bounds where !staying.contains(bound.part) {
                let other = Self.workloadName(ofPart: bound.part, in: self.name)
                let least = min(nearness[other]?[name] ?? .infinity, bound.milliseconds)
                nearness[other, default: [:]][name] = least
            }
        }
        return nearness
    }

    /// The workload that is to run as `part`, named and marked as that.
    package func workload(
        of part: Part, as id: ApplicationID, generation: Int
    ) -> WorkloadSpecification {
        func workloadName(_ other: String) -> String {
            self[part: other] == nil ? other : Self.workloadName(ofPart: other, in: self.name)
        }
        let reference = PartReference(
            application: id, name: self.name, part: part.name, generation: generation)
        var workload = part.workload
        workload.part = reference
        workload.name = reference.workloadName + (generation == 1 ? "" : "-g\(generation)")
        for (index, share) in workload.audience.shares.enumerated() {
            guard case .workload(let other) = share.place else { continue }
            workload.audience.shares[index].place = .workload(workloadName(other))
        }
        workload.constraints = workload.constraints.map { constraint in
            switch constraint {
            case .beside(let others): .beside(others.map(workloadName))
            case .apart(let others): .apart(others.map(workloadName))
            case .within(let other, let limit): .within(workloadName(other), milliseconds: limit)
            case .country, .region, .label, .feature, .hypervisor, .only, .avoid, .latencyAtMost,
                .priceAtMost, .carbonAtMost:
                constraint
            }
        }
        workload.constraints += part.bounds.map {
            .within(workloadName($0.part), milliseconds: $0.milliseconds)
        }
        return workload
    }
}
