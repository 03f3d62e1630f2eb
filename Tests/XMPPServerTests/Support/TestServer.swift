import CloudModel
import Glibc
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Storage
import Synchronization
import XMPP
import XMPPTransport

@testable import XMPPServer

/// A whole server on loopback, with the accounts `alice` and `bob`.
struct TestServer {
    static let password = "correct horse"

    let server: XMPPServer
    let domain: String
    let clientPort: Int
    /// 0 without components.
    let componentPort: Int
    let service: TestService

    /// Below the range from which the system gives ports away, so that nobody else gets one by chance.
    private static let nextPort = Atomic(15_000 + Int(getpid() % 1_500) * 10)

    /// Free ports, for servers that must know each other's before they start.
    static func freePorts(_ count: Int) async throws -> [Int] {
        var ports: [Int] = []
        while ports.count < count {
            let port = Self.nextPort.wrappingAdd(1, ordering: .relaxed).oldValue
            do {
                let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: "127.0.0.1", port: port).get()
                try await channel.close()
                ports.append(port)
            } catch is IOError {
                continue
            }
        }
        return ports
    }

    @discardableResult
    static func run<Result>(
        _ domain: String = "paris.test", serverPort: Int = 0, routes: [String: [Route]] = [:],
        database: Database? = nil, limits: ServerLimits = ServerLimits(),
        accounts: [String] = ["alice", "bob"], rooms: RoomHosting? = nil, components: [String: String] = [:],
        gate: Gate? = nil, _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let authority = try TestAuthority.shared.get()
        var configuration = XMPPServer.Configuration(
            domain: domain,
            certificate: try authority.issue(
                domain,
                names: ([domain] + [rooms?.domain].compactMap { $0 } + components.keys.sorted())
                    .map { "DNS:\($0)" }.joined(separator: ",")),
            trust: authority.trust,
            endpoints: [
                XMPPListener.Endpoint(.clientStreams, host: "127.0.0.1", port: 0),
                XMPPListener.Endpoint(.serverStreams, host: "127.0.0.1", port: serverPort),
            ],
            routes: routes, remotePolicy: RemotePolicy(standard: .certificate), clientsMayOmitTLS: true,
            components: components, limits: limits, rooms: rooms)
        if !components.isEmpty {
            configuration.endpoints.append(
                XMPPListener.Endpoint(.componentStreams, host: "127.0.0.1", port: 0))
        }
        let quiet = Logger(label: domain, factory: { _ in SwiftLogNoOpLogHandler() })
        let server = try await XMPPServer(
            configuration, database: try database ?? Database(),
            now: { Instant(millisecondsSinceEpoch: 1_764_000_000_000) }, logger: quiet)
        let service = TestService(gate: gate)
        server.attach(service, profile: ServiceProfile(features: ["urn:example:echo"]))
        let ports = try await server.bind()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(services: [server], logger: quiet)
            group.addTask { try await services.run() }
            for account in accounts
            where !server.accounts.list().contains(where: { $0.address.local == account }) {
                try await server.accounts.create(account, password: Self.password)
            }
            let result = try await body(
                TestServer(
                    server: server, domain: domain, clientPort: ports[0],
                    componentPort: components.isEmpty ? 0 : ports[2], service: service))
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            return result
        }
    }
}
