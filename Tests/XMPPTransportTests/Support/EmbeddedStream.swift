import Cryptography
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// One end, at `a.test`, of a stream with `b.test`: without socket and TLS, in virtual time.
final class EmbeddedStream {
    /// Keeps what arrives and what comes back; says that it has had its effect when the test says so.
    final class Receiver: RemoteStanzaReceiver {
        struct State {
            var received: [Stanza] = []
            var returned: [Stanza] = []
            var waiting: [@Sendable () -> Void] = []
            var holdsBack = false
        }

        private let state = Mutex(State())

        var received: [Stanza] { self.state.withLock { $0.received } }
        var returned: [Stanza] { self.state.withLock { $0.returned } }

        /// From now on nothing has its effect until `release()`.
        func holdBack() { self.state.withLock { $0.holdsBack = true } }

        func release() {
            let waiting = self.state.withLock { state in
                state.holdsBack = false
                defer { state.waiting = [] }
                return state.waiting
            }
            for body in waiting { body() }
        }

        func received(_ stanza: Stanza, on stream: RemoteStream) {
            self.state.withLock { $0.received.append(stanza) }
        }

        func afterAll(from stream: RemoteStream, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void) {
            let mustWait = self.state.withLock { state in
                if state.holdsBack { state.waiting.append(body) }
                return state.holdsBack
            }
            if !mustWait { body() }
        }

        func undeliverable(_ stanza: Stanza, because error: StanzaError) {
            self.state.withLock { $0.returned.append(stanza) }
        }
    }

    let channel: EmbeddedChannel
    let handler: StreamHandler
    var loop: EmbeddedEventLoop { self.channel.embeddedEventLoop }
    private var said = ""

    init(_ role: any StreamRole, _ environment: StreamEnvironment, usesDirectTLS: Bool = true) throws {
        let loop = try #require(environment.group as? EmbeddedEventLoop)
        self.channel = EmbeddedChannel(loop: loop)
        self.handler = StreamHandler(role: role, environment: environment, usesDirectTLS: usesDirectTLS)
        try self.channel.pipeline.syncOperations.addHandler(self.handler)
        try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    }

    /// What the streams of `a.test` share; with a certificate, as far as anybody asks.
    static func environment(
        limits: TransportLimits = TransportLimits(), logger: Logger = TestSite.quiet
    ) throws -> StreamEnvironment {
        let authority = try TestAuthority.shared.get()
        return StreamEnvironment(
            domains: ["a.test"],
            certificates: try CertificateStore(
                certificates: ["a.test": try authority.issue("a.test")], trust: authority.trust),
            secret: [1], limits: limits, group: EmbeddedEventLoop(), logger: logger)
    }

    /// TLS is up, with a trusted certificate of `b.test`.
    func shakeHands() {
        let facts = TLSFacts(
            version: "TLSv1.3", cipher: "",
            peer: .init(names: CertificateNames(dns: ["b.test"]), verification: .trusted))
        self.channel.pipeline.fireUserInboundEventTriggered(TLSEstablished(facts: facts))
        self.loop.run()
    }

    func hear(_ text: String) throws {
        try self.channel.writeInbound(ByteBuffer(string: text))
        self.loop.run()
    }

    func hear(_ elements: Element...) throws {
        try self.hear(elements.map(Self.text).joined())
    }

    func hear(_ header: StreamHeader) throws {
        try self.hear(String(decoding: try #require(StreamWriter.bytes(of: header)), as: UTF8.self))
    }

    /// Whether the peer has been sent this, by now.
    func says(_ element: Element) throws -> Bool { try self.everythingSaid().contains(Self.text(element)) }

    /// What the peer has been sent by now, but for what was forgotten.
    func everythingSaid() throws -> String {
        self.loop.run()
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
            self.said += String(buffer: buffer)
        }
        return self.said
    }

    /// The attribute of what the peer has been sent last that has it.
    func said(attribute name: String) throws -> String? {
        let said = try self.everythingSaid()
        let parts = said.split(separator: " \(name)=", omittingEmptySubsequences: false).dropFirst()
        return parts.last.flatMap { part in
            part.first.map { quote in String(part.dropFirst().prefix { $0 != quote }) }
        }
    }

    /// Forgets what the peer has been sent until now.
    func forget() throws {
        _ = try self.everythingSaid()
        self.said = ""
    }

    func advance(_ time: TimeAmount) { self.loop.advanceTime(by: time) }

    private static func text(_ element: Element) -> String {
        String(
            decoding: StreamWriter.bytes(of: element, contentNamespace: Namespace.server) ?? [],
            as: UTF8.self)
    }
}

// MARK: The stream of another server

extension EmbeddedStream {
    static let theirs = StreamHeader(
        contentNamespace: Namespace.server, to: domain("a.test"), from: domain("b.test"), id: "s1",
        declaresDialback: true)

    static func domain(_ name: String) -> JID { JID(preparedLocal: nil, domain: name, resource: nil) }

    static func message(_ id: String, from: String, to: String, body: String = "hello") -> Stanza {
        .message(
            Message(
                to: JID(preparedLocal: "v", domain: to, resource: nil),
                from: JID(preparedLocal: "u", domain: from, resource: nil), id: id, body: body))
    }

    /// An answer that is none: it has two children, and may not be answered.
    static let malformed = Element(
        "iq", namespace: Namespace.server,
        ["type": "result", "id": "1", "from": "u@b.test", "to": "v@a.test"],
        [Element("one", namespace: "urn:example"), Element("two", namespace: "urn:example")])

    static let request = StreamManagementElement.request.element

    /// A stream that `b.test` has opened: it has authenticated, asks for both directions and enables stream management, or
    /// begins it with another element.
    static func inbound(
        _ environment: StreamEnvironment, _ remotes: RemoteStreams, _ receiver: Receiver,
        limits: StreamLimits? = nil,
        beginning: StreamManagementElement = .enable(isResumable: true, resumptionTime: nil)
    ) throws -> EmbeddedStream {
        let stream = try EmbeddedStream(
            RemoteInboundRole(
                environment: environment, remotes: remotes, receiver: receiver, usesDirectTLS: true),
            environment)
        stream.shakeHands()
        try stream.hear(Self.theirs)
        var children: [Element] = []
        if let limits {
            let bytes = limits.longestStanza.map { "\($0)" } ?? ""
            children = [
                Element(
                    "limits", namespace: Namespace.streamLimits, [:],
                    [Element("max-bytes", namespace: Namespace.streamLimits, text: bytes)])
            ]
        }
        try stream.hear(Element("bidi", namespace: Namespace.bidirectional, [:], children))
        try stream.hear(
            SASLElement.auth(mechanism: "EXTERNAL", initialResponse: Array("b.test".utf8)).element)
        try stream.hear(Self.theirs)
        try stream.forget()
        try stream.hear(beginning.element)
        return stream
    }

    /// A stream to `b.test`, which takes our certificate and offers what is given then; until we may go on.
    static func outbound(
        _ environment: StreamEnvironment, _ management: OutboundManagement, _ receiver: Receiver?,
        _ outcome: EventLoopPromise<RemoteOutboundRole.Outcome>, offering features: [StreamFeature]
    ) throws -> EmbeddedStream {
        let errand = RemoteErrand(
            pair: DomainPair(local: "a.test", remote: "b.test"), purpose: .stanzas, asker: .ourselves,
            management: management, receiver: receiver)
        let stream = try EmbeddedStream(
            RemoteOutboundRole(
                environment: environment, errand: errand, expectation: nil, usesDirectTLS: true,
                outcome: outcome), environment)
        stream.shakeHands()
        try stream.hear(Self.theirs)
        try stream.hear(StreamFeatures([.mechanisms(["EXTERNAL"]), .bidirectional]).element)
        try stream.hear(SASLElement.success(nil).element)
        try stream.hear(Self.theirs)
        try stream.hear(StreamFeatures(features).element)
        return stream
    }
}
