import Cryptography
import Logging
import NIOCore
import NIOEmbedded
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// Connections that never authenticate: what they took is given back when they go, wherever they stopped.
@Suite("Coming and going")
struct ComingAndGoingTests {
    /// How far a connection gets before it is cut.
    enum Stage: CaseIterable, Sendable {
        case connected, halfHeader, features, mechanism, startTLS, handshake

        /// What it sends, if anything.
        var bytes: [UInt8] {
            let header =
                "<stream:stream to='a.test' version='1.0' xmlns='jabber:client' xmlns:stream='\(Namespace.streams)'>"
            switch self {
            case .connected: return []
            case .halfHeader: return Array(header.utf8.prefix(60))
            case .features: return Array(header.utf8)
            case .mechanism:
                return Array((header + "<auth xmlns='\(Namespace.sasl)' mechanism='SCRAM-SHA-256'/>").utf8)
            case .startTLS: return Array((header + "<starttls xmlns='\(Namespace.tls)'/>").utf8)
            // The beginning of a ClientHello, which never goes on.
            case .handshake: return [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
            }
        }
    }

    /// Nobody has an account, so nobody's stream is ever handed over.
    private struct Nobody: AccountAuthority, ClientStreamAcceptor, ClientStreamDelegate {
        func credentials(of account: JID, hash: HashFunction) async throws -> SCRAMCredentials? { nil }
        func accept(_ stream: ClientStream) -> any ClientStreamDelegate {
            Issue.record("somebody authenticated")
            return self
        }
        func received(_ stanza: Stanza, on stream: ClientStream) {}
        func received(malformed reply: Stanza?, on stream: ClientStream) {}
        func received(other element: Element, on stream: ClientStream) {}
        func silent(on stream: ClientStream) -> Bool { false }
        func ended(_ end: StreamEnd, on stream: ClientStream) {}
    }

    private struct Weak {
        weak let handler: StreamHandler?
    }

    @Test(
        "Attack: memory by connections that never authenticate (CVE-2026-43506). When they go, nothing of them stays",
        arguments: Stage.allCases)
    func nothingStays(stage: Stage) throws {
        let loop = EmbeddedEventLoop()
        let authority = try TestAuthority()
        let environment = StreamEnvironment(
            domains: ["a.test"],
            certificates: try CertificateStore(
                certificates: ["a.test": try authority.issue("a.test")], trust: authority.trust),
            clientsMayOmitTLS: true, secret: [1], group: loop, logger: TestSite.quiet)
        let service = ClientService(authority: Nobody(), acceptor: Nobody())
        let table = ConnectionTable(limit: 2, total: 2)
        var streams: [Weak] = []
        for _ in 0..<500 {
            let channel = EmbeddedChannel(loop: loop)
            let isDirect = stage == .handshake
            let role = ClientStreamRole(environment: environment, clients: service, usesDirectTLS: isDirect)
            let handler = StreamHandler(role: role, environment: environment, usesDirectTLS: isDirect)
            try #require(table.add(handler, on: channel))
            streams.append(Weak(handler: handler))
            if isDirect {
                let tls = TLSHandler(session: try role.makeTLSSession(), handshakeTimeout: .seconds(10))
                try channel.pipeline.syncOperations.addHandler(tls)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 5_222)).wait()
            if !stage.bytes.isEmpty { try channel.writeInbound(ByteBuffer(bytes: stage.bytes)) }
            loop.run()
            #expect(table.count == 1)
            let isShaking = stage == .startTLS || stage == .handshake
            #expect(environment.guards.handshakesUnderWay == (isShaking ? 1 : 0))
            channel.close(promise: nil)
            loop.run()
        }
        #expect(table.count == 0)
        #expect(environment.guards.handshakesUnderWay == 0)
        #expect(streams.filter { $0.handler != nil }.isEmpty)
    }
}
