import Cryptography
import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("Client streams over loopback")
struct ClientStreamTests {
    private static func credentials(_ password: String) -> SASLClient.Credentials {
        .password(username: "alice", password: password, allowsPlain: false)
    }

    /// Authenticates `peer`, on which TLS is up; the mechanism that was used.
    static func logIn(
        _ peer: RawPeer, _ facts: TLSFacts, _ features: StreamFeatures, to domain: String,
        password: String = TestSite.password
    ) async throws -> String {
        let bindings = facts.exporterBinding.map { [ChannelBinding(kind: .tlsExporter, bytes: $0)] } ?? []
        var random = SecureRandom()
        var client = try #require(
            SASLClient(
                offered: features.mechanisms, serverBindings: features.channelBindings,
                credentials: Self.credentials(password), bindings: bindings, nonce: random.bytes(24)))
        peer.send(
            SASLElement.auth(mechanism: client.mechanism.rawValue, initialResponse: client.initialResponse)
                .element)
        guard case .challenge(let challenge) = try SASLElement(parsing: try await peer.nextElement()),
            case .hash(let hashing) = client.receive(challenge: challenge),
            case .respond(let response) = client.receive(hashing.perform())
        else { throw SASLFailure(.malformedRequest) }
        peer.send(SASLElement.response(response).element)
        switch try SASLElement(parsing: try await peer.nextElement()) {
        case .success(let bytes): #expect(client.receive(success: bytes) == .authenticated)
        case .failure(let failure): throw failure
        case .auth, .challenge, .response, .abort: Issue.record("neither success nor failure")
        }
        try peer.open(to: domain)
        return client.mechanism.rawValue
    }

    @Test("A client logs in over STARTTLS with a bound channel and exchanges stanzas with its session")
    func startTLS() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            let peer = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            let (facts, features) = try await peer.startTLS(to: "a.test")
            #expect(facts.version == "TLSv1.3")
            #expect(facts.peer?.verification == .trusted)
            #expect(facts.proves("a.test", as: .client))
            let mechanism = try await Self.logIn(peer, facts, features, to: "a.test")
            #expect(mechanism == "SCRAM-SHA-256-PLUS")
            #expect(try await peer.nextFeatures().offersBind)
            guard case .accepted(let stream) = try await site.clients.next() else {
                Issue.record("no session")
                return
            }
            #expect(stream.account == (try JID("alice@a.test")))
            #expect(stream.mechanism == "SCRAM-SHA-256-PLUS")
            let message = Stanza.message(Message(to: try JID("bob@a.test"), id: "1", body: "hello"))
            peer.send(message.element())
            guard case .received(message) = try await site.clients.next() else {
                Issue.record("not the message that was sent")
                return
            }
            #expect(stream.send(message))
            #expect(try Stanza(parsing: try await peer.nextElement()) == message)
            stream.close(StreamError(.conflict))
            #expect(try await peer.nextError().condition == .conflict)
            guard case .ended(.closedHere(.some)) = try await site.clients.next() else {
                Issue.record("the session was not told of the end")
                return
            }
        }
    }

    @Test("XEP-0368 §3: Direct TLS chooses the protocol by ALPN and the certificate by SNI")
    func directTLS() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let (first, second) = (try authority.issue("a.test"), try authority.issue("b.test"))
        try await TestSite.run("a.test", more: ["b.test": second], certificate: first, trust: authority.trust)
        { site in
            for domain in ["a.test", "b.test"] {
                let peer = try await RawPeer(
                    port: site.ports.clientsDirect, side: .clientStreams, serverName: domain,
                    certificates: store,
                    direct: true)
                let facts = try await peer.nextTLS()
                #expect(facts.applicationProtocol == "xmpp-client")
                #expect(facts.peer?.names.dns == [domain])
                try peer.open(to: domain)
                #expect(try await peer.nextFeatures().mechanisms.contains("SCRAM-SHA-256-PLUS"))
                peer.close()
            }
        }
    }

    @Test("Nothing but STARTTLS is offered and taken in clear")
    func cleartext() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            let peer = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            try peer.open(to: "a.test")
            let features = try await peer.nextFeatures()
            #expect(features.startTLSIsRequired == true)
            #expect(features.mechanisms.isEmpty)
            peer.send(SASLElement.auth(mechanism: "PLAIN", initialResponse: [0]).element)
            #expect(try await peer.nextError().condition == .policyViolation)
        }
    }

    @Test(
        "A stream to a domain that is not served, or that changes its domain after authentication, is closed")
    func wrongDomain() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let (first, second) = (try authority.issue("a.test"), try authority.issue("b.test"))
        try await TestSite.run("a.test", more: ["b.test": second], certificate: first, trust: authority.trust)
        { site in
            let stranger = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "x.test", certificates: store)
            try stranger.open(to: "x.test")
            #expect(try await stranger.nextError().condition == .hostUnknown)

            let switcher = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            let (facts, features) = try await switcher.startTLS(to: "a.test")
            _ = try await Self.logIn(switcher, facts, features, to: "b.test")
            #expect(try await switcher.nextError().condition == .notAuthorized)
        }
    }

    @Test("Five failures to authenticate end the stream, for accounts that exist and those that do not")
    func failures() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            let peer = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            let (facts, features) = try await peer.startTLS(to: "a.test")
            for _ in 0..<5 {
                await #expect(throws: SASLFailure.self) {
                    _ = try await Self.logIn(peer, facts, features, to: "a.test", password: "wrong")
                }
            }
            #expect(try await peer.nextError().condition == .policyViolation)
        }
    }

    @Test(
        "Input beyond the limits before authentication ends the stream",
        arguments: [
            (String(repeating: "<a>", count: 9), StreamError.Condition.policyViolation),
            ("<a>" + String(repeating: "x", count: 10_001), .policyViolation),
            ("<!-- hello -->", .restrictedXML),
            ("<a></b>", .notWellFormed),
            ("text<a/>", .badFormat),
        ])
    func badInput(bytes: String, condition: StreamError.Condition) async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust) { site in
            let peer = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            try peer.open(to: "a.test")
            _ = try await peer.nextFeatures()
            peer.send(bytes: bytes)
            #expect(try await peer.nextError().condition == condition)
        }
    }

    @Test("Who does not authenticate in time is cut off, half a header or none")
    func slow() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        var limits = TransportLimits.patient
        limits.authenticationTime = .milliseconds(50)
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust, limits: limits) {
            site in
            let peer = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            peer.send(bytes: "<?xml version='1.0'?><stream:stream ")
            #expect(try await peer.nextError().condition == .connectionTimeout)
        }
    }

    @Test("One address gets no more connections than the limit, and all of them no more than theirs")
    func connectionsPerAddress() async throws {
        try await self.connections { $0.connectionsPerAddress = 2 }
        try await self.connections { $0.connections = 2 }
    }

    private func connections(_ limit: (inout TransportLimits) -> Void) async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        let certificate = try authority.issue("a.test")
        var limits = TransportLimits.patient
        limit(&limits)
        try await TestSite.run("a.test", certificate: certificate, trust: authority.trust, limits: limits) {
            site in
            var peers: [RawPeer] = []
            for _ in 0..<2 {
                let peer = try await RawPeer(
                    port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
                try peer.open(to: "a.test")
                _ = try await peer.nextFeatures()
                peers.append(peer)
            }
            let third = try await RawPeer(
                port: site.ports.clients, side: .clientStreams, serverName: "a.test", certificates: store)
            guard case .ended(.lost) = try await third.events.next() else {
                Issue.record("the third connection was served")
                return
            }
            #expect(peers.count == 2)
        }
    }
}
