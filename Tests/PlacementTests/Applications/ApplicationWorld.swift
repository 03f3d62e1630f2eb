import CloudModel
import Placement
import Testing

/// An application and the workloads that are its parts, as its coordinator would see them; carries directives out.
final class ApplicationWorld {
    static let root = "00000000-0000-4000-8000-000000000000"

    var saga: ApplicationSaga
    private(set) var workloads: [Workload] = []
    /// What was done, in order: `place db 1`, `remove web 1`.
    private(set) var log: [String] = []
    private var placed: UInt64 = 0
    /// Whether what is resized gets its replicas, or all sites refuse those that are added.
    var takesReplicas = true
    private var fallenBack: Set<WorkloadID> = []
    /// Parts that were resized and have to pause before that is done again.
    private var resting: Set<String> = []
    var now = Instant(millisecondsSinceEpoch: 0)

    init() throws {
        self.saga = ApplicationSaga(id: try #require(ApplicationID(Self.root)), name: "shop")
    }

    /// Two parts that run.
    static func running() throws -> ApplicationWorld {
        let world = try ApplicationWorld()
        world.apply(self.part("db"), self.part("web", replicas: 2, after: ["db"]))
        for _ in 0..<3 {
            world.advance()
            world.settle()
        }
        #expect(world.state == .running)
        _ = world.takeLog()
        return world
    }

    /// Two parts that run, and beside `web` another one that is to replace it.
    static func replacing() throws -> ApplicationWorld {
        let world = try self.running()
        world.apply(self.part("db"), self.part("web", replicas: 2, memory: 2, after: ["db"]))
        world.advance()
        return world
    }

    static func part(
        _ name: String, replicas: Int = 1, memory: Int64 = 1, after: [String] = [],
        within: [String: Double] = [:]
    ) -> ApplicationSpecification.Part {
        var workload = Samples.specification(replicas: replicas, resources: Samples.resources(1, memory))
        workload.name = name
        return ApplicationSpecification.Part(
            workload: workload, after: after,
            bounds: within.sorted { $0.key < $1.key }.map { .init(part: $0.key, milliseconds: $0.value) })
    }

    static func shop(_ parts: ApplicationSpecification.Part...) -> ApplicationSpecification {
        ApplicationSpecification(name: "shop", parts: parts)
    }

    func apply(_ parts: ApplicationSpecification.Part...) {
        self.saga.apply(ApplicationSpecification(name: "shop", parts: parts), over: self.workloads)
    }

    /// Carries out what is due until nothing is; a part in `refused` finds no site.
    func advance(refused: Set<String> = []) {
        for _ in 0..<100 {
            let directives = self.due()
            if directives.isEmpty { return }
            for directive in directives { self.carryOut(directive, refused: refused) }
        }
        Issue.record("it never comes to rest")
    }

    /// What is due, and nothing done about it.
    func due() -> [ApplicationSaga.Directive] {
        self.saga.advance(over: self.workloads, fallenBack: self.fallenBack).filter { directive in
            switch directive {
            case .resize(let part, _, _), .retry(let part, _): !self.resting.contains(part)
            case .place, .remove: true
            }
        }
    }

    /// Ends all pauses.
    func wake() { self.resting = [] }

    func carryOut(_ directive: ApplicationSaga.Directive, refused: Set<String> = []) {
        switch directive {
        case .place(let part, let generation):
            self.log.append("place \(part) \(generation)")
            guard !refused.contains(part) else {
                self.saga.handle(.refused(part: part, generation: generation, reason: "no room"))
                return
            }
            self.place(part, generation)
            self.saga.handle(.placed(part: part, generation: generation))
        case .resize(let part, let id, let count):
            self.log.append("resize \(part) \(count)")
            self.resting.insert(part)
            self.fallenBack.remove(id)
            if self.takesReplicas {
                self.scale(id, to: count)
            } else {
                self.fallenBack.insert(id)
            }
            self.saga.handle(.resized(part: part, to: count, at: self.now))
        case .retry(let part, _):
            self.log.append("retry \(part)")
            self.resting.insert(part)
        case .remove(let id):
            self.change(id) { workload in
                workload.state = .removing
            }
            let part = self.workloads.first { $0.id == id }?.specification.part
            self.log.append("remove \(part?.part ?? "") \(part?.generation ?? 0)")
        }
    }

    private func place(_ part: String, _ generation: Int) {
        self.placed += 1
        guard let specification = self.saga.workload(of: part, generation: generation),
            !self.workloads.contains(where: { $0.specification.name == specification.name })
        else { return }
        self.workloads.append(
            Workload(
                id: WorkloadID(derivedFrom: self.saga.id, path: [self.placed]),
                owner: "alice@paris.test",
                specification: specification, state: .placed,
                replicas: Self.replicas(specification.replicas, state: .creating),
                created: Instant(millisecondsSinceEpoch: 0)))
    }

    private static func replicas(_ count: Int, state: MachineState) -> [Workload.Replica] {
        (0..<count).map {
            Workload.Replica(index: $0, epoch: 1, site: SiteID("paris.test"), machine: nil, state: state)
        }
    }

    func change(_ id: WorkloadID, _ change: (inout Workload) -> Void) {
        for index in self.workloads.indices where self.workloads[index].id == id {
            change(&self.workloads[index])
        }
    }

    /// Gives a workload another number of replicas, all of which run.
    func scale(_ id: WorkloadID, to count: Int) {
        self.change(id) { workload in
            workload.specification.replicas = count
            workload.replicas = Self.replicas(count, state: .running)
        }
    }

    /// Somebody gives the latest workload of a part another number of replicas.
    func scaleByHand(part: String, to count: Int) {
        guard let id = self.workloads.last(where: { $0.specification.part?.part == part })?.id else { return }
        self.fallenBack.remove(id)
        self.scale(id, to: count)
    }

    /// Changes the latest workload of a part.
    func change(part: String, _ change: (inout Workload) -> Void) {
        let id = self.workloads.last { $0.specification.part?.part == part }?.id
        if let id { self.change(id, change) }
    }

    /// Every machine comes up, and what is being removed is gone.
    func settle() {
        for index in self.workloads.indices {
            if self.workloads[index].state == .removing { self.workloads[index].state = .removed }
            for replica in self.workloads[index].replicas.indices {
                self.workloads[index].replicas[replica].state = .running
            }
        }
        self.workloads.removeAll { $0.state == .removed }
    }

    var state: Application.State { self.saga.state(over: self.workloads) }
    var words: [String] { self.saga.parts(over: self.workloads).map { "\($0.name) \($0.text)" } }
    var states: [Application.Part.State] { self.saga.parts(over: self.workloads).map(\.state) }
    var names: [String] { self.workloads.map(\.specification.name) }

    func takeLog() -> [String] {
        defer { self.log = [] }
        return self.log
    }
}
