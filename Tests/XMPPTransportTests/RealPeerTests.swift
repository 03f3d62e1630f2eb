import Foundation
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// The folder of real servers that listen on loopback; without it these tests do not run.
private let peers = ProcessInfo.processInfo.environment["TRADEWIND_PEERS"]

/// A Prosody serves `a.test` at 127.0.0.2 and an ejabberd `c.test` at 127.0.0.4; both look for `d.test` at 127.0.0.5:5269.
@Suite("Real servers", .enabled(if: peers != nil), .serialized)
struct RealPeerTests {
    private static let routes = [
        "a.test": [Route(host: "127.0.0.2", port: 5269)], "c.test": [Route(host: "127.0.0.4", port: 5269)],
    ]

    private static let directRoutes = [
        "a.test": [Route(host: "127.0.0.2", port: 5270, security: .directTLS)],
        "c.test": [Route(host: "127.0.0.4", port: 5270, security: .directTLS)],
    ]

    @Test("A ping goes there and its answer comes back", arguments: ["a.test", "c.test"], [false, true])
    func ping(domain: String, direct: Bool) async throws {
        let folder = try #require(peers)
        let own = CertificateFiles(chain: "\(folder)/certs/d.test.crt", key: "\(folder)/certs/d.test.key")
        try await TestSite.run(
            "d.test", certificate: own, trust: .file("\(folder)/certs/ca.crt"),
            routes: direct ? Self.directRoutes : Self.routes, serverAddress: ("127.0.0.5", 5269)
        ) { site in
            for number in 0..<3 {
                let ping = IQ(
                    to: try JID(domain), from: try JID("d.test"), id: "ping-\(number)",
                    body: .get(Element("ping", namespace: Namespace.ping)))
                try site.remotes.send(.iq(ping))
                guard case .received(.iq(let answer)) = try await site.remote.next(within: 30) else {
                    Issue.record("no answer to ping \(number)")
                    return
                }
                #expect(answer.id == ping.id)
                #expect(answer.from == ping.to)
                #expect(answer.body == .result(nil))
            }
        }
    }

    /// ejabberd 23.01 refuses EXTERNAL with a certificate for TLS servers only: a new stream then tries dialback.
    @Test(
        "A certificate for servers only is good enough, if need be by way of dialback",
        arguments: ["a.test", "c.test"])
    func serverCertificate(domain: String) async throws {
        let folder = try #require(peers)
        let authority = try TestAuthority(existing: "\(folder)/certs")
        let own = try authority.issue("d.test")
        try await TestSite.run(
            "d.test", certificate: own, trust: authority.trust, routes: Self.routes,
            serverAddress: ("127.0.0.5", 5269)
        ) { site in
            let ping = IQ(
                to: try JID(domain), from: try JID("d.test"), id: "ping",
                body: .get(Element("ping", namespace: Namespace.ping)))
            try site.remotes.send(.iq(ping))
            guard case .received(.iq(let answer)) = try await site.remote.next(within: 30) else {
                Issue.record("no answer")
                return
            }
            #expect(answer.body == .result(nil))
        }
    }
}
