import CloudModel
import Placement
import Storage

/// What is needed to say what a document would change, taken from the coordinator's memory at one moment.
struct ApplicationDraft {
    private let name: String
    private let changes: [ApplicationChange]
    /// Those that would be placed, in the order in which they would.
    private let placing: [WorkloadSpecification]
    /// How near these must be to parts that stay where they are.
    private let near: [String: [String: Double]]
    /// Those that would grow: what is there, and the numbers of the replicas that would come.
    private let growing: [(part: String, request: PlanRequest)]
    private let snapshot: PlacementSnapshot
    private let neighbours: [String: [SiteID: Int]]
    /// Where the new ones cannot go, by their names.
    private let barred: [String: [SiteID: String]]
    /// How many workloads wait for room that are served before each of these, by its name.
    private let waiting: [String: Int]

    init(
        _ wanted: ApplicationSpecification, of known: StoredApplication?, for owner: String,
        as draft: ApplicationID, over state: inout CoordinatorState, now: Instant
    ) {
        // An application that is not there yet gets an id for this alone.
        let saga = known?.saga ?? ApplicationSaga(id: draft, name: wanted.name)
        let workloads = known.map { state.parts(of: $0.id) } ?? []
        let changes = saga.changes(to: wanted, over: workloads)
        let new = Set(changes.filter { $0.kind == .add || $0.kind == .replace }.map(\.part))
        let staying = Set(changes.filter { $0.kind == .unchanged || $0.kind == .scale }.map(\.part))
        self.name = wanted.name
        self.changes = changes
        self.placing = wanted.ordered.filter { new.contains($0.name) }.map { part in
            let versions = workloads.filter { $0.specification.part?.part == part.name }
            let generation = 1 + (versions.map(\.generation).max() ?? 0)
            return wanted.workload(of: part, as: saga.id, generation: generation)
        }
        var growing: [(part: String, request: PlanRequest)] = []
        for change in changes where change.kind == .scale {
            guard let part = wanted[part: change.part],
                let there = change.workload.flatMap({ state.placements[$0] })
            else { continue }
            let more = part.workload.replicas - there.specification.replicas
            guard more > 0 else { continue }
            growing.append((change.part, state.growth(of: there, by: more, near: nil)))
        }
        self.growing = growing
        self.near = wanted.nearness(to: staying)
        self.neighbours = state.neighbours(of: self.placing, near: self.near, ownedBy: owner)
        self.barred = state.sitesBarred(for: self.placing, ownedBy: owner)
        self.snapshot = state.snapshot(now: now)
        var waiting: [String: Int] = [:]
        for workload in self.placing + growing.map({ $0.request.specification }) {
            waiting[workload.name] = state.waiting(before: workload.priority, now: now)
        }
        self.waiting = waiting
    }

    /// The plans, and all of it in words; of no use once `isOver` says so.
    func plan(
        with planner: Planner, unless isOver: () -> Bool
    ) throws(SpecificationError) -> ApplicationPlan {
        var plans: [String: PlanReport] = [:]
        let placed = try ApplicationPlanner(planner).plan(
            self.placing, near: self.near, barred: self.barred, over: self.snapshot,
            neighbours: self.neighbours, unless: isOver)
        for (workload, plan) in zip(self.placing, placed) {
            plans[workload.part?.part ?? workload.name] = self.report(plan, on: workload)
        }
        for (part, request) in self.growing where !isOver() {
            let plan = try planner.plan(request, over: self.snapshot)
            plans[part] = self.report(plan, on: request.specification)
        }
        return ApplicationPlan(application: self.name, changes: self.changes, plans: plans)
    }

    private func report(_ plan: Plan, on workload: WorkloadSpecification) -> PlanReport {
        PlanReport(
            plan, priority: workload.priority ?? WorkloadSpecification.usualPriority,
            waiting: self.waiting[workload.name] ?? 0)
    }
}
