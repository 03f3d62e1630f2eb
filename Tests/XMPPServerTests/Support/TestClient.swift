import Cryptography
import NIOCore
import NIOPosix
import XML
import XMPP

/// A client on loopback, without TLS, that does exactly what a test says.
final class TestClient: Sendable {
    enum Event: Sendable {
        case element(Element)
        case ended
    }

    struct Unexpected: Error {
        let event: String
    }

    /// Parses what arrives; confined to its event loop.
    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        let events: Recorder<Event>
        let headers: Recorder<Element>
        private let parser = XMLStreamParser(limits: .client)

        init(_ events: Recorder<Event>, _ headers: Recorder<Element>) {
            self.events = events
            self.headers = headers
        }

        func restart() { self.parser.reset() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = self.unwrapInboundIn(data)
            self.parser.feed(buffer.readBytes(length: buffer.readableBytes) ?? [])
            do {
                while let event = try self.parser.next() {
                    switch event {
                    case .opened(let root): self.headers.record(root)
                    case .element(let element): self.events.record(.element(element))
                    case .closed: self.events.record(.ended)
                    }
                }
            } catch {
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { self.events.record(.ended) }
    }

    let domain: String
    private let events = Recorder<Event>()
    private let headers = Recorder<Element>()
    private let channel: any Channel
    private let reader: NIOLoopBound<Reader>

    init(port: Int, domain: String) async throws {
        self.domain = domain
        let (events, headers) = (self.events, self.headers)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let made = eventLoop.makePromise(of: NIOLoopBound<Reader>.self)
        self.channel = try await ClientBootstrap(group: eventLoop).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let reader = Reader(events, headers)
                try channel.pipeline.syncOperations.addHandler(reader)
                made.succeed(NIOLoopBound(reader, eventLoop: channel.eventLoop))
            }
        }.connect(host: "127.0.0.1", port: port).get()
        self.reader = try await made.futureResult.get()
    }

    // MARK: Sending

    func send(bytes: String) {
        self.channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
    }

    func send(_ element: Element) throws {
        self.send(bytes: try element.serializedText(inheriting: Namespace.client))
    }

    func send(_ stanza: Stanza) throws {
        try self.send(stanza.element())
    }

    func close() { self.channel.close(promise: nil) }

    // MARK: Receiving

    func nextElement() async throws -> Element {
        switch try await self.events.next() {
        case .element(let element): return element
        case .ended: throw Unexpected(event: "the stream ended")
        }
    }

    /// The next stream header of the server.
    func nextHeader() async throws -> Element { try await self.headers.next() }

    func next() async throws -> Stanza {
        try Stanza(parsing: try await self.nextElement())
    }

    /// The next stanza for which `matches` is true; others are passed over.
    func next(where matches: (Stanza) -> Bool) async throws -> Stanza {
        while true {
            let stanza = try await self.next()
            if matches(stanza) { return stanza }
        }
    }

    func nextMessage() async throws -> Message {
        let stanza = try await self.next { if case .message = $0 { true } else { false } }
        guard case .message(let message) = stanza else { throw Unexpected(event: "\(stanza)") }
        return message
    }

    func nextPresence() async throws -> Presence {
        let stanza = try await self.next { if case .presence = $0 { true } else { false } }
        guard case .presence(let presence) = stanza else { throw Unexpected(event: "\(stanza)") }
        return presence
    }

    /// The stream error that ends the stream; stanzas before it are passed over.
    func nextStreamError() async throws -> StreamError {
        while true {
            let element = try await self.nextElement()
            if StreamError.matches(element) { return StreamError(parsing: element) }
        }
    }

    /// Asks and waits for the answer, passing over everything else.
    func ask(_ iq: IQ) async throws -> IQ {
        try self.send(.iq(iq))
        let stanza = try await self.next { stanza in
            if case .iq(let answer) = stanza { answer.id == iq.id && stanza.isAnswer } else { false }
        }
        guard case .iq(let answer) = stanza else { throw Unexpected(event: "\(stanza)") }
        return answer
    }

    // MARK: Negotiation

    func open() async throws -> StreamFeatures {
        let reader = self.reader
        try await reader.eventLoop.submit { reader.value.restart() }.get()
        self.send(
            bytes: """
                <?xml version='1.0'?><stream:stream to='\(self.domain)' version='1.0' xmlns='jabber:client' \
                xmlns:stream='http://etherx.jabber.org/streams'>
                """)
        return try StreamFeatures(parsing: try await self.nextElement())
    }

    /// What the server challenged with, and how it ended.
    func authenticate(
        _ username: String, password: String
    ) async throws -> (challenge: [UInt8], failure: SASLFailure?) {
        let features = try await self.open()
        var random = SecureRandom()
        let client = SASLClient(
            offered: features.mechanisms, serverBindings: nil,
            credentials: .password(username: username, password: password, allowsPlain: false), bindings: [],
            nonce: random.bytes(16))
        guard var client else { throw Unexpected(event: "no usable mechanism in \(features.mechanisms)") }
        try self.send(
            SASLElement.auth(
                mechanism: client.mechanism.rawValue, initialResponse: client.initialResponse
            ).element)
        var first: [UInt8] = []
        while true {
            switch try SASLElement(parsing: try await self.nextElement()) {
            case .challenge(let bytes):
                if first.isEmpty { first = bytes }
                guard case .hash(let hashing) = client.receive(challenge: bytes),
                    case .respond(let response) = client.receive(hashing.perform())
                else {
                    throw Unexpected(event: "bad challenge")
                }
                try self.send(SASLElement.response(response).element)
            case .success(let bytes):
                guard client.receive(success: bytes) == .authenticated else {
                    throw Unexpected(event: "the server did not prove itself")
                }
                return (first, nil)
            case .failure(let failure): return (first, failure)
            case .auth, .response, .abort: throw Unexpected(event: "not for a client")
            }
        }
    }

    /// Logs in and binds; the full address.
    static func login(
        _ username: String, _ resource: String? = "desk", to server: TestServer,
        password: String = TestServer.password
    ) async throws -> (client: TestClient, address: JID) {
        let client = try await TestClient(port: server.clientPort, domain: server.domain)
        let outcome = try await client.authenticate(username, password: password)
        if let failure = outcome.failure { throw Unexpected(event: "\(failure.condition)") }
        let features = try await client.open()
        guard features.offersBind else { throw Unexpected(event: "no binding offered") }
        let answer = try await client.ask(
            IQ(to: nil, id: "bind", body: .set(ResourceBinding(resource: resource).element)))
        guard case .result(.some(let element)) = answer.body,
            let address = try ResourceBinding(parsing: element).address
        else { throw Unexpected(event: "\(answer.body)") }
        return (client, address)
    }

    /// As ``login(_:_:to:password:)``, and then asks for the roster and becomes available, as every client does.
    static func online(
        _ username: String, _ resource: String? = "desk", to server: TestServer
    ) async throws -> (client: TestClient, address: JID) {
        let (client, address) = try await Self.login(username, resource, to: server)
        _ = try await client.ask(IQ(to: nil, id: "roster", body: .get(RosterQuery().element)))
        try client.send(.presence(Presence(to: nil)))
        _ = try await client.next { $0.from == address }
        return (client, address)
    }
}
