import CloudModel

/// The sites and the workloads on them while moves are chosen: each chosen move changes both.
struct RebalancingScene {
    private var snapshot: PlacementSnapshot
    private let indices: [SiteID: Int]
    private var subjects: [WorkloadID: RebalancingSubject]
    /// By owner, as workloads know only those of their own, then by the name that others know them by.
    ///
    /// By the name of a part of an application it is the latest version; each has a name of its own besides.
    private let names: [String: [String: WorkloadID]]
    /// Workloads whose constraints or audience name others, by the owner and the name of the one that they name.
    private let dependents: [String: [String: [WorkloadID]]]

    init(_ subjects: [RebalancingSubject], over snapshot: PlacementSnapshot) {
        self.snapshot = snapshot
        self.indices = Dictionary(
            snapshot.candidates.enumerated().map { ($1.description.site, $0) },
            uniquingKeysWith: { first, _ in first })
        self.subjects = Dictionary(
            subjects.map { ($0.workload, $0) }, uniquingKeysWith: { first, _ in first })
        var names: [String: [String: WorkloadID]] = [:]
        var dependents: [String: [String: [WorkloadID]]] = [:]
        for subject in subjects.sorted(by: { $0.standsIn < $1.standsIn }) {
            names[subject.owner, default: [:]][subject.specification.partName] = subject.workload
            for name in subject.specification.namedWorkloads {
                dependents[subject.owner, default: [:]][name, default: []].append(subject.workload)
            }
        }
        for subject in subjects where names[subject.owner]?[subject.specification.name] == nil {
            names[subject.owner, default: [:]][subject.specification.name] = subject.workload
        }
        self.names = names
        self.dependents = dependents
    }

    subscript(workload: WorkloadID) -> RebalancingSubject? { self.subjects[workload] }

    /// Where the workloads are that `subject` names.
    func neighbours(of subject: RebalancingSubject) -> [String: [SiteID: Int]] {
        var neighbours: [String: [SiteID: Int]] = [:]
        for name in subject.specification.namedWorkloads {
            guard let id = self.names[subject.owner]?[name] else { continue }
            neighbours[name] = self.subjects[id]?.placed
        }
        return neighbours
    }

    /// The others that name it, by any of its names.
    private func dependents(of subject: RebalancingSubject) -> [RebalancingSubject] {
        let named = self.dependents[subject.owner] ?? [:]
        return subject.specification.ownNames.sorted().flatMap { named[$0] ?? [] }
            .compactMap { self.subjects[$0] }.filter { $0.workload != subject.workload }
    }

    /// Whether another workload is where it is because of this one: it is near to it, or beside it at that site.
    func isHeld(_ subject: RebalancingSubject, at site: SiteID) -> Bool {
        let names = subject.specification.ownNames
        return self.dependents(of: subject).contains { other in
            let isNear = other.specification.audience.shares.contains { share in
                if case .workload(let name) = share.place { names.contains(name) } else { false }
            }
            if isNear { return true }
            return other.specification.constraints.contains { constraint in
                switch constraint {
                case .beside(let others): !names.isDisjoint(with: others) && other.placed[site] != nil
                case .within(let near, _): names.contains(near)
                case .country, .region, .label, .feature, .hypervisor, .only, .avoid, .latencyAtMost,
                    .priceAtMost, .carbonAtMost, .apart:
                    false
                }
            }
        }
    }

    /// Sites of workloads that must be apart from this one, and why it cannot go there.
    func sitesBarred(for subject: RebalancingSubject) -> [SiteID: String] {
        let names = subject.specification.ownNames
        var barred: [SiteID: String] = [:]
        for other in self.dependents(of: subject) {
            guard other.specification.partName != subject.specification.partName,
                !other.specification.apartNames.isDisjoint(with: names)
            else { continue }
            for site in other.placed.keys {
                barred[site] = "\(other.specification.name) is to be apart from it"
            }
        }
        return barred
    }

    /// What is known, as it would be had a machine of that size just left the site.
    ///
    /// Whether the site would take it again is beside the point: it is there.
    func snapshot(without resources: Resources, at site: SiteID) -> PlacementSnapshot {
        guard let index = self.indices[site] else { return self.snapshot }
        var snapshot = self.snapshot
        snapshot.candidates[index].giveBack(resources)
        snapshot.candidates[index].description.policy = .open
        snapshot.candidates[index].description.capacity.heat = nil
        return snapshot
    }

    mutating func move(_ proposal: MoveProposal) {
        guard var subject = self.subjects[proposal.workload] else { return }
        let resources = subject.specification.resources
        if let index = self.indices[proposal.from] { self.snapshot.candidates[index].giveBack(resources) }
        if let index = self.indices[proposal.to] {
            let pending = self.snapshot.candidates[index].pending
            self.snapshot.candidates[index].pending = pending + resources
        }
        subject.placed[proposal.from] = subject.placed[proposal.from].flatMap { $0 > 1 ? $0 - 1 : nil }
        subject.placed[proposal.to, default: 0] += 1
        if let seat = subject.movable[proposal.replica] {
            subject.movable[proposal.replica] = RebalancingSubject.Seat(site: proposal.to, near: seat.near)
        }
        self.subjects[proposal.workload] = subject
    }
}

extension RebalancingSubject {
    /// Of several versions of a part, the one with the highest number is meant by its name: the latest that is
    /// somewhere.
    fileprivate var standsIn: Int {
        let generation = self.specification.part?.generation ?? 0
        return self.placed.isEmpty ? generation - Int.max / 2 : generation
    }
}

extension Candidate {
    /// Frees what a machine takes, as `SiteFigures.take` takes it.
    fileprivate mutating func giveBack(_ resources: Resources) {
        var capacity = self.description.capacity
        capacity.free = (capacity.free + resources).limited(to: capacity.total)
        let slot = capacity.largestFreeSlot
        // On one host what is given back lies beside what was free; on several it is at least a place of its own.
        let largest = capacity.hosts <= 1 ? slot + resources : slot.raised(to: resources)
        capacity.largestFreeSlot = largest.limited(to: capacity.free)
        if capacity.total.vcpus > 0 {
            capacity.load = max(0, capacity.load - Double(resources.vcpus) / Double(capacity.total.vcpus))
        }
        self.description.capacity = capacity
    }
}
