import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import XMPP

/// Accepts the streams of clients and of other servers.
///
/// ```swift
/// let listener = XMPPListener(endpoints, environment: environment, clients: clients, remotes: remotes, receiver: router)
/// let bound = try await listener.bind()   // the ports, where 0 was asked for
/// // then run() as a service
/// ```
package final class XMPPListener: Service {
    /// An address to listen on.
    package struct Endpoint: Hashable, Sendable {
        package var side: CertificateStore.Side
        /// An IP address, or a name that stands for one.
        package var host: String
        /// 0 lets the system choose.
        package var port: Int
        package var security: Route.Security

        package init(
            _ side: CertificateStore.Side, host: String, port: Int, security: Route.Security = .startTLS
        ) {
            self.side = side
            self.host = host
            self.port = port
            self.security = security
        }

        /// Whether only processes of this machine can connect.
        ///
        /// A name but `localhost` may stand for any address.
        var isThisMachine: Bool {
            if self.host == "localhost" || self.host == "::1" { return true }
            let numbers = self.host.split(separator: ".", omittingEmptySubsequences: false)
            return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
        }
    }

    /// What can be wrong with the configuration of a listener.
    package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private enum State: Sendable {
        case idle
        case binding
        case bound([any Channel])
        case closed
    }

    private let endpoints: [Endpoint]
    private let environment: StreamEnvironment
    private let clients: ClientService?
    private let components: ComponentService?
    private let remotes: RemoteStreams
    private let receiver: any RemoteStanzaReceiver
    private let clientConnections: ConnectionTable
    private let remoteConnections: ConnectionTable
    private let state = Mutex(State.idle)

    /// `clients` may be absent only if no endpoint is for clients.
    package init(
        _ endpoints: [Endpoint], environment: StreamEnvironment, clients: ClientService?,
        components: ComponentService? = nil, remotes: RemoteStreams, receiver: any RemoteStanzaReceiver
    ) throws(ConfigurationError) {
        guard clients != nil || !endpoints.contains(where: { $0.side == .clientStreams }) else {
            throw ConfigurationError(description: "an endpoint is for clients, and nobody serves them")
        }
        try Self.checkComponents(endpoints, components)
        self.endpoints = endpoints
        self.components = components
        self.environment = environment
        self.clients = clients
        self.remotes = remotes
        self.receiver = receiver
        let (perAddress, total) = (environment.limits.connectionsPerAddress, environment.limits.connections)
        self.clientConnections = ConnectionTable(limit: perAddress, total: total)
        self.remoteConnections = ConnectionTable(limit: perAddress, total: total)
    }

    /// A component's stream has no protection of its own.
    private static func checkComponents(
        _ endpoints: [Endpoint], _ components: ComponentService?
    ) throws(ConfigurationError) {
        for endpoint in endpoints where endpoint.side == .componentStreams {
            guard components != nil else {
                throw ConfigurationError(description: "an endpoint is for components, and there are none")
            }
            guard endpoint.security == .directTLS || endpoint.isThisMachine else {
                throw ConfigurationError(
                    description: "components connect to \(endpoint.host) without TLS: use 127.0.0.1, or TLS")
            }
        }
    }

    /// Binds every endpoint and begins to accept; the ports in the order of the endpoints.
    ///
    /// Throws, with nothing left bound, if one cannot be bound. `run()` does this unless it has been done.
    @discardableResult
    package func bind() async throws -> [Int] {
        let mayBind = self.state.withLock { state in
            guard case .idle = state else { return false }
            state = .binding
            return true
        }
        guard mayBind else { throw ConfigurationError(description: "the listener was bound before") }
        var channels: [any Channel] = []
        do {
            for endpoint in self.endpoints {
                let channel = try await self.bootstrap(endpoint).bind(
                    host: endpoint.host, port: endpoint.port
                )
                .get()
                channels.append(channel)
                self.environment.logger.info(
                    "listening",
                    metadata: [
                        "address": "\(channel.localAddress?.description ?? "")", "for": "\(endpoint.side)",
                    ])
            }
        } catch {
            for channel in channels { try? await channel.close() }
            self.state.withLock { $0 = .closed }
            throw error
        }
        self.state.withLock { [channels] in $0 = .bound(channels) }
        return channels.map { $0.localAddress?.port ?? 0 }
    }

    package func run() async throws {
        let isIdle = self.state.withLock { state in
            if case .idle = state { true } else { false }
        }
        if isIdle { try await self.bind() }
        // Ends by graceful shutdown or by cancellation: either way everything is closed in order.
        try? await gracefulShutdown()
        await self.close()
    }

    /// Closes the sockets, then every stream with `system-shutdown`.
    private func close() async {
        let channels = self.state.withLock { state in
            defer { state = .closed }
            return if case .bound(let channels) = state { channels } else { [any Channel]() }
        }
        for channel in channels { channel.close(promise: nil) }
        await self.clientConnections.close()
        await self.remoteConnections.close()
    }

    private func bootstrap(_ endpoint: Endpoint) -> ServerBootstrap {
        ServerBootstrap(group: self.environment.group)
            .serverChannelOption(.backlog, value: self.environment.limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.recvAllocator, value: Self.receiving(endpoint.side))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, endpoint) }
            }
    }

    /// How much is read at a time: a connection keeps its last buffer, and there are many clients that say little.
    private static func receiving(_ side: CertificateStore.Side) -> any RecvByteBufferAllocator {
        switch side {
        case .clientStreams: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1_024, maximum: 16_384)
        case .serverStreams, .componentStreams: AdaptiveRecvByteBufferAllocator()
        }
    }

    private func accept(_ channel: any Channel, _ endpoint: Endpoint) throws {
        let usesDirectTLS = endpoint.security == .directTLS
        let role: any StreamRole
        let table: ConnectionTable
        switch (endpoint.side, self.clients) {
        case (.componentStreams, _):
            guard let components = self.components else { throw ChannelError.operationUnsupported }
            role = ComponentStreamRole(environment: self.environment, components: components)
            table = self.remoteConnections
        case (.clientStreams, .some(let clients)):
            role = ClientStreamRole(
                environment: self.environment, clients: clients, usesDirectTLS: usesDirectTLS)
            table = self.clientConnections
        case (.clientStreams, .none), (.serverStreams, _):
            role = RemoteInboundRole(
                environment: self.environment, remotes: self.remotes, receiver: self.receiver,
                usesDirectTLS: usesDirectTLS)
            table = self.remoteConnections
        }
        let handler = StreamHandler(role: role, environment: self.environment, usesDirectTLS: usesDirectTLS)
        guard table.add(handler, on: channel) else {
            self.environment.log(
                StreamRefusal(.resourceConstraint, "too many connections"), of: role.kind,
                from: channel.remoteAddress, at: channel.eventLoop.now)
            throw ChannelError.operationUnsupported
        }
        try handler.join(channel)
    }
}
