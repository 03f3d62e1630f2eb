import CloudModel
import ControlAPI
import Coordinator
import Cryptography
import Federation
import Logging
import Operations
import Participant
import TestSupport
import Testing
import TradewindClient

/// The HTTP interface of a real coordinator over fake sites, on a socket, for the client library.
struct ClientBench {
    var bench: CoordinatorBench

    init(_ sites: [(String, Position?, Int)] = CoordinatorBench.world) throws {
        self.bench = try CoordinatorBench(sites)
    }

    /// Whom tokens stand for: Alice and Bob see their own workloads, Root sees all.
    static let tokens = ["alice", "bob", "root"].map { name in
        BearerToken(
            label: name, caller: GrantBook.Caller(address: "\(name)@paris.test", domain: "paris.test"),
            digest: HashFunction.sha256.digest(of: Array("\(name)-token".utf8)))
    }

    static func once(_ table: OperationTable) -> OncePerformer {
        OncePerformer(table) { Instant(millisecondsSinceEpoch: 1_800_000_000_000) }
    }

    static func server(
        _ performer: any OperationGatekeeper, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> ControlServer {
        var configuration = ControlAPI.Configuration()
        configuration.port = 0
        configuration.tokens = Self.tokens
        configuration.feedInterval = .milliseconds(50)
        return ControlServer(
            configuration: configuration, performer: performer, metrics: PrometheusRegistry(),
            logger: Logger(label: "api") { _ in SwiftLogNoOpLogHandler() },
            health: { HealthReport([]) }, onListening: onListening)
    }

    /// Runs the coordinator and its interface while `body` uses it; `wrap` may stand between the two.
    func run(
        wrap: @escaping @Sendable (OperationTable) -> any OperationGatekeeper = { ClientBench.once($0) },
        _ body: @escaping @Sendable (Coordinator, String) async throws -> Void
    ) async throws {
        try await self.bench.run { coordinator, table in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let ports = Recorder<Int>()
                group.addTask { try await Self.server(wrap(table)) { ports.record($0) }.run() }
                let port = try await ports.next()
                try await body(coordinator, "http://127.0.0.1:\(port)")
                group.cancelAll()
            }
        }
    }

    /// Lets machines run whose names begin with `prefix`, and tells the coordinator, until `body` is done.
    func booting<Value: Sendable>(
        _ coordinator: Coordinator, _ prefix: String = "",
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    await self.boot(coordinator, prefix)
                    await Task.yield()
                }
                return nil
            }
            defer { group.cancelAll() }
            return try #require(try await group.next() ?? nil)
        }
    }

    private func boot(_ coordinator: Coordinator, _ prefix: String) async {
        for var machine in self.bench.sites.machines where machine.specification.name.hasPrefix(prefix) {
            if machine.state == .creating {
                machine.state = .running
                machine.changed = machine.changed.advanced(by: .milliseconds(1))
                let booted = machine
                self.bench.sites.update { state in
                    if state.sites[booted.site]?.machines[booted.id] != nil {
                        state.sites[booted.site]?.machines[booted.id] = booted
                    }
                }
            }
            await coordinator.hear(machine)
        }
    }

    static func client(_ server: String, as name: String = "alice") -> TradewindClient {
        TradewindClient(server: server, token: "\(name)-token")
    }

    static func request(_ name: String = "web", replicas: Int = 1) -> WorkloadRequest {
        var request = WorkloadRequest(name: name, image: "/images/web", replicas: replicas)
        request.format = .raw
        request.memoryMebibytes = 1_024
        request.audience = [.country("JP"): 1]
        return request
    }
}
