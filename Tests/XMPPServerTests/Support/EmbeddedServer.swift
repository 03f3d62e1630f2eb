import CloudModel
import Logging
import NIOCore
import NIOEmbedded
import Storage
import XML
import XMPP

@testable import XMPPServer
@testable import XMPPTransport

/// A domain whose clients are on channels in memory, in virtual time, and need not authenticate.
///
/// Everything happens on the thread of the test, in the order in which the test asks for it. There is no disk.
final class EmbeddedServer {
    static let domain = JID(preparedLocal: nil, domain: "paris.test", resource: nil)

    /// One for all, as nothing is written to it: making one takes longer than most tests.
    private static let disk = Result { try Database() }

    let shell: DomainShell
    let loop = EmbeddedEventLoop()
    let environment: StreamEnvironment

    init(
        accounts: [String] = ["alice", "bob"], sessions: SessionLimits = SessionLimits(),
        sessionsPerAccount: Int = 10, transport: TransportLimits = TransportLimits()
    ) throws {
        var domain = LocalDomain(
            address: Self.domain, profile: ServiceProfile(),
            sessions: SessionTable(sessionsPerAccount: sessionsPerAccount))
        for account in accounts { domain.add(account: Self.account(account)) }
        let database = try Self.disk.get()
        let logger = Logger(label: "embedded", factory: { _ in SwiftLogNoOpLogHandler() })
        self.shell = DomainShell(
            domain: domain, database: database, lane: DurableLane(),
            sessionLimits: sessions, now: { Instant(millisecondsSinceEpoch: 1_000_000) }, logger: logger)
        self.environment = StreamEnvironment(
            domains: [Self.domain.domain],
            certificates: try CertificateStore(certificates: [:], trust: .system), secret: [],
            limits: transport, group: self.loop, logger: logger)
    }

    static func account(_ name: String) -> JID {
        JID(preparedLocal: name, domain: Self.domain.domain, resource: nil)
    }

    /// A new connection of a client that has authenticated as `name`.
    func connect(_ name: String) throws -> EmbeddedWire {
        try EmbeddedWire(self, account: Self.account(name))
    }

    func advance(by time: TimeAmount) { self.loop.advanceTime(by: time) }
}

/// One connection to an `EmbeddedServer`, as the client sees it.
final class EmbeddedWire {
    private let channel: EmbeddedChannel
    private let loop: EmbeddedEventLoop

    init(_ server: EmbeddedServer, account: JID) throws {
        self.loop = server.loop
        self.channel = EmbeddedChannel(loop: server.loop)
        let role = EmbeddedRole(server, account: account)
        let handler = StreamHandler(role: role, environment: server.environment, usesDirectTLS: false)
        try self.channel.pipeline.syncOperations.addHandler(handler)
        try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 5_222)).wait()
    }

    var isOpen: Bool { self.channel.isActive }

    /// Whether the server reads from this connection.
    var isRead: Bool {
        let option = self.channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }
        return option?.value as? Bool ?? true
    }

    /// The channel takes no more writes: the client has stopped reading.
    var isWritable: Bool {
        get { self.channel.isWritable }
        set {
            self.channel.isWritable = newValue
            self.channel.pipeline.fireChannelWritabilityChanged()
        }
    }

    func write(_ bytes: [UInt8]) throws {
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.loop.run()
    }

    func read() throws -> [UInt8] {
        self.loop.run()
        var bytes: [UInt8] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
            bytes += Array(buffer.readableBytesView)
        }
        return bytes
    }

    /// The connection breaks; what was under way is gone.
    func cut() {
        self.channel.close(promise: nil)
        self.loop.run()
    }
}

/// What `ClientStreamRole` does once a client has authenticated.
private final class EmbeddedRole: StreamRole {
    let kind = TransportMetrics.Kind.client
    let contentNamespace = Namespace.client
    private let server: EmbeddedServer
    private let account: JID
    private var session: (stream: ClientStream, delegate: any ClientStreamDelegate)?

    init(_ server: EmbeddedServer, account: JID) {
        self.server = server
        self.account = account
    }

    func started(on stream: StreamHandler) {}
    func established(_ facts: TLSFacts, on stream: StreamHandler) {}
    func timedOut(on stream: StreamHandler) {
        stream.close(StreamError(.connectionTimeout, text: "no resource was bound"))
    }
    var longestSilence: TimeAmount? { self.server.environment.limits.clientSilence }
    func silent(on stream: StreamHandler) -> Bool {
        self.session.map { $0.delegate.silent(on: $0.stream) } ?? false
    }
    func headerForRefusal() -> StreamHeader? { StreamHeader(contentNamespace: self.contentNamespace) }
    func makeTLSSession() throws(TLSError) -> TLSSession { throw TLSError("there is no TLS in memory") }

    func received(_ header: StreamHeader, on stream: StreamHandler) {
        guard let channel = stream.channel, let gate = stream.gate else { return }
        stream.limitRate(self.server.environment.limits.rates.rate(ofClient: self.account))
        let bound = NIOLoopBound(stream, eventLoop: channel.eventLoop)
        let id = StreamEnvironment.makeStreamID()
        stream.perform(
            .sendHeader(StreamHeader(contentNamespace: self.contentNamespace, from: header.to, id: id)))
        let queue = OutboundQueue(channel: channel, limits: self.server.environment.limits) {
            bound.value.close(StreamError(.resourceConstraint, text: "too much waits to be read"))
        }
        stream.becameAuthenticated(
            limits: self.server.environment.limits.client, queue: queue, isSettled: false)
        stream.flush()
        let client = ClientStream(
            id: id, account: self.account, mechanism: "NONE", remoteAddress: "192.0.2.1", tls: nil,
            eventLoop: channel.eventLoop, queue: queue, gate: gate,
            settling: { bound.eventLoop.execute { bound.value.settled() } },
            closing: { error in bound.eventLoop.execute { bound.value.close(error) } })
        self.session = (client, ClientAcceptor(shell: self.server.shell).accept(client))
    }

    func received(_ element: Element, on stream: StreamHandler) {
        guard let session else { return }
        guard element.namespace == Namespace.client else {
            session.delegate.received(other: element, on: session.stream)
            return
        }
        do {
            session.delegate.received(try Stanza(parsing: element), on: session.stream)
        } catch {
            stream.close(error.streamError ?? StreamError(.badFormat))
        }
    }

    func ended(_ end: StreamEnd) {
        guard let session else { return }
        session.delegate.ended(end, on: session.stream)
        self.session = nil
    }
}
