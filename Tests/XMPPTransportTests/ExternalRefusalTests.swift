import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Servers that refuse our certificate", .timeLimit(.minutes(2)))
struct ExternalRefusalTests {
    private static let pair = DomainPair(local: "a.test", remote: "b.test")
    private static let start = NIODeadline.uptimeNanoseconds(1)

    @Test("A refusal is remembered for its time")
    func expiry() {
        var refusals = ExternalRefusals(limit: 2, time: .hours(1))
        #expect(!refusals.contains(Self.pair, at: Self.start))
        refusals.remember(Self.pair, at: Self.start)
        #expect(refusals.contains(Self.pair, at: Self.start + .hours(1) - .nanoseconds(1)))
        #expect(!refusals.contains(Self.pair, at: Self.start + .hours(1)))
        #expect(!refusals.contains(DomainPair(local: "x.test", remote: "b.test"), at: Self.start))
    }

    @Test("No more are remembered than the limit says, the oldest being forgotten first")
    func limit() {
        #expect(TransportLimits().externalRefusals == 1_000)
        var refusals = ExternalRefusals(limit: 2, time: .hours(1))
        let pairs = (0..<3).map { DomainPair(local: "a.test", remote: "\($0).test") }
        for (index, pair) in pairs.enumerated() {
            refusals.remember(pair, at: Self.start + .seconds(Int64(index)))
        }
        #expect(refusals.count == 2)
        let now = Self.start + .seconds(3)
        #expect(pairs.map { refusals.contains($0, at: now) } == [false, true, true])
    }

    /// A server for `b.test` that treats certificates as ejabberd 23.01 does: it offers EXTERNAL, and then refuses what
    /// is for TLS servers only; dialback it believes without asking.
    private final class Refusing: StreamRole {
        let kind = TransportMetrics.Kind.remoteInbound
        let contentNamespace = Namespace.server
        private let certificates: CertificateStore
        private let seen: Recorder<String>
        private var hasTLS = false

        init(_ certificates: CertificateStore, _ seen: Recorder<String>) {
            self.certificates = certificates
            self.seen = seen
        }

        func started(on stream: StreamHandler) {}
        func established(_ facts: TLSFacts, on stream: StreamHandler) { self.hasTLS = true }
        func timedOut(on stream: StreamHandler) {}
        func headerForRefusal() -> StreamHeader? { nil }
        func ended(_ end: StreamEnd) {}
        func makeTLSSession() throws(TLSError) -> TLSSession {
            try TLSSession(
                store: self.certificates, role: .server(.serverStreams, domain: "b.test", alpn: false))
        }

        func received(_ header: StreamHeader, on stream: StreamHandler) {
            stream.perform(
                .sendHeader(
                    StreamHeader(
                        contentNamespace: Namespace.server, to: header.from, from: header.to, id: "s1",
                        declaresDialback: true)))
            let features: [StreamFeature] =
                self.hasTLS
                ? [.mechanisms(["EXTERNAL"]), .dialback(hasErrors: true)] : [.startTLS(isRequired: true)]
            stream.send(StreamFeatures(features).element)
            stream.flush()
        }

        func received(_ element: Element, on stream: StreamHandler) {
            switch element.namespace {
            case Namespace.tls:
                stream.send(Element("proceed", namespace: Namespace.tls))
                stream.perform(.startTLS)
            case Namespace.sasl:
                self.seen.record("EXTERNAL")
                let refusal = SASLFailure(.notAuthorized, text: "unsupported certificate purpose")
                stream.send(SASLElement.failure(refusal).element)
                stream.flush()
                stream.close(nil)
            case Namespace.dialback:
                self.seen.record("dialback")
                guard let result = try? DialbackResult(parsing: element) else { return }
                stream.send(DialbackResult(from: result.to, to: result.from, .valid).element)
            default: self.seen.record("stanza")
            }
            stream.flush()
        }
    }

    private static func listen(
        _ files: CertificateFiles, _ trust: TrustAnchors, _ seen: Recorder<String>
    ) async throws -> any Channel {
        let store = try CertificateStore(certificates: ["b.test": files], trust: trust)
        let group = MultiThreadedEventLoopGroup.singleton
        let environment = StreamEnvironment(
            domains: ["b.test"], certificates: store, secret: [], limits: .patient, group: group,
            logger: TestSite.quiet)
        return try await ServerBootstrap(group: group).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = StreamHandler(
                    role: Refusing(store, seen), environment: environment, usesDirectTLS: false)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }.bind(host: "127.0.0.1", port: 0).get()
    }

    private static func message(_ id: String) throws -> Stanza {
        .message(Message(to: try JID("v@b.test"), from: try JID("u@a.test"), id: id, body: "hello"))
    }

    @Test(
        "XEP-0178 §3: where EXTERNAL is refused a new stream tries dialback, and the next one begins with it")
    func fallsBack() async throws {
        let authority = try TestAuthority()
        let seen = Recorder<String>()
        let server = try await Self.listen(try authority.issue("b.test"), authority.trust, seen)
        let route = Route(host: "127.0.0.1", port: try #require(server.localAddress?.port))
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
            routes: ["b.test": [route]]
        ) { here in
            try here.remotes.send(try Self.message("1"))
            for expected in ["EXTERNAL", "dialback", "stanza"] {
                #expect(try await seen.next() == expected)
            }
            let stream = try #require(here.remotes.stream(for: Self.pair))
            stream.close(nil)
            try await Turns.pass(until: "the stream is closed") { !stream.isOpen }
            try here.remotes.send(try Self.message("2"))
            for expected in ["dialback", "stanza"] { #expect(try await seen.next() == expected) }
        }
        try await server.close()
    }

    @Test("Where policy wants certificates both ways, a refusal of ours is the end")
    func certificateOnly() async throws {
        let authority = try TestAuthority()
        let seen = Recorder<String>()
        let server = try await Self.listen(try authority.issue("b.test"), authority.trust, seen)
        let route = Route(host: "127.0.0.1", port: try #require(server.localAddress?.port))
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
            policy: RemotePolicy(standard: .certificate), routes: ["b.test": [route]]
        ) { here in
            let stanza = try Self.message("1")
            try here.remotes.send(stanza)
            #expect(try await seen.next() == "EXTERNAL")
            guard case .undeliverable(stanza, _) = try await here.remote.next() else {
                Issue.record("it went somewhere")
                return
            }
        }
        try await server.close()
    }
}
