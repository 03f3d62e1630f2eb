import Glibc
import Logging
import NIOCore
import Testing
import XMPP

@testable import XMPPTransport

@Suite("Looking at servers that are not well")
struct ScriptedServerTests {
    private static let header = """
        <?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
        xmlns:db='jabber:server:dialback' from='b.test' to='a.test' id='1' version='1.0'>
        """

    private func look(
        at answers: [String], direct: Bool = false, limits: ProbeLimits = .patient
    ) async throws -> StreamFacts {
        let authority = try TestAuthority.shared.get()
        let prober = RemoteProber(
            from: "a.test", certificates: try CertificateStore(certificates: [:], trust: authority.trust),
            policy: RemotePolicy(), resolver: Resolver(), secret: [1],
            logger: Logger(label: "probe", factory: { _ in SwiftLogNoOpLogHandler() }), limits: limits)
        let server = try await ScriptedServer(answers)
        let facts = await prober.streams(
            DomainPair(local: "a.test", remote: "b.test"),
            at: [
                NameFacts.Server(
                    host: "127.0.0.1", port: server.port, usesDirectTLS: direct, addresses: ["127.0.0.1"])
            ], look: { _ in })
        try await server.close()
        return try #require(facts.first)
    }

    @Test("One without STARTTLS")
    func noTLS() async throws {
        let facts = try await self.look(at: [Self.header + "<stream:features/>"])
        #expect(facts.speaksXMPP)
        #expect(facts.end == .failed(.noTLS))
        #expect(facts.tls == nil)
        #expect(!facts.beganTLS)
    }

    @Test("One that does not serve the domain")
    func hostUnknown() async throws {
        let facts = try await self.look(at: [
            Self.header
                + "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
        ])
        #expect(facts.end == .failed(.refused(StreamError(.hostUnknown))))
    }

    @Test("One whose TLS is none", arguments: [false, true])
    func brokenTLS(direct: Bool) async throws {
        let features =
            "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
        let proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
        let facts = try await self.look(
            at: direct
                ? ["HTTP/1.1 400 Bad Request\r\n\r\n"] : [Self.header + features, proceed, "no TLS at all"],
            direct: direct)
        #expect(facts.beganTLS)
        #expect(facts.tls == nil)
        guard case .lost(let reason) = facts.end else {
            Issue.record("not lost: \(String(describing: facts.end))")
            return
        }
        #expect(reason.contains("TLS handshake"))
    }

    @Test("One that takes connections and says nothing, or closes them")
    func silent() async throws {
        let closed = try await self.look(at: [])
        #expect(!closed.speaksXMPP)
        guard case .lost = closed.end else {
            Issue.record("not lost: \(String(describing: closed.end))")
            return
        }
        var limits = ProbeLimits.patient
        limits.stream = .seconds(2)
        let silent = try await self.look(at: ["", "", ""], limits: limits)
        #expect(silent.end == .failed(.timedOut))
        #expect(!silent.speaksXMPP)
    }

    @Test("One that speaks something else")
    func notXMPP() async throws {
        let facts = try await self.look(at: ["SSH-2.0-OpenSSH_9.2\r\n"])
        #expect(!facts.speaksXMPP)
        guard case .lost = facts.end else {
            Issue.record("not lost: \(String(describing: facts.end))")
            return
        }
    }
}

@Suite("Addresses that a stranger's DNS must not lead to")
struct PrivateAddressTests {
    @Test(
        "Private networks, this machine, its link, and what carries them in IPv6",
        arguments: [
            "10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.1", "::1", "::", "fe80::1",
            "fc00::1",
            "fd12::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1",
        ])
    func inside(text: String) {
        #expect(PrivateAddress.contains(Self.bytes(text)))
    }

    @Test(
        "The internet",
        arguments: [
            "9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "192.0.2.1", "100.63.0.1",
            "100.128.0.1", "198.17.0.1", "223.255.255.255", "2001:4860::8888", "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ])
    func outside(text: String) {
        #expect(!PrivateAddress.contains(Self.bytes(text)))
    }

    @Test("What is no address is nowhere")
    func none() {
        #expect(PrivateAddress.contains([]))
        #expect(PrivateAddress.contains([8, 8, 8]))
    }

    private static func bytes(_ text: String) -> [UInt8] {
        let isV6 = text.contains(":")
        var bytes = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
        #expect(unsafe inet_pton(isV6 ? AF_INET6 : AF_INET, text, &bytes) == 1)
        return bytes
    }
}
