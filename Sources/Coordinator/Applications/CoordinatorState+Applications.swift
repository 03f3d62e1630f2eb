import CloudModel
import Placement
import Storage

extension CoordinatorState {
    /// What one look at an application calls for.
    struct ApplicationStep {
        let application: StoredApplication
        let directives: [ApplicationSaga.Directive]
        let isGone: Bool
    }

    /// The workloads that are marked as parts of an application, those that are removed left out.
    func parts(of id: ApplicationID) -> [Workload] {
        self.applications.workloads(of: id).compactMap { self.placements[$0] }
            .filter { $0.saga.state != .removed }
            .map { placement in
                var workload = placement.workload
                // As it was asked for: a number given by hand may have lowered it, which no document asks for.
                workload.specification.keeping?.minimum = placement.asked.keeping?.minimum
                return workload
            }
    }

    /// Looks at an application; nil if there is none.
    mutating func advance(_ id: ApplicationID) -> ApplicationStep? {
        guard var application = self.applications.applications[id] else { return nil }
        let before = application.saga
        let workloads = self.parts(of: id)
        let fallenBack = workloads.map(\.id).filter { self.placements[$0]?.saga.hasFallenBack == true }
        let directives = application.saga.advance(over: workloads, fallenBack: Set(fallenBack))
        if application.saga != before { self.applications.keep(application) }
        return ApplicationStep(
            application: self.applications.applications[id] ?? application, directives: directives,
            isGone: application.saga.isGone(over: workloads))
    }

    /// Lets `change` change an application's saga.
    mutating func change(_ id: ApplicationID, _ change: (inout ApplicationSaga, [Workload]) -> Void) {
        guard var application = self.applications.applications[id] else { return }
        let before = application.saga
        change(&application.saga, self.parts(of: id))
        if application.saga != before { self.applications.keep(application) }
    }

    /// The application as its owner sees it.
    func report(on application: StoredApplication) -> Application {
        let workloads = self.parts(of: application.id)
        let saga = application.saga
        let state = saga.state(over: workloads)
        let troubles = saga.troubles(over: workloads)
        return Application(
            id: application.id, name: saga.name, owner: application.owner, state: state,
            reason: Self.sentences(state == .failed ? troubles : state == .applying ? saga.waits : []),
            parts: saga.parts(over: workloads), created: application.created)
    }

    private static func sentences(_ sentences: [String]) -> String? {
        sentences.isEmpty ? nil : sentences.joined(separator: ". ")
    }

    /// What happened to the workloads that are parts of an application, oldest first.
    func events(of id: ApplicationID) -> [Application.Event] {
        let placements = self.applications.workloads(of: id).compactMap { self.placements[$0] }
        let events = placements.flatMap { placement in
            placement.events.map { event in
                Application.Event(
                    at: event.at, part: placement.specification.part?.part ?? placement.specification.name,
                    replica: event.replica, text: event.text)
            }
        }
        return events.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
            .map(\.element)
    }

    /// The parts of an application that are there as its document wants them.
    func partsThere(of saga: ApplicationSaga) -> Set<String> {
        let references = self.parts(of: saga.id).compactMap(\.specification.part)
        return Set(references.filter { saga[part: $0.part]?.generation == $0.generation }.map(\.part))
    }

    /// Where the workloads of `owner` are to which any of these refers, or which these must be near to.
    func neighbours(
        of specifications: [WorkloadSpecification], near: [String: [String: Double]], ownedBy owner: String
    ) -> [String: [SiteID: Int]] {
        let names = specifications.map { $0.namedWorkloads.union((near[$0.partName] ?? [:]).keys) }
        return self.neighbours(named: names.reduce(into: []) { $0.formUnion($1) }, ownedBy: owner)
    }

    /// The workload that is the part which others call `name`: the latest that has a site.
    func part(called name: String) -> StoredPlacement? {
        let versions = self.applications.workloads(called: name).compactMap { self.placements[$0] }
            .filter { $0.saga.state != .removed && $0.saga.state != .removing }
            .sorted { $0.workload.generation < $1.workload.generation }
        return versions.last { !$0.saga.sites.isEmpty } ?? versions.last
    }
}
