import CloudModel
import Placement
import Storage

/// Parts that are still to be placed and get their sites together, as each is bound to another one of them.
struct PartGroup {
    /// In the order in which sites are looked for.
    let workloads: [WorkloadSpecification]
    /// How near they must be to parts that are there and bound to them, by their names.
    private let near: [String: [String: Double]]
    /// Where they cannot go, by their names.
    private let barred: [String: [SiteID: String]]
    /// Where the other workloads are that matter to these.
    private let neighbours: [String: [SiteID: Int]]

    /// The group of a part that is to be placed; independent ones have no say in it.
    init(around part: String, of application: StoredApplication, in state: CoordinatorState) {
        let saga = application.saga
        let wanted = saga.specification
        let there = state.partsThere(of: saga)
        let waiting = wanted.ordered.filter { !there.contains($0.name) }.map { other in
            wanted.workload(of: other, as: saga.id, generation: saga[part: other.name]?.generation ?? 1)
        }
        self.workloads = Self.connected(
            waiting, to: ApplicationSpecification.workloadName(ofPart: part, in: wanted.name))
        self.near = wanted.nearness(to: there)
        self.barred = state.sitesBarred(for: self.workloads, ownedBy: application.owner)
        self.neighbours = state.neighbours(
            of: self.workloads, near: self.near, ownedBy: application.owner)
    }

    /// Those that refer to `name`, or that it refers to, and so on.
    private static func connected(
        _ workloads: [WorkloadSpecification], to name: String
    ) -> [WorkloadSpecification] {
        let names = Set(workloads.map(\.partName))
        var group: Set<String> = [name]
        var count = 0
        while count < group.count {
            count = group.count
            for workload in workloads {
                let others = workload.namedWorkloads.intersection(names)
                guard group.contains(workload.partName) || !group.isDisjoint(with: others) else { continue }
                group.formUnion(others.union([workload.partName]))
            }
        }
        return workloads.filter { group.contains($0.partName) }
    }

    func index(of part: String) -> Int? { self.workloads.firstIndex { $0.part?.part == part } }

    /// Whether nobody else depends on where a part is.
    func isFree(_ part: String) -> Bool {
        guard let index = self.index(of: part) else { return true }
        let name = self.workloads[index].partName
        return self.near[name] == nil && !self.workloads.contains { $0.namedWorkloads.contains(name) }
    }

    func plan(
        with planner: Planner, over snapshot: PlacementSnapshot
    ) throws(SpecificationError) -> [Plan] {
        try ApplicationPlanner(planner)
            .plan(
                self.workloads, near: self.near, barred: self.barred, over: snapshot,
                neighbours: self.neighbours)
    }
}
