import Agent
import CloudModel
import Federation
import Foundation
import Logging
import MachineDrivers
import Operations
import Storage
import Synchronization
import TestRandomness
import Testing
import XML
import XMPP

/// An agent with everything beside it in memory, and what it tells others.
struct AgentHarness: Sendable {
    /// What came out of the agent.
    final class Outbox: Sendable {
        private struct State {
            var reports: [(machine: Machine, holder: SiteID)] = []
            var refused: [MachineState] = []
            var rows: [SiteDescription] = []
            var isCut = false
            var unacknowledged = 0
            var silent: Set<SiteID> = []
            var leases = Leases.granted
            var asked: [LeaseRequest] = []
            var uptime = Uptime(boot: "first", milliseconds: 0)
            var looks = 0
            var patience: Duration?
        }

        /// What whoever is asked for leases answers.
        enum Leases {
            case granted, over, unknown, silent
            /// Nobody answers, until the time for that has gone by on the leases' clock.
            case hanging
        }

        func renew(
            _ request: LeaseRequest, of holder: SiteID, within patience: Duration
        ) async throws -> LeaseAnswer {
            let (answer, asked) = self.state.withLock { state in
                state.asked.append(request)
                state.patience = patience
                return (state.leases, state.uptime)
            }
            let machines = request.leases.map(\.machine)
            switch answer {
            case .granted: return LeaseAnswer(granted: machines, over: [])
            case .over: return LeaseAnswer(granted: [], over: machines)
            case .unknown: return LeaseAnswer(granted: [], over: [])
            case .silent: throw StanzaError(.remoteServerTimeout)
            case .hanging:
                try await AgentHarness.eventually("the time for an answer has gone by") {
                    asked.duration(to: self.uptime).map { $0 >= patience } ?? true
                }
                throw StanzaError(.remoteServerTimeout)
            }
        }

        func answerLeases(_ answer: Leases) { self.state.withLock { $0.leases = answer } }

        var asked: [LeaseRequest] { self.state.withLock(\.asked) }
        var uptime: Uptime { self.state.withLock(\.uptime) }
        /// How long whoever was asked for leases last had to answer.
        var patience: Duration? { self.state.withLock(\.patience) }
        /// How often the agent looked at the leases' clock.
        var looks: Int { self.state.withLock(\.looks) }

        /// What the agent sees.
        func look() -> Uptime {
            self.state.withLock { state in
                state.looks += 1
                return state.uptime
            }
        }

        func advanceUptime(by duration: Duration) {
            self.state.withLock { $0.uptime = $0.uptime.advanced(by: duration) }
        }

        /// The computer boots anew.
        func reboot() {
            self.state.withLock { $0.uptime = Uptime(boot: $0.uptime.boot + "+", milliseconds: 0) }
        }

        private let state = Mutex(State())
        private let clock = Mutex(AgentFixtures.start)

        func report(_ machine: Machine, to holder: SiteID) async throws {
            let isSilent = try self.state.withLock { state in
                guard !state.isCut else {
                    state.refused.append(machine.state)
                    throw StanzaError(.remoteServerTimeout)
                }
                state.reports.append((machine, holder))
                guard state.unacknowledged == 0 else {
                    state.unacknowledged -= 1
                    throw StanzaError(.remoteServerTimeout)
                }
                return state.silent.contains(holder)
            }
            guard isSilent else { return }
            let (never, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            for await _ in never {}
            continuation.finish()
            throw CancellationError()
        }

        /// The next reports arrive, but nobody learns of it.
        func loseAcknowledgements(_ count: Int) {
            self.state.withLock { $0.unacknowledged = count }
        }

        /// Reports to `holder` are never answered.
        func silence(_ holder: SiteID) {
            self.state.withLock { _ = $0.silent.insert(holder) }
        }

        func publish(_ description: SiteDescription) {
            self.state.withLock { $0.rows.append(description) }
        }

        var reports: [(machine: Machine, holder: SiteID)] { self.state.withLock(\.reports) }
        /// What was to be reported while nobody could be reached.
        var refused: [MachineState] { self.state.withLock(\.refused) }
        var rows: [SiteDescription] { self.state.withLock(\.rows) }

        func cut(_ isCut: Bool) {
            self.state.withLock { $0.isCut = isCut }
        }

        /// Each look at the clock is a millisecond later.
        func now() -> Instant {
            self.clock.withLock { now in
                now = now.advanced(by: .milliseconds(1))
                return now
            }
        }

        func advance(by duration: Duration) {
            self.clock.withLock { $0 = $0.advanced(by: duration) }
        }
    }

    static let coordinator = SiteID("coordinator.test")
    /// Whom the alliance does not know as sites.
    static let people: Set = [SiteID("alice@paris.test"), SiteID("you@example.test")]

    let agent: Agent
    let driver: InMemoryDriver
    let outbox: Outbox
    let images: String

    /// Runs an agent for the length of `body`.
    @discardableResult
    static func with<Value: Sendable>(
        driver: InMemoryDriver = InMemoryDriver(hosts: [AgentFixtures.host()]),
        database: Database? = nil, rules: SiteRules = SiteRules(), heat: HeatRules = HeatRules(),
        outbox: Outbox = Outbox(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: @Sendable (Self) async throws -> Value
    ) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(atPath: directory)
            } catch {
                Issue.record(error)
            }
        }
        try Data("an image".utf8).write(to: URL(fileURLWithPath: directory + "/base.qcow2"))
        let agent = try Agent(
            configuration: AgentConfiguration(
                site: AgentFixtures.paris, profile: AgentConfiguration.Profile(name: "Paris"), rules: rules,
                measureInterval: .milliseconds(20), retryDelay: .milliseconds(10),
                leaseInterval: .milliseconds(5), heat: heat),
            driver: driver,
            images: ImageStore(
                configuration: ImageStoreConfiguration(
                    directories: [directory], cache: directory + "/cache")),
            database: try database ?? Database(),
            outlets: Agent.Outlets(
                report: { try await outbox.report($0, to: $1) }, publish: { outbox.publish($0) },
                listens: { !Self.people.contains($0) },
                renew: { try await outbox.renew($0, of: $1, within: $2) }),
            logger: logger, now: { outbox.now() }, uptime: { outbox.look() })
        let harness = Self(agent: agent, driver: driver, outbox: outbox, images: directory)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            try await Self.eventually("the hypervisor is in sight") {
                agent.service.keeper.read { $0.outage == nil && !$0.hosts.isEmpty }
            }
            return try await body(harness)
        }
    }

    /// A request for a small machine whose image exists.
    func request(
        _ name: String, seed: UInt64 = 1, sha256: String? = nil, vcpus: Int = 1,
        holder: SiteID = Self.coordinator, location: String? = nil
    ) -> SiteLedger.Request {
        var generator = SeededGenerator(seed: seed)
        return SiteLedger.Request(
            id: generator.id(), holder: holder,
            specification: AgentFixtures.specification(
                name, vcpus: vcpus,
                image: ImageReference(
                    format: .qcow2, location: location ?? self.images + "/base.qcow2", sha256: sha256)),
            replica: ReplicaReference(workload: generator.id(), index: 0, epoch: 1))
    }

    /// Reserves and commits.
    func place(_ request: SiteLedger.Request) async throws -> Machine {
        _ = try await self.agent.service.reserve(request)
        return try await self.agent.service.commit(request.id, by: request.holder, isAdmin: false)
    }

    /// Reserves and commits a machine with a lease of a minute.
    func placeLeased(_ name: String = "web-0", seed: UInt64 = 1) async throws -> Machine {
        let plain = self.request(name, seed: seed)
        var specification = plain.specification
        specification.leaseSeconds = 60
        return try await self.place(
            SiteLedger.Request(
                id: plain.id, holder: plain.holder, specification: specification, replica: plain.replica))
    }

    /// Reserves and commits a machine with a lease of a minute, and waits until it runs.
    func runLeased() async throws -> Machine {
        let machine = try await self.placeLeased()
        try await self.waitForState(.running, of: machine.id)
        return machine
    }

    /// Lets the leases' clock go on, half a second at a time and only as fast as the agent looks, until it holds.
    func passTime(
        atMost limit: Duration, _ what: String, until condition: () async throws -> Bool
    ) async throws {
        var passed = Duration.zero
        while try await !condition() {
            try #require(passed < limit, "not within \(limit): \(what)")
            passed += .milliseconds(500)
            self.outbox.advanceUptime(by: .milliseconds(500))
            let looks = self.outbox.looks
            try await Self.eventually("the agent looks") { self.outbox.looks >= looks + 3 }
        }
    }

    func waitForState(_ state: MachineState, of id: MachineID) async throws {
        try await Self.eventually("\(id) is \(state.rawValue)") {
            self.agent.service.keeper.read { $0.machines[id]?.machine.state } == state
        }
    }

    func waitForReport(_ state: MachineState, of id: MachineID) async throws {
        try await Self.eventually("\(id) is reported \(state.rawValue)") {
            self.outbox.reports.last { $0.machine.id == id }?.machine.state == state
        }
    }

    /// Waits until `condition` holds, looking again every 5 ms; fails after `limit`.
    static func eventually(
        _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while try await !condition() {
            try #require(clock.now < deadline, "not within \(limit): \(what)")
            try await clock.sleep(for: .milliseconds(5))
        }
    }
}
