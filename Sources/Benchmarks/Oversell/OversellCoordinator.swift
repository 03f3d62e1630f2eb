import CloudModel
import Coordinator
import Federation
import Foundation
import Logging
import Operations
import Storage
import Synchronization
import XMPP
import XMPPTransport

/// A real coordinator that reaches one site through the faulty network.
final class OversellCoordinator: Sendable {
    struct Process: Sendable {
        let coordinator: Coordinator
        let operations: OperationTable
    }

    private struct Link: XMPPLink {
        let address: JID
        let network: FaultyNetwork
        let clock: FastClock
        let site: OversellSite

        func send(_ stanza: Stanza) async throws {}

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            let timeout = timeout / FastClock.factor
            do {
                return try await self.network.carry(timeout: timeout) {
                    try await self.site.serve(iq, from: self.address)
                }
            } catch is CancellationError {
                // Nobody answered.
                try await Task.sleep(for: timeout)
                throw StanzaError(.remoteServerTimeout)
            }
        }
    }

    static let user = GrantBook.Caller(address: "user@callers.test", domain: "callers.test")
    /// Longer than anything that is waited for.
    private static let patience = Duration.seconds(100_000)

    let address: SiteID
    let lives = Lives<Process>()
    private let database: Database
    private let clock: FastClock
    private let network: FaultyNetwork
    private let site: Mutex<OversellSite?> = Mutex(nil)
    private let lastHeard = Mutex<SiteDescription?>(nil)

    init(_ address: SiteID, clock: FastClock, network: FaultyNetwork, directory: String) throws {
        self.address = address
        self.clock = clock
        self.network = network
        self.database = try Database(path: directory + "/\(address).sqlite")
    }

    func connect(to site: OversellSite) { self.site.withLock { $0 = site } }

    /// Lives until cancelled.
    func run() async throws {
        try await self.lives.live({ try self.start() }) { try await $0.coordinator.run() }
    }

    private func start() throws -> Process {
        guard let site = self.site.withLock({ $0 }) else { throw BenchmarkFailure("there is no site") }
        var configuration = Coordinator.Configuration(
            address: self.address, requestTimeout: .milliseconds(2_500), patience: Self.patience,
            workloadLimit: 1_000_000, remembrance: .seconds(600))
        configuration.holdFor = .seconds(60)
        let link = Link(
            address: try JID(self.address.address), network: self.network, clock: self.clock, site: site)
        let coordinator = Coordinator(
            configuration: configuration, store: PlacementStore(self.database),
            sites: LinkedSites(link: link) { await self.view(of: site) }, now: { self.clock.now() },
            pause: { try await self.clock.sleep(for: $0) },
            logger: Logger(label: "coordinator") { _ in SwiftLogNoOpLogHandler() })
        var table = OperationTable(site: self.address) { () throws(OperationError) in Self.grants }
        coordinator.register(in: &table)
        return Process(coordinator: coordinator, operations: table)
    }

    private func view(of site: OversellSite) async -> AllianceView {
        let heard = await site.description()
        let description = self.lastHeard.withLock { last in
            last = heard ?? last
            return last
        }
        return AllianceView(
            sites: description.map {
                [.init(description: $0, received: self.clock.now(), reachability: .reachable)]
            } ?? [])
    }

    private static let grants = GrantBook(grants: [
        Grant(subject: .address(user.address), permissions: .noun("workload"), scope: .own)
    ])
}

/// What a caller does, again and again until it is answered, whatever becomes of the process.
extension OversellCoordinator {
    /// How a placement ended.
    enum Outcome: Sendable {
        /// With a machine, or failed after it was taken on.
        case ended(Workload)
        case refused
    }

    private static let lookEvery = Duration.milliseconds(4)

    func place(_ name: String, image: String) async throws -> Outcome {
        let invocation = Invocation(
            operation: "workload.place",
            arguments: [
                "name": .string(name), "image": .string(image), "format": .string("raw"),
                "vcpus": .integer(1), "memory": .integer(64), "disk": .integer(64),
                "wait": .string("accepted"),
            ], caller: Self.user, idempotencyKey: name)
        while true {
            let outcome =
                try await self.lives.use { process -> Outcome? in
                    guard process.coordinator.isReady else { return nil }
                    do {
                        let result = try await process.operations.perform(invocation)
                        return .ended(try ValueDecoder().decode(Workload.self, from: result.value))
                    } catch let error as OperationError where error.code == .refused {
                        return .refused
                    } catch let error as OperationError where error.code == .unavailable {
                        return nil
                    }
                } ?? nil
            switch outcome {
            case .refused?: return .refused
            case .ended(let workload)?:
                return .ended(
                    try await self.follow(workload.id) { $0.state != .placing } ?? workload)
            case nil: try await Task.sleep(for: Self.lookEvery)
            }
        }
    }

    /// Removes a workload and waits until nothing of it is left.
    func remove(_ id: WorkloadID) async throws {
        _ = try await self.follow(id) { $0.state == .removed }
    }

    /// Looks at the workload until `isDone`, and removes it if it has come to rest elsewhere; nil once it is forgotten.
    private func follow(
        _ id: WorkloadID, until isDone: @Sendable (Workload) -> Bool
    ) async throws -> Workload? {
        while true {
            let seen =
                await self.lives.use { process -> Workload?? in
                    guard process.coordinator.isReady else { return nil }
                    return .some(Self.workload(id, process.coordinator))
                } ?? nil
            if let seen {
                guard let workload = seen else { return nil }
                if isDone(workload) { return workload }
                if workload.state != .placing, workload.state != .removing {
                    _ = await self.lives.use { await $0.coordinator.remove(id) }
                }
            }
            try await Task.sleep(for: Self.lookEvery)
        }
    }

    private static func workload(_ id: WorkloadID, _ coordinator: Coordinator) -> Workload? {
        do {
            return try coordinator.workload(id.description, for: self.user.address, scope: .own)
        } catch {
            // Removed, and forgotten since.
            return nil
        }
    }
}
