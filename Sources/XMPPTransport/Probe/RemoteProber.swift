package import Logging
import NIOCore
import NIOPosix
package import XMPP

/// Looks at how the servers of a domain can be reached from here, with the streams that stanzas go by as well.
///
/// Every stream goes as far as authentication and is closed then; stanzas are not sent.
package struct RemoteProber: Sendable {
    private let environment: StreamEnvironment
    private let resolver: Resolver
    private let limits: ProbeLimits

    /// A prober beside the streams of `environment`, of which it uses certificates, policy and secret.
    package init(environment: StreamEnvironment, resolver: Resolver, limits: ProbeLimits = ProbeLimits()) {
        var environment = environment
        environment.limits.authenticationTime = limits.stream
        environment.limits.handshakeTime = limits.handshake
        self.environment = environment
        self.resolver = resolver
        self.limits = limits
    }

    /// A prober of a process that serves nobody: it answers for no dialback keys.
    ///
    /// `shutDown()` ends it.
    package init(
        from domain: String, certificates: CertificateStore, policy: RemotePolicy, resolver: Resolver,
        secret: [UInt8], logger: Logger, limits: ProbeLimits = ProbeLimits()
    ) {
        let environment = StreamEnvironment(
            domains: [domain], certificates: certificates, remotePolicy: policy, secret: secret,
            group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        self.init(environment: environment, resolver: resolver, limits: limits)
    }

    /// Ends the threads that ask DNS; only for a prober that is not beside other streams.
    package func shutDown() async {
        await self.resolver.shutDown()
    }

    /// How the servers of `domain` must prove who they are.
    package func policy(of domain: String) -> RemotePolicy.Authentication {
        self.environment.remotePolicy.authentication(of: domain)
    }

    /// Where the servers of `domain` are.
    package func names(of domain: String) async -> NameFacts {
        await self.resolver.survey(domain, within: self.limits.names, on: self.environment.group.next())
    }

    /// Tries a stream to each address of `servers`, a few at a time; in their order, at most `ProbeLimits.places`.
    ///
    /// `look` is told of each before it begins.
    package func streams(
        _ pair: DomainPair, at servers: [NameFacts.Server], look: @escaping @Sendable (String) async -> Void
    ) async -> [StreamFacts] {
        let places = servers.flatMap { server in server.addresses.map { (server, $0) } }.prefix(
            self.limits.places)
        return await withTaskGroup(of: (Int, StreamFacts).self) { group in
            var found: [Int: StreamFacts] = [:]
            for (index, (server, address)) in places.enumerated() {
                if index >= self.limits.connections, let (index, facts) = await group.next() {
                    found[index] = facts
                }
                group.addTask {
                    await look(Self.place(address, server.port))
                    return (index, await self.stream(pair, server, address))
                }
            }
            for await (index, facts) in group { found[index] = facts }
            return found.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Connects to a port, and closes the connection.
    package func port(_ host: String, _ port: Int) async -> StreamFacts {
        var facts = StreamFacts(place: Self.place(host, port), usesDirectTLS: false, reach: .refused)
        do {
            let probe = PortProbe(group: self.environment.group, limits: self.limits)
            facts.reach = .connected(after: try await probe.connect(host, port))
        } catch {
            facts.reach = self.reach(error)
        }
        return facts
    }

    private func stream(
        _ pair: DomainPair, _ server: NameFacts.Server, _ address: String
    ) async -> StreamFacts {
        let first = await self.attempt(pair, .stanzas, server, address)
        guard case .failed(.externalRefused(let refusal)) = first.end,
            self.environment.remotePolicy.allowsDialback(with: pair.remote)
        else { return first }
        var second = await self.attempt(pair, .stanzasByDialback, server, address)
        switch second.end {
        case .authenticated: second.end = .authenticated(.dialback(afterRefusal: refusal))
        // Without dialback it is the refusal that there is something to do about.
        case .failed(.noCommonMethod), nil: return first
        case .failed, .lost: break
        }
        return second
    }

    private func attempt(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ server: NameFacts.Server,
        _ address: String
    ) async -> StreamFacts {
        let eventLoop = self.environment.group.next()
        let result = eventLoop.makePromise(of: StreamFacts.self)
        let began = NIODeadline.now()
        var facts = StreamFacts(
            place: Self.place(address, server.port), usesDirectTLS: server.usesDirectTLS, reach: .refused)
        do {
            let channel = try await self.bootstrap(
                pair, purpose, server.expectation, facts, result, on: eventLoop
            ).connect(host: address, port: server.port).get()
            facts = try await result.futureResult.get()
            facts.reach = .connected(after: facts.reach.time ?? Self.duration(since: began))
            channel.close(promise: nil)
        } catch {
            // Nobody waits for it any more.
            result.fail(error)
            facts.reach = self.reach(error)
        }
        return facts
    }

    private func bootstrap(
        _ pair: DomainPair, _ purpose: InitiatingRemoteStream.Purpose, _ expectation: TLSAExpectation?,
        _ facts: StreamFacts, _ result: EventLoopPromise<StreamFacts>, on eventLoop: any EventLoop
    ) -> ClientBootstrap {
        let environment = self.environment
        let began = NIODeadline.now()
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(self.limits.connect)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let role = ProbeRole(
                        environment: environment, pair: pair, purpose: purpose, expectation: expectation,
                        facts: facts, result: result)
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionTimer { role.connected(after: Self.duration(since: began)) })
                    try StreamHandler(
                        role: role, environment: environment, usesDirectTLS: facts.usesDirectTLS
                    ).join(channel)
                }
            }
    }
}

extension RemoteProber {
    private static func place(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func duration(since began: NIODeadline) -> Duration {
        .nanoseconds((NIODeadline.now() - began).nanoseconds)
    }

    /// What kept a connection from being made.
    private func reach(_ error: any Error) -> StreamFacts.Reach {
        switch error {
        case let error as NIOConnectionError:
            guard let single = error.connectionErrors.first else {
                return .failed("\(error.host) has no address that can be used")
            }
            return self.reach(single.error)
        case ChannelError.connectTimeout:
            return .timedOut(after: .nanoseconds(self.limits.connect.nanoseconds))
        case let error as IOError where error.errnoCode == ECONNREFUSED: return .refused
        case let error as IOError where error.errnoCode == ETIMEDOUT:
            return .timedOut(after: .nanoseconds(self.limits.connect.nanoseconds))
        case let error as IOError where error.errnoCode == ENETUNREACH:
            return .failed("there is no route to that network")
        case let error as IOError where error.errnoCode == EHOSTUNREACH:
            return .failed("there is no route to that host")
        default: return .failed("\(error)")
        }
    }
}

extension StreamFacts.Reach {
    /// What a connection took; nil if there is none.
    fileprivate var time: Duration? {
        if case .connected(let time) = self { time } else { nil }
    }
}

/// Notes when a channel becomes active.
private final class ConnectionTimer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connected: () -> Void

    init(_ connected: @escaping () -> Void) {
        self.connected = connected
    }

    func channelActive(context: ChannelHandlerContext) {
        self.connected()
        context.fireChannelActive()
    }
}

extension RemoteStreams {
    /// Looks at other servers the way these streams would reach them.
    package var prober: RemoteProber {
        RemoteProber(environment: self.environment, resolver: self.resolver)
    }
}
