import Cryptography
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Looking at other servers")
struct RemoteProberTests {
    private static let pair = DomainPair(local: "a.test", remote: "b.test")

    private static func server(_ port: Int, direct: Bool = false) -> NameFacts.Server {
        NameFacts.Server(host: "127.0.0.1", port: port, usesDirectTLS: direct, addresses: ["127.0.0.1"])
    }

    /// A prober of `a.test` that nobody has to ask back.
    private static func prober(
        _ authority: TestAuthority, certificate: CertificateFiles?,
        policy: RemotePolicy.Authentication = .certificate,
        limits: ProbeLimits = .patient
    ) throws -> RemoteProber {
        var certificates: [String: CertificateFiles] = [:]
        certificates["a.test"] = certificate
        return RemoteProber(
            from: "a.test",
            certificates: try CertificateStore(certificates: certificates, trust: authority.trust),
            policy: RemotePolicy(standard: policy), resolver: Resolver(), secret: [1, 2, 3],
            logger: Logger(label: "probe", factory: { _ in SwiftLogNoOpLogHandler() }), limits: limits)
    }

    private static func look(_ prober: RemoteProber, _ server: NameFacts.Server) async throws -> StreamFacts {
        try #require(await prober.streams(Self.pair, at: [server], look: { _ in }).first)
    }

    @Test(
        "A server that is well: TLS, certificate, features, EXTERNAL and limits are noted",
        arguments: [false, true])
    func well(direct: Bool) async throws {
        let authority = try TestAuthority()
        let prober = try Self.prober(authority, certificate: try authority.issue("a.test"))
        try await TestSite.run("b.test", certificate: try authority.issue("b.test"), trust: authority.trust) {
            there in
            let port = direct ? there.ports.serversDirect : there.ports.servers
            let facts = try await Self.look(prober, Self.server(port, direct: direct))
            guard case .connected(let time) = facts.reach else {
                Issue.record("not connected: \(facts.reach)")
                return
            }
            #expect(time > .zero)
            #expect(facts.place == "127.0.0.1:\(port)")
            #expect(facts.speaksXMPP)
            #expect(facts.tls?.version == "TLSv1.3")
            #expect(facts.end == .authenticated(.external))
            #expect(facts.features != nil)
            #expect(facts.limits.longestStanza == TransportLimits().remote.stanzaBytes)
            let certificate = try #require(facts.certificate)
            #expect(certificate.problem == nil)
            #expect(certificate.issuer == "test authority")
            #expect(certificate.names("b.test"))
            #expect(!certificate.names("a.test"))
            #expect(certificate.notBefore < certificate.notAfter)
        }
    }

    @Test(
        "What is wrong with a certificate is told apart",
        arguments: [
            (TestAuthority.Flaw.expired, CertificateFacts.Problem.expired), (.selfSigned, .selfSigned),
        ])
    func flaws(flaw: TestAuthority.Flaw, problem: CertificateFacts.Problem) async throws {
        let authority = try TestAuthority()
        let prober = try Self.prober(authority, certificate: try authority.issue("a.test"))
        let files = try authority.issue("b.test", flaw: flaw)
        try await TestSite.run("b.test", certificate: files, trust: authority.trust) { there in
            let facts = try await Self.look(prober, Self.server(there.ports.servers))
            #expect(facts.certificate?.problem == problem)
            guard case .failed(.untrustedPeer) = facts.end else {
                Issue.record("went on: \(String(describing: facts.end))")
                return
            }
        }
    }

    @Test("An authority that nobody knows, and a certificate for another name")
    func strangers() async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let prober = try Self.prober(authority, certificate: try authority.issue("a.test"))
        let files = try stranger.issue("b.test")
        try await TestSite.run("b.test", certificate: files, trust: authority.trust) { there in
            let facts = try await Self.look(prober, Self.server(there.ports.servers))
            #expect(facts.certificate?.problem == .unknownIssuer)
        }
        let other = try authority.issue("b.test", names: "DNS:c.test")
        try await TestSite.run("b.test", certificate: other, trust: authority.trust) { there in
            let facts = try await Self.look(prober, Self.server(there.ports.servers))
            #expect(facts.certificate?.problem == nil)
            #expect(facts.certificate?.names("b.test") == false)
            #expect(facts.certificate?.names.dns == ["c.test"])
        }
    }

    @Test("Our certificate is examined like a peer's, and with its key")
    func ownFiles() throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        #expect(try store.examine(try authority.issue("a.test")).problem == nil)
        #expect(try store.examine(try authority.issue("a.test", flaw: .expired)).problem == .expired)
        let (one, other) = (try authority.issue("a.test"), try authority.issue("a.test"))
        #expect(throws: TLSError.self) {
            try store.examine(CertificateFiles(chain: one.chain, key: other.key))
        }
    }

    @Test("A peer that does not take our certificate: refused, or by dialback where policy allows it")
    func refusedCertificate() async throws {
        let authority = try TestAuthority()
        let flawed = try authority.issue("a.test", flaw: .selfSigned)
        try await TestSite.run(
            "b.test", certificate: try authority.issue("b.test"), trust: authority.trust,
            policy: RemotePolicy(standard: .certificate)
        ) { there in
            let prober = try Self.prober(authority, certificate: flawed)
            let facts = try await Self.look(prober, Self.server(there.ports.servers))
            guard case .failed(.refused(let error)) = facts.end else {
                Issue.record("went on: \(String(describing: facts.end))")
                return
            }
            #expect(error.condition == .notAuthorized)
        }
    }

    @Test("Dialback: the peer asks our server back, and then it is noted how we were authenticated")
    func dialback() async throws {
        let authority = try TestAuthority()
        let flawed = try authority.issue("a.test", flaw: .selfSigned)
        let policy = RemotePolicy(standard: .certificateOrDialback)
        try await TestSite.run("a.test", certificate: flawed, trust: authority.trust, policy: policy) {
            here in
            let routes = ["a.test": [Route(host: "127.0.0.1", port: here.ports.servers)]]
            try await TestSite.run(
                "b.test", certificate: try authority.issue("b.test"), trust: authority.trust, policy: policy,
                routes: routes
            ) { there in
                let facts = try await Self.look(here.remotes.prober, Self.server(there.ports.servers))
                #expect(facts.end == .authenticated(.dialback(afterRefusal: nil)))
                // A server without an agent behind it: the key is asked for and found wrong.
                let prober = try Self.prober(authority, certificate: flawed, policy: .certificateOrDialback)
                let alone = try await Self.look(prober, Self.server(there.ports.servers))
                #expect(alone.end == .failed(.dialbackRefused(.invalid)))
            }
        }
    }

    @Test("A port where nobody listens")
    func refusedPort() async throws {
        let authority = try TestAuthority()
        let prober = try Self.prober(authority, certificate: nil)
        // Port 1 of loopback: nobody listens there.
        let facts = try await Self.look(prober, Self.server(1))
        #expect(facts.reach == .refused)
        #expect(facts.end == nil)
        #expect(await prober.port("127.0.0.1", 1).reach == .refused)
    }

    @Test("Several addresses: all are looked at, in their order, and not more than the limit")
    func several() async throws {
        let authority = try TestAuthority()
        var limits = ProbeLimits.patient
        (limits.places, limits.connections) = (3, 1)
        let prober = try Self.prober(authority, certificate: nil, limits: limits)
        let server = NameFacts.Server(
            host: "b.test", port: 1, usesDirectTLS: false,
            addresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"])
        let told = Recorder<String>()
        let found = await prober.streams(Self.pair, at: [server]) { told.record($0) }
        #expect(found.map(\.place) == ["127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1"])
        #expect(found.allSatisfy { $0.reach == .refused })
        #expect(try await told.next() == "127.0.0.1:1")
    }

    @Test(
        "RFC 7673 §4.1: the certificate that DNS announces is taken whoever signed it, and no other",
        arguments: [false, true])
    func announced(isRight: Bool) async throws {
        let (authority, stranger) = (try TestAuthority(), try TestAuthority())
        let certificate = try stranger.issue("b.test")
        let shown = try CertificateBytes(pem: String(contentsOfFile: certificate.chain, encoding: .utf8))
        let record = TLSARecord(
            usage: .certificate, selector: .key, matching: .sha256,
            data: isRight ? shown.keyDigest : [UInt8](repeating: 7, count: 32))
        let prober = try Self.prober(authority, certificate: try authority.issue("a.test"))
        try await TestSite.run("b.test", certificate: certificate, trust: authority.trust) { there in
            var server = Self.server(there.ports.servers)
            server.expectation = TLSAExpectation([record], names: ["b.test"])
            let facts = try await Self.look(prober, server)
            #expect(facts.tls?.peer?.announced == (isRight ? .matched : .mismatched))
            if isRight {
                #expect(facts.end == .authenticated(.external))
            } else if case .failed(.untrustedPeer(let reason)) = facts.end {
                #expect(reason.contains("not what DNS announces"))
            } else {
                Issue.record("it is taken all the same: \(facts)")
            }
        }
    }

    @Test("Static routes are told as such, and DNS is not asked")
    func routes() async throws {
        let authority = try TestAuthority()
        let environment = StreamEnvironment(
            domains: ["a.test"],
            certificates: try CertificateStore(certificates: [:], trust: authority.trust),
            secret: [], group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "probe", factory: { _ in SwiftLogNoOpLogHandler() }))
        let resolver = Resolver(routes: [
            "b.test": [Route(host: "10.0.0.1", port: 5270, security: .directTLS)]
        ])
        let names = await RemoteProber(environment: environment, resolver: resolver).names(of: "b.test")
        #expect(names.source == .configuration)
        #expect(
            names.servers == [
                NameFacts.Server(host: "10.0.0.1", port: 5270, usesDirectTLS: true, addresses: ["10.0.0.1"])
            ])
    }
}

extension ProbeLimits {
    /// The usual limits, with time enough for a machine that does much else.
    static var patient: ProbeLimits {
        var limits = ProbeLimits()
        limits.connect = .minutes(5)
        limits.handshake = .minutes(5)
        limits.stream = .minutes(5)
        return limits
    }
}
