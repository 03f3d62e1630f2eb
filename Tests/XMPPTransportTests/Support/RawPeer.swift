import Cryptography
import Logging
import NIOCore
import NIOPosix
import XML
import XMPP

@testable import XMPPTransport

/// The other end of a connection under test: opens a stream and does exactly what the test says.
final class RawPeer: Sendable {
    enum Event: Hashable, Sendable {
        case header(StreamHeader)
        case element(Element)
        case tls(TLSFacts)
        case ended(StreamEnd)
    }

    struct Unexpected: Error {
        let event: Event
    }

    let events = Recorder<Event>()
    private let contentNamespace: String
    private let channel: any Channel
    private let handler: NIOLoopBound<StreamHandler>

    private final class Role: StreamRole {
        let kind = TransportMetrics.Kind.remoteOutbound
        let contentNamespace: String
        let certificates: CertificateStore
        let tls: TLSSession.Role
        let events: Recorder<Event>

        init(
            _ contentNamespace: String, _ certificates: CertificateStore, _ tls: TLSSession.Role,
            _ events: Recorder<Event>
        ) {
            self.contentNamespace = contentNamespace
            self.certificates = certificates
            self.tls = tls
            self.events = events
        }

        func started(on stream: StreamHandler) {}
        func established(_ facts: TLSFacts, on stream: StreamHandler) { self.events.record(.tls(facts)) }
        func received(_ header: StreamHeader, on stream: StreamHandler) {
            self.events.record(.header(header))
        }
        func received(_ element: Element, on stream: StreamHandler) { self.events.record(.element(element)) }
        func timedOut(on stream: StreamHandler) {}
        func headerForRefusal() -> StreamHeader? { nil }
        func ended(_ end: StreamEnd) { self.events.record(.ended(end)) }
        func makeTLSSession() throws(TLSError) -> TLSSession {
            try TLSSession(store: self.certificates, role: self.tls)
        }
    }

    /// Connects to a port of 127.0.0.1; `identity` is whose certificate is shown.
    init(
        port: Int, side: CertificateStore.Side, serverName: String, identity: String? = nil,
        certificates: CertificateStore, direct: Bool = false
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let namespace = side == .clientStreams ? Namespace.client : Namespace.server
        let environment = StreamEnvironment(
            domains: [], certificates: certificates, secret: [], group: group, logger: Logger(label: "raw"))
        let events = self.events
        let made = group.next().makePromise(of: NIOLoopBound<StreamHandler>.self)
        self.channel = try await ClientBootstrap(group: made.futureResult.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let role = Role(
                        namespace, certificates,
                        .client(side, identity: identity, serverName: serverName, alpn: direct), events)
                    if direct {
                        let tls = TLSHandler(
                            session: try role.makeTLSSession(), handshakeTimeout: .seconds(10))
                        try channel.pipeline.syncOperations.addHandler(tls)
                    }
                    let handler = StreamHandler(role: role, environment: environment, usesDirectTLS: direct)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    made.succeed(NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        self.handler = try await made.futureResult.get()
        self.contentNamespace = namespace
    }

    func perform(_ directive: StreamDirective) {
        let handler = self.handler
        handler.execute { handler in
            handler.perform(directive)
            handler.flush()
        }
    }

    func send(_ element: Element) { self.perform(.send(element)) }

    func send(bytes: String) {
        self.channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
    }

    /// Opens the stream, or opens it anew.
    func open(to: String, from: String? = nil) throws {
        self.perform(.restart)
        self.perform(
            .sendHeader(
                StreamHeader(
                    contentNamespace: self.contentNamespace, to: try JID(to),
                    from: try from.map { try JID($0) },
                    declaresDialback: self.contentNamespace == Namespace.server)))
    }

    func nextElement() async throws -> Element {
        let event = try await self.events.next()
        guard case .element(let element) = event else { throw Unexpected(event: event) }
        return element
    }

    func nextHeader() async throws -> StreamHeader {
        let event = try await self.events.next()
        guard case .header(let header) = event else { throw Unexpected(event: event) }
        return header
    }

    /// The header and the features that follow it.
    func nextFeatures() async throws -> StreamFeatures {
        _ = try await self.nextHeader()
        return try StreamFeatures(parsing: try await self.nextElement())
    }

    func nextTLS() async throws -> TLSFacts {
        let event = try await self.events.next()
        guard case .tls(let facts) = event else { throw Unexpected(event: event) }
        return facts
    }

    /// The stream error that ends the stream; headers and features before it are passed over.
    func nextError() async throws -> StreamError {
        while true {
            let event = try await self.events.next()
            switch event {
            case .element(let element) where StreamError.matches(element):
                return StreamError(parsing: element)
            case .element(let element) where StreamFeatures.matches(element): continue
            case .header: continue
            case .element, .tls, .ended: throw Unexpected(event: event)
            }
        }
    }

    /// Opens the stream, gets TLS up and opens it again; the features offered then.
    func startTLS(to: String, from: String? = nil) async throws -> (TLSFacts, StreamFeatures) {
        try self.open(to: to, from: from)
        _ = try await self.nextFeatures()
        self.send(Element("starttls", namespace: Namespace.tls))
        _ = try await self.nextElement()
        self.perform(.startTLS)
        let facts = try await self.nextTLS()
        try self.open(to: to, from: from)
        return (facts, try await self.nextFeatures())
    }

    func close() {
        self.channel.close(promise: nil)
    }
}

extension NIOLoopBound {
    /// Runs `body` with the value on its event loop.
    func execute(_ body: @escaping @Sendable (Value) -> Void) {
        self.eventLoop.execute { body(self.value) }
    }
}
