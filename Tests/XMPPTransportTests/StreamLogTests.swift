import Logging
import NIOCore
import NIOEmbedded
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// What the log says about streams that are refused: one line for each, with the address and the condition.
@Suite("Refused streams in the log")
struct StreamLogTests {
    /// Runs `body` with a site `a.test`; what its log has of `notice` and worse.
    private static func logged(
        limits: TransportLimits = .patient, policy: RemotePolicy = RemotePolicy(),
        _ body: (TestSite, TestAuthority) async throws -> Void
    ) async throws -> [LogRecorder.Line] {
        let authority = try TestAuthority.shared.get()
        let recorder = LogRecorder()
        // When this is over, every stream has ended.
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust, policy: policy,
            limits: limits, logger: recorder.logger
        ) { site in
            try await body(site, authority)
        }
        return recorder.lines.filter { $0.level >= .notice }
    }

    /// Exactly one line, which names who is refused and why.
    private static func expect(
        _ lines: [LogRecorder.Line], _ condition: StreamError.Condition,
        _ message: String = "a stream is refused"
    ) {
        #expect(lines.map(\.message) == [message])
        #expect(lines.first?.metadata["address"] == "127.0.0.1")
        #expect(lines.first?.metadata["condition"] == "\(condition.rawValue)")
        #expect(lines.first?.metadata["reason"] != nil)
    }

    private static func client(_ site: TestSite, _ authority: TestAuthority) async throws -> RawPeer {
        try await RawPeer(
            port: site.ports.clients, side: .clientStreams, serverName: "a.test",
            certificates: try CertificateStore(certificates: [:], trust: authority.trust))
    }

    /// A server that shows the certificate of `identity`.
    private static func server(
        _ site: TestSite, _ authority: TestAuthority, identity: String = "b.test"
    ) async throws -> RawPeer {
        let store = try CertificateStore(
            certificates: [identity: try authority.issue(identity)], trust: authority.trust)
        return try await RawPeer(
            port: site.ports.servers, side: .serverStreams, serverName: "a.test", identity: identity,
            certificates: store)
    }

    // MARK: What arrives

    private static let hostile: [(String, StreamError.Condition)] = [
        (String(repeating: "<a>", count: 9), .policyViolation),
        ("<a>" + String(repeating: "x", count: 10_001), .policyViolation),
        ("<!-- hello -->", .restrictedXML),
        ("<a></b>", .notWellFormed),
        ("text<a/>", .badFormat),
    ]

    @Test("XML that is malformed, nested, oversized or restricted: one line, of a client", arguments: hostile)
    func xmlOfClients(bytes: String, condition: StreamError.Condition) async throws {
        let lines = try await Self.logged { site, authority in
            let peer = try await Self.client(site, authority)
            try peer.open(to: "a.test")
            _ = try await peer.nextFeatures()
            peer.send(bytes: bytes)
            #expect(try await peer.nextError().condition == condition)
        }
        Self.expect(lines, condition)
    }

    @Test("XML that is malformed, nested, oversized or restricted: one line, of a server", arguments: hostile)
    func xmlOfServers(bytes: String, condition: StreamError.Condition) async throws {
        let lines = try await Self.logged { site, authority in
            let peer = try await Self.server(site, authority)
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            peer.send(bytes: bytes)
            #expect(try await peer.nextError().condition == condition)
        }
        Self.expect(lines, condition)
    }

    @Test("Slow XML, half a header of a client and of a server: one line each", arguments: [true, false])
    func slow(isClient: Bool) async throws {
        var limits = TransportLimits.patient
        limits.authenticationTime = .milliseconds(50)
        let lines = try await Self.logged(limits: limits) { site, authority in
            let peer =
                isClient
                ? try await Self.client(site, authority) : try await Self.server(site, authority)
            peer.send(bytes: "<?xml version='1.0'?><stream:stream ")
            #expect(try await peer.nextError().condition == .connectionTimeout)
        }
        Self.expect(lines, .connectionTimeout)
    }

    @Test("A stanza that is begun and never finished: one line; a client that is simply gone: none")
    func unfinished() throws {
        for bytes in ["<message", ""] {
            let recorder = LogRecorder()
            var limits = TransportLimits()
            limits.idleRemote = .hours(1)
            let environment = try EmbeddedStream.environment(limits: limits, logger: recorder.logger)
            let remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: [:]))
            let stream = try EmbeddedStream.inbound(environment, remotes, EmbeddedStream.Receiver())
            try stream.hear(bytes)
            stream.channel.pipeline.fireChannelReadComplete()
            stream.advance(limits.stanzaTime + limits.keepalive)
            let lines = recorder.lines.filter { $0.level >= .notice }
            #expect(lines.map(\.metadata["condition"]) == (bytes.isEmpty ? [] : ["connection-timeout"]))
        }
    }

    @Test("A handshake too many: one line, which says that there is no room")
    func handshakes() throws {
        let recorder = LogRecorder()
        var limits = TransportLimits()
        limits.handshakes = 0
        let environment = try EmbeddedStream.environment(limits: limits, logger: recorder.logger)
        let remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: [:]))
        let stream = try EmbeddedStream(
            RemoteInboundRole(
                environment: environment, remotes: remotes, receiver: EmbeddedStream.Receiver(),
                usesDirectTLS: false), environment, usesDirectTLS: false)
        try stream.hear(EmbeddedStream.theirs)
        try stream.hear(Element("starttls", namespace: Namespace.tls))
        let lines = recorder.lines.filter { $0.level >= .notice }
        #expect(lines.map(\.message) == ["a stream is refused"])
        #expect(lines.first?.metadata["condition"] == "resource-constraint")
        #expect(lines.first?.metadata["reason"] == "too many TLS handshakes are under way")
    }

    // MARK: Who it is

    /// An attempt to log in that the client gives up, which is a failure like any other.
    private static func fail(_ peer: RawPeer) async throws {
        let first = Array("n,,n=alice,r=abcdefghijklmnop".utf8)
        peer.send(SASLElement.auth(mechanism: "SCRAM-SHA-256", initialResponse: first).element)
        _ = try await peer.nextElement()
        peer.send(SASLElement.abort.element)
        guard case .failure = try SASLElement(parsing: try await peer.nextElement()) else {
            Issue.record("not refused")
            return
        }
    }

    @Test("Failures to log in: one line for the stream, closed for it or left by the client")
    func failures() async throws {
        var limits = TransportLimits.patient
        limits.failureDelay = .zero
        for count in [1, limits.authenticationFailures] {
            let lines = try await Self.logged(limits: limits) { site, authority in
                let peer = try await Self.client(site, authority)
                _ = try await peer.startTLS(to: "a.test")
                for _ in 0..<count { try await Self.fail(peer) }
                if count == limits.authenticationFailures {
                    #expect(try await peer.nextError().condition == .policyViolation)
                } else {
                    peer.close()
                }
            }
            Self.expect(lines, count == 1 ? .notAuthorized : .policyViolation)
        }
    }

    @Test("An address that has failed too often: one line for each stream")
    func barred() async throws {
        var limits = TransportLimits.patient
        limits.failureDelay = .zero
        limits.failuresPerAddress = 1
        let lines = try await Self.logged(limits: limits) { site, authority in
            let first = try await Self.client(site, authority)
            _ = try await first.startTLS(to: "a.test")
            try await Self.fail(first)
            first.close()
            let second = try await Self.client(site, authority)
            _ = try await second.startTLS(to: "a.test")
            second.send(SASLElement.auth(mechanism: "SCRAM-SHA-256", initialResponse: [0]).element)
            _ = try await second.nextElement()
            #expect(try await second.nextError().condition == .policyViolation)
        }
        let conditions = lines.compactMap { $0.metadata["condition"]?.description }.sorted()
        #expect(conditions == ["not-authorized", "policy-violation"])
    }

    @Test("A sender that is not the stream's, of a client and of a server: one line each")
    func forged() async throws {
        let client = try await Self.logged { site, authority in
            let peer = try await Self.client(site, authority)
            let (facts, features) = try await peer.startTLS(to: "a.test")
            _ = try await ClientStreamTests.logIn(peer, facts, features, to: "a.test")
            _ = try await peer.nextFeatures()
            guard case .accepted(let stream) = try await site.clients.next() else {
                Issue.record("no session")
                return
            }
            // As the session does that compares senders.
            stream.close(StreamError(.invalidFrom))
            #expect(try await peer.nextError().condition == .invalidFrom)
        }
        Self.expect(client, .invalidFrom)
        let server = try await Self.logged { site, authority in
            let peer = try await Self.server(site, authority)
            _ = try await peer.startTLS(to: "a.test", from: "b.test")
            let name = Array("b.test".utf8)
            peer.send(SASLElement.auth(mechanism: "EXTERNAL", initialResponse: name).element)
            _ = try await peer.nextElement()
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            let forged = EmbeddedStream.message("1", from: "c.test", to: "a.test")
            peer.send(forged.element(in: Namespace.server))
            #expect(try await peer.nextError().condition == .invalidFrom)
        }
        Self.expect(server, .invalidFrom)
    }

    @Test("A certificate for another name: one line, where that is the end and where dialback would be left")
    func anotherName() async throws {
        let refused = try await Self.logged(policy: RemotePolicy(standard: .certificate)) { site, authority in
            let peer = try await Self.server(site, authority, identity: "other.test")
            try peer.open(to: "a.test", from: "b.test")
            _ = try await peer.nextFeatures()
            peer.send(Element("starttls", namespace: Namespace.tls))
            _ = try await peer.nextElement()
            peer.perform(.startTLS)
            _ = try await peer.nextTLS()
            try peer.open(to: "a.test", from: "b.test")
            #expect(try await peer.nextError().condition == .notAuthorized)
        }
        Self.expect(refused, .policyViolation, "policy turns another server away")
        #expect(refused.first?.metadata["domain"] == "b.test")
        let policy = RemotePolicy(standard: .certificateOrDialback)
        let left = try await Self.logged(policy: policy) { site, authority in
            let peer = try await Self.server(site, authority, identity: "other.test")
            let (_, features) = try await peer.startTLS(to: "a.test", from: "b.test")
            #expect(features.mechanisms.isEmpty)
            peer.close()
        }
        Self.expect(left, .notAuthorized)
    }

    @Test("A server that comes to ask about a dialback key, and goes: no line")
    func asking() async throws {
        let policy = RemotePolicy(standard: .certificateOrDialback)
        let lines = try await Self.logged(policy: policy) { site, authority in
            let peer = try await Self.server(site, authority, identity: "other.test")
            _ = try await peer.startTLS(to: "a.test", from: "b.test")
            let question = DialbackVerify(
                from: EmbeddedStream.domain("b.test"), to: EmbeddedStream.domain("a.test"), id: "1", .key("k")
            )
            peer.send(question.element)
            _ = try await peer.nextElement()
            peer.close()
        }
        #expect(lines.isEmpty)
    }

    // MARK: Floods

    @Test("A flood from one address has ten lines a minute, and the next one says how many there were")
    func flood() throws {
        let recorder = LogRecorder()
        let environment = try EmbeddedStream.environment(logger: recorder.logger)
        let remotes = RemoteStreams(environment: environment, resolver: Resolver(routes: [:]))
        func attack() throws {
            let stream = try EmbeddedStream(
                RemoteInboundRole(
                    environment: environment, remotes: remotes, receiver: EmbeddedStream.Receiver(),
                    usesDirectTLS: false), environment, usesDirectTLS: false)
            try stream.hear(EmbeddedStream.theirs)
            try stream.hear("<a></\u{1B}[2J>")
        }
        for _ in 0..<40 { try attack() }
        #expect(recorder.lines.count == environment.limits.refusalLinesPerAddress)
        let loop = try #require(environment.group as? EmbeddedEventLoop)
        loop.advanceTime(by: .minutes(1))
        try attack()
        #expect(recorder.lines.count == environment.limits.refusalLinesPerAddress + 1)
        let last = try #require(recorder.lines.last)
        #expect(last.metadata["address"] == "192.0.2.1" && last.metadata["unwritten"] == "30")
        // In one line, whatever the other side wrote.
        let text = recorder.lines.flatMap { $0.metadata.values.map(\.description) }.joined()
        #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
}
