import Foundation
import NIOCore
import Testing
import XML
import XMPP

@testable import XMPPTransport

@Suite("What policy says of single peers, over loopback")
struct PeerPolicyTests {
    private static func message(from: String, to: String) throws -> Stanza {
        .message(Message(to: try JID(to), from: try JID(from), id: "1", body: "hello"))
    }

    /// The pin of the certificate in these files.
    private static func pin(_ files: CertificateFiles) throws -> RemotePolicy.Authentication {
        let text = try String(contentsOfFile: files.chain, encoding: .utf8)
        return .pinned([try CertificateBytes(pem: text).keyDigest])
    }

    /// What came of a message: it arrived there, or came back with an error.
    private struct Outcome: Sendable {
        let sent: Stanza
        var arrived: TestSite.Event?
        var returned: TestSite.Event?
    }

    /// `a.test` sends a message to `b.test`, each with policy of its own: what came of it.
    private func exchange(
        here: [String: RemotePolicy.Authentication], there: [String: RemotePolicy.Authentication],
        _ own: CertificateFiles, _ other: CertificateFiles, _ trust: TrustAnchors
    ) async throws -> Outcome {
        let stanza = try Self.message(from: "u@a.test", to: "v@b.test")
        return try await TestSite.run(
            "b.test", certificate: other, trust: trust,
            policy: RemotePolicy(standard: .certificate, exceptions: there)
        ) { peer in
            try await TestSite.run(
                "a.test", certificate: own, trust: trust,
                policy: RemotePolicy(standard: .certificate, exceptions: here),
                routes: ["b.test": [Route(host: "127.0.0.1", port: peer.ports.servers)]]
            ) { site in
                try site.remotes.send(stanza)
                return try await withThrowingTaskGroup(of: Outcome.self) { group in
                    group.addTask { Outcome(sent: stanza, arrived: try await peer.remote.next()) }
                    group.addTask { Outcome(sent: stanza, returned: try await site.remote.next()) }
                    defer { group.cancelAll() }
                    return try #require(try await group.next())
                }
            }
        }
    }

    @Test("RFC 7469 §2.4: pinned keys are enough, both ways, whoever signed their certificates")
    func pinned() async throws {
        let authority = try TestAuthority()
        let own = try authority.issue("a.test", flaw: .selfSigned)
        let other = try authority.issue("b.test", names: "DNS:elsewhere.test", flaw: .expired)
        let outcome = try await self.exchange(
            here: ["b.test": try Self.pin(other)],
            there: ["a.test": try Self.pin(own)],
            own, other, authority.trust)
        #expect(outcome.arrived == .received(outcome.sent))
    }

    @Test("Another key than the pinned one is refused by either side, though an authority vouches for it")
    func wrongPin() async throws {
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("a.test"), try authority.issue("b.test"))
        let wrong = RemotePolicy.Authentication.pinned([[UInt8](repeating: 7, count: 32)])
        for (here, there) in [(["b.test": wrong], [:]), ([:], ["a.test": wrong])] {
            let outcome = try await self.exchange(
                here: here, there: there, own, other, authority.trust)
            guard case .undeliverable(outcome.sent, let error) = outcome.returned else {
                Issue.record("\(outcome)")
                return
            }
            #expect(error.condition == .remoteServerTimeout)
            // No more than that: what the other side said is for the log.
            #expect(
                ["b.test does not prove who it is as it should", "b.test cannot be reached"].contains(
                    error.text))
        }
    }

    @Test("Stanzas for a blocked domain come back with the reason")
    func blockedOutgoing() async throws {
        let authority = try TestAuthority()
        let (own, other) = (try authority.issue("a.test"), try authority.issue("b.test"))
        let outcome = try await self.exchange(
            here: ["b.test": .blocked], there: [:], own, other, authority.trust)
        guard case .undeliverable(outcome.sent, let error) = outcome.returned else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.condition == .notAllowed)
        #expect(error.text == "nothing is exchanged with b.test here")
    }

    @Test("A blocked domain is told so by the stream")
    func blockedIncoming() async throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(certificates: [:], trust: authority.trust)
        try await TestSite.run(
            "a.test", certificate: try authority.issue("a.test"), trust: authority.trust,
            policy: RemotePolicy(exceptions: ["*.bad.test": .blocked])
        ) { site in
            let peer = try await RawPeer(
                port: site.ports.servers, side: .serverStreams, serverName: "a.test", certificates: store)
            try peer.open(to: "a.test", from: "very.bad.test")
            let error = try await peer.nextError()
            #expect(error.condition == .policyViolation)
            #expect(error.text == "nothing is exchanged with very.bad.test here")
        }
    }
}
