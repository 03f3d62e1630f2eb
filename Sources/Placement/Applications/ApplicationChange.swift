package import CloudModel

/// What applying a document would do to one part.
package struct ApplicationChange: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case add
        /// The number of replicas changes; those that stay are left alone.
        case scale
        /// Another workload takes over: placed beside the one there is, which is removed once it runs.
        case replace
        case remove
        case unchanged
    }

    package let part: String
    package let kind: Kind
    /// What differs from what is there: `image`, `replicas 2 → 3`.
    package let differences: [String]
    /// The workload that is there and would be scaled; nil otherwise.
    package let workload: WorkloadID?
    /// Whether machines would be deleted, with what is on their disks.
    package let destroys: Bool

    init(
        part: String, kind: Kind, differences: [String] = [], workload: WorkloadID? = nil,
        destroys: Bool = false
    ) {
        self.part = part
        self.kind = kind
        self.differences = differences
        self.workload = workload
        self.destroys = destroys
    }
}

extension ApplicationSaga {
    /// What applying `wanted` would change, part by part in its order, then what would go, dependents first.
    package func changes(
        to wanted: ApplicationSpecification, over workloads: [Workload]
    ) -> [ApplicationChange] {
        var changes = wanted.parts.map { self.change(of: $0, in: wanted, over: workloads) }
        let gone = self.members.filter { member in
            wanted[part: member.name] == nil
                && workloads.contains { $0.specification.part?.part == member.name && $0.isLive }
        }
        let order = ApplicationSpecification(name: self.name, parts: self.members.map(\.part)).ordered
        for part in order.reversed() where gone.contains(where: { $0.name == part.name }) {
            changes.append(ApplicationChange(part: part.name, kind: .remove, destroys: true))
        }
        return changes
    }

    private func change(
        of part: ApplicationSpecification.Part, in wanted: ApplicationSpecification,
        over workloads: [Workload]
    ) -> ApplicationChange {
        let versions = workloads.filter { $0.specification.part?.part == part.name && $0.isLive }
        if let kept = self.kept(for: part, of: wanted, among: versions) {
            return self.change(of: part, keeping: kept, instead: self.successor(of: kept, among: versions))
        }
        guard let serving = Self.serving(versions) else {
            return ApplicationChange(part: part.name, kind: .add)
        }
        let asked = wanted.workload(of: part, as: self.id, generation: serving.generation)
        return ApplicationChange(
            part: part.name, kind: .replace, differences: serving.specification.differences(to: asked),
            destroys: true)
    }

    /// What is left alone but for its number; `successor` was to take over from it and is given up.
    private func change(
        of part: ApplicationSpecification.Part, keeping kept: Workload, instead successor: Workload?
    ) -> ApplicationChange {
        let givenUp = successor.map { "\($0.specification.name), which was to take over, is given up" }
        guard part.hasAnotherNumber(than: kept) else {
            return ApplicationChange(
                part: part.name, kind: .unchanged, differences: givenUp.map { [$0] } ?? [],
                destroys: givenUp != nil)
        }
        let (before, after) = (kept.specification.replicas, part.workload.replicas)
        return ApplicationChange(
            part: part.name, kind: .scale,
            differences: ["replicas \(before) → \(after)"] + (givenUp.map { [$0] } ?? []),
            workload: kept.id, destroys: after < before || givenUp != nil)
    }

    /// What was to take over from `kept` and may have machines by now.
    private func successor(of kept: Workload, among versions: [Workload]) -> Workload? {
        versions.first { version in
            version.generation == self[part: version.specification.part?.part ?? ""]?.generation
                && version.id != kept.id && version.mayHaveMachines
        }
    }
}

extension ApplicationSpecification.Part {
    /// Whether `workload` has another number of replicas than the document says; what follows its users has as many as
    /// they need.
    func hasAnotherNumber(than workload: Workload) -> Bool {
        self.workload.following == nil && workload.specification.replicas != self.workload.replicas
    }
}

extension WorkloadSpecification {
    /// What differs in `other`, in words.
    fileprivate func differences(to other: Self) -> [String] {
        var differences: [String] = []
        func note(_ name: String, _ isDifferent: Bool) {
            if isDifferent { differences.append(name) }
        }
        if self.replicas != other.replicas {
            differences.append("replicas \(self.replicas) → \(other.replicas)")
        }
        if self.resources != other.resources {
            differences.append("size \(self.resources) → \(other.resources)")
        }
        note("image", self.image != other.image)
        note("audience", self.audience != other.audience)
        note("constraints", self.constraints != other.constraints)
        note("per-site", self.spread != other.spread)
        note("weights", self.objectives != other.objectives)
        note("how it is kept", self.keeping != other.keeping)
        note("priority", self.priority != other.priority)
        note("hosts", self.hosts != other.hosts)
        note("how it follows its users", self.following != other.following)
        return differences.isEmpty ? ["other wishes"] : differences
    }
}
