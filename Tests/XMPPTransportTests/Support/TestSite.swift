import Cryptography
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import XML
import XMPP

@testable import XMPPTransport

/// A server under test on ports of its own: what it receives is recorded.
final class TestSite: Sendable {
    enum Event: Hashable, Sendable {
        case received(Stanza)
        case undeliverable(Stanza, StanzaError)
    }

    enum ClientEvent: Sendable {
        case accepted(ClientStream)
        case received(Stanza)
        case other(Element)
        case ended(StreamEnd)
    }

    struct Ports: Hashable, Sendable {
        var clients = 0
        var clientsDirect = 0
        var servers = 0
        var serversDirect = 0
    }

    static let password = "correct horse"
    /// Says nothing.
    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    static let usableIterations = 4_096

    let domain: String
    let ports: Ports
    let remotes: RemoteStreams
    let remote = Recorder<Event>()
    let clients = Recorder<ClientEvent>()
    let listener: XMPPListener

    private struct Receiver: RemoteStanzaReceiver {
        let recorder: Recorder<Event>

        func received(_ stanza: Stanza, on stream: RemoteStream) { self.recorder.record(.received(stanza)) }
        func afterAll(from stream: RemoteStream, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void) {
            body()
        }
        func undeliverable(_ stanza: Stanza, because error: StanzaError) {
            self.recorder.record(.undeliverable(stanza, error))
        }
    }

    private struct Session: ClientStreamAcceptor, ClientStreamDelegate {
        let recorder: Recorder<ClientEvent>

        func accept(_ stream: ClientStream) -> any ClientStreamDelegate {
            self.recorder.record(.accepted(stream))
            return self
        }
        func received(_ stanza: Stanza, on stream: ClientStream) { self.recorder.record(.received(stanza)) }
        func received(malformed reply: Stanza?, on stream: ClientStream) {
            if let reply { stream.send(reply) }
        }
        func received(other element: Element, on stream: ClientStream) {
            self.recorder.record(.other(element))
        }
        func silent(on stream: ClientStream) -> Bool { false }
        func ended(_ end: StreamEnd, on stream: ClientStream) { self.recorder.record(.ended(end)) }
    }

    /// One account, `alice`.
    private struct Accounts: AccountAuthority {
        func credentials(of account: JID, hash: HashFunction) async throws -> SCRAMCredentials? {
            guard account.local == "alice" else { return nil }
            return try SCRAMCredentials.derive(
                password: TestSite.password, salt: [1, 2, 3, 4], iterations: TestSite.usableIterations,
                hash: hash)
        }
    }

    private init(
        environment: StreamEnvironment, domain: String, routes: [String: [Route]],
        serverAddress: (String, Int), mechanisms: [SASLMechanism]
    ) async throws {
        self.domain = domain
        self.remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: routes))
        let receiver = Receiver(recorder: self.remote)
        self.remotes.attach(receiver)
        self.listener = try XMPPListener(
            [
                .init(.clientStreams, host: "127.0.0.1", port: 0),
                .init(.clientStreams, host: "127.0.0.1", port: 0, security: .directTLS),
                .init(.serverStreams, host: serverAddress.0, port: serverAddress.1),
                .init(.serverStreams, host: "127.0.0.1", port: 0, security: .directTLS),
            ], environment: environment,
            clients: ClientService(
                mechanisms: mechanisms, authority: Accounts(), acceptor: Session(recorder: self.clients)),
            remotes: self.remotes, receiver: receiver)
        let ports = try await self.listener.bind()
        self.ports = Ports(
            clients: ports[0], clientsDirect: ports[1], servers: ports[2], serversDirect: ports[3])
    }

    /// Runs `body` with a site that stops afterwards.
    static func run<Result>(
        _ domain: String, more: [String: CertificateFiles] = [:], certificate: CertificateFiles?,
        trust: TrustAnchors,
        policy: RemotePolicy = RemotePolicy(), limits: TransportLimits = .patient,
        routes: [String: [Route]] = [:], serverAddress: (String, Int) = ("127.0.0.1", 0),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        mechanisms: [SASLMechanism] = [.scramSHA256Plus, .scramSHA1Plus, .scramSHA256, .scramSHA1],
        hasher: PasswordHasher? = nil, logger: Logger = TestSite.quiet,
        _ body: (TestSite) async throws -> Result
    ) async throws -> Result {
        var certificates = more
        certificates[domain] = certificate
        let environment = StreamEnvironment(
            domains: Set(more.keys).union([domain]),
            certificates: try CertificateStore(certificates: certificates, trust: trust),
            remotePolicy: policy,
            secret: Array(domain.utf8), limits: limits, group: group,
            logger: logger, hasher: hasher)
        let site = try await TestSite(
            environment: environment, domain: domain, routes: routes, serverAddress: serverAddress,
            mechanisms: mechanisms)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(
                services: [site.remotes, site.listener],
                logger: Logger(label: "services", factory: { _ in SwiftLogNoOpLogHandler() }))
            group.addTask { try await services.run() }
            let result = try await body(site)
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            return result
        }
    }
}

extension TransportLimits {
    /// The usual limits, with time enough for a machine that does much else.
    static var patient: TransportLimits {
        var limits = TransportLimits()
        limits.authenticationTime = .minutes(5)
        limits.handshakeTime = .minutes(5)
        limits.connectTime = .minutes(5)
        return limits
    }
}
