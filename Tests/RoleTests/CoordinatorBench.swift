import CloudModel
import Coordinator
import Federation
import Logging
import Operations
import Placement
import Storage

/// A coordinator over fake sites and a database in memory, which can be stopped and started.
struct CoordinatorBench {
    static let alice = GrantBook.Caller(address: "alice@paris.test", domain: "paris.test")
    static let bob = GrantBook.Caller(address: "bob@paris.test", domain: "paris.test")

    let clock: TestClock
    let uptime = ManualUptime()
    let database: Database
    let sites: FakeSites
    /// Is told what happens to workloads.
    var tell: (@Sendable (WorkloadNews) async -> Void)?

    init(_ sites: [(String, Position?, Int)] = Self.world) throws {
        self.clock = TestClock()
        self.database = try Database()
        self.sites = FakeSites(sites, clock: self.clock)
    }

    /// Another coordinator over the same sites.
    init(beside other: Self) throws {
        self.clock = other.clock
        self.database = try Database()
        self.sites = other.sites
    }

    static let world: [(String, Position?, Int)] = [
        ("paris.test", Position(latitude: 48.9, longitude: 2.4), 4),
        ("tokyo.test", Position(latitude: 35.7, longitude: 139.7), 4),
        ("virginia.test", Position(latitude: 39.0, longitude: -77.5), 4),
    ]

    /// Runs a coordinator, as a process would, while `body` uses it; then ends it wherever it is.
    func run<Value: Sendable>(
        _ change: (inout Coordinator.Configuration) -> Void = { _ in },
        _ body: @Sendable (Coordinator, OperationTable) async throws -> Value
    ) async throws -> Value {
        var configuration = Coordinator.Configuration(address: SiteID("coordinator.test"))
        // Reviews are made by the tests that want them.
        configuration.keepInterval = .seconds(3_600)
        change(&configuration)
        let coordinator = Coordinator(
            configuration: configuration, store: PlacementStore(self.database), sites: self.sites,
            now: { self.clock.now() }, uptime: { self.uptime.now },
            pause: { try await Self.pause($0) }, tell: self.tell, logger: Logger(label: "test"))
        var table = OperationTable(site: SiteID("coordinator.test")) { () throws(OperationError) in
            Self.grants
        }
        coordinator.register(in: &table)
        let operations = table
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await coordinator.run() }
            try await coordinator.untilReady()
            let value = try await body(coordinator, operations)
            group.cancelAll()
            return value
        }
    }

    /// Lets machines come up, reports them and lets the coordinator look after them, until `value` is there.
    func settle<Value>(
        _ coordinator: Coordinator, until value: () async throws -> Value?
    ) async throws -> Value {
        while true {
            try Task.checkCancellation()
            await self.turn(coordinator)
            if let value = try await value() { return value }
        }
    }

    /// Does so once, and lets other tasks have their turn: neither of the two need ever wait for anything.
    func turn(_ coordinator: Coordinator) async {
        await self.boot(coordinator)
        await coordinator.review()
        await Task.yield()
    }

    /// Lets machines come up, and those sites report them that can be reached.
    func boot(_ coordinator: Coordinator) async {
        self.sites.boot()
        for machine in self.sites.machinesInReach {
            await coordinator.hear(machine)
        }
    }

    /// Short pauses are over at once; the patience of a caller has no end but the caller's.
    private static func pause(_ duration: Duration) async throws {
        guard duration >= .seconds(60) else { return await Task.yield() }
        let (silence, _) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        for await _ in silence {}
        try Task.checkCancellation()
    }

    static let grants = GrantBook(grants: [
        Grant(subject: .address("alice@paris.test"), permissions: .noun("workload"), scope: .own),
        Grant(subject: .address("bob@paris.test"), permissions: .noun("workload"), scope: .own),
        Grant(subject: .address("alice@paris.test"), permissions: .noun("application"), scope: .own),
        Grant(subject: .address("bob@paris.test"), permissions: .noun("application"), scope: .own),
        Grant(subject: .address("root@paris.test"), permissions: .all, scope: .site),
    ])

    static func specification(
        _ name: String = "web", replicas: Int = 1, near place: String = "JP",
        constraints: [Constraint] = [], spread: Spread = .pack
    ) -> WorkloadSpecification {
        WorkloadSpecification(
            name: name, replicas: replicas,
            resources: Resources(vcpus: 1, memory: .gibibytes(1), disk: .gibibytes(1)),
            image: ImageReference(format: .raw, location: "/images/web"),
            audience: Audience(shares: [.init(place: .country(place), weight: 1)]),
            constraints: constraints, spread: spread)
    }

    static func place(
        _ name: String = "web", replicas: Int64 = 1, key: String? = nil, by caller: GrantBook.Caller = alice,
        wait: String = "placed", more: [String: Value] = [:]
    ) -> Invocation {
        var arguments: [String: Value] = [
            "name": .string(name), "replicas": .integer(replicas), "image": .string("/images/web"),
            "format": .string("raw"), "vcpus": .integer(1), "memory": .integer(1_024),
            "disk": .integer(1_024),
            "audience": .array([.string("JP")]), "wait": .string(wait),
        ]
        arguments.merge(more) { $1 }
        return Invocation(
            operation: "workload.place", arguments: arguments, caller: caller, idempotencyKey: key)
    }
}

extension OperationResult {
    func workload() throws -> Workload {
        try ValueDecoder().decode(Workload.self, from: self.value)
    }
}
