import NIOCore
import NIOEmbedded
import Testing
import XMPP

@testable import XMPPTransport

@Suite("TLS in memory")
struct TLSTests {
    private static let allocator = ByteBufferAllocator()

    /// Moves ciphertext from one end to the other, in pieces of `size` bytes at most.
    private static func move(from source: TLSSession, to target: TLSSession, size: Int) throws {
        guard var bytes = source.takeCiphertext() else { return }
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            target.receive(piece)
            _ = try? target.handshake()
        }
    }

    /// Shakes hands between two sessions; what each end knows then.
    static func connect(
        _ server: TLSSession, _ client: TLSSession, size: Int = .max
    ) throws -> (TLSFacts, TLSFacts) {
        for _ in 0..<10 {
            let isClientDone = try client.handshake() == .finished
            try self.move(from: client, to: server, size: size)
            let isServerDone = try server.handshake() == .finished
            try self.move(from: server, to: client, size: size)
            if isClientDone, isServerDone { return (server.facts(), client.facts()) }
        }
        throw TLSError("the handshake did not end")
    }

    private static func sessions(
        _ authority: TestAuthority, server: CertificateFiles, client: CertificateFiles? = nil,
        _ side: CertificateStore.Side = .serverStreams
    ) throws -> (TLSSession, TLSSession) {
        let serving = try CertificateStore(certificates: ["a.test": server], trust: authority.trust)
        let connecting = try CertificateStore(
            certificates: client.map { ["b.test": $0] } ?? [:], trust: authority.trust)
        return (
            try TLSSession(store: serving, role: .server(side, domain: "a.test", alpn: false)),
            try TLSSession(
                store: connecting, role: .client(side, identity: "b.test", serverName: "a.test", alpn: false))
        )
    }

    @Test(
        "However the bytes are cut, both ends agree on the channel and on each other",
        arguments: [Int.max, 1, 7, 1_000])
    func bindings(size: Int) throws {
        let authority = try TestAuthority()
        let (server, client) = try Self.sessions(
            authority, server: try authority.issue("a.test"), client: try authority.issue("b.test"))
        let (serverFacts, clientFacts) = try Self.connect(server, client, size: size)
        #expect(serverFacts.version == "TLSv1.3")
        #expect(serverFacts.exporterBinding?.count == 32)
        #expect(serverFacts.exporterBinding == clientFacts.exporterBinding)
        #expect(serverFacts.endPointBinding?.count == 32)
        #expect(serverFacts.endPointBinding == clientFacts.endPointBinding)
        #expect(serverFacts.proves("b.test", as: .server))
        #expect(clientFacts.proves("a.test", as: .server))
        let text = ByteBuffer(repeating: 0x61, count: 100_000)
        try client.encrypt(text)
        var received = ByteBuffer()
        while var bytes = client.takeCiphertext() {
            while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0
            {
                server.receive(piece)
                #expect(try server.decrypt(into: &received) == .needsMore)
            }
        }
        #expect(received == text)
        client.close()
        server.receive(try #require(client.takeCiphertext()))
        #expect(try server.decrypt(into: &received) == .closedByPeer)
    }

    @Test(
        "RFC 9525 §2, RFC 6120 §13.7.1.2: Names of all three kinds are read from the certificate, and the common name is not"
    )
    func names() throws {
        let authority = try TestAuthority()
        let names = """
            DNS:*.a.test,otherName:1.3.6.1.5.5.7.8.5;UTF8:b.test,otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server.c.test,\
            otherName:1.2.3.4;UTF8:d.test,email:e@e.test
            """
        let (server, client) = try Self.sessions(
            authority, server: try authority.issue("a.test", names: names))
        let facts = try Self.connect(server, client).1
        #expect(
            facts.peer?.names
                == CertificateNames(
                    dns: ["*.a.test"], services: ["_xmpp-server.c.test"], addresses: ["b.test"]))
        #expect(!facts.proves("a.test", as: .server))
        #expect(facts.proves("b.test", as: .server))
        #expect(facts.proves("c.test", as: .server))
        #expect(!facts.proves("c.test", as: .client))
    }

    @Test(
        "A flawed certificate is recorded with the reason and proves nothing, but ends no handshake",
        arguments: [(TestAuthority.Flaw.expired, "expired"), (.selfSigned, "self")])
    func flaws(flaw: TestAuthority.Flaw, reason: String) throws {
        let authority = try TestAuthority()
        let (server, client) = try Self.sessions(
            authority, server: try authority.issue("a.test"),
            client: try authority.issue("b.test", flaw: flaw))
        let facts = try Self.connect(server, client).0
        guard case .untrusted(let text) = facts.peer?.verification else {
            Issue.record("trusted")
            return
        }
        #expect(text.contains(reason))
        #expect(!facts.proves("b.test", as: .server))
    }

    @Test("A client is not asked for a certificate, a server is and may have none")
    func noCertificate() throws {
        let authority = try TestAuthority()
        let files = try authority.issue("a.test")
        let (server, client) = try Self.sessions(authority, server: files, client: files, .clientStreams)
        #expect(try Self.connect(server, client).0.peer == nil)
        let (second, anonymous) = try Self.sessions(authority, server: files)
        #expect(try Self.connect(second, anonymous).0.peer == nil)
    }

    @Test("A certificate that is missing or has another's key is refused at once")
    func badFiles() throws {
        let authority = try TestAuthority()
        let (first, second) = (try authority.issue("a.test"), try authority.issue("b.test"))
        let mixed = CertificateFiles(chain: first.chain, key: second.key)
        let missing = CertificateFiles(chain: "/nowhere", key: "/nowhere")
        for files in [mixed, missing] {
            #expect(throws: TLSError.self) {
                _ = try CertificateStore(certificates: ["a.test": files], trust: authority.trust)
            }
        }
        #expect(throws: TLSError.self) {
            _ = try CertificateStore(certificates: [:], trust: .file("/nowhere"))
        }
    }

    @Test("A handshake that takes too long or makes no sense closes the channel")
    func handshakeLimits() throws {
        let authority = try TestAuthority()
        let store = try CertificateStore(
            certificates: ["a.test": try authority.issue("a.test")], trust: authority.trust)
        func channel() throws -> EmbeddedChannel {
            let session = try TLSSession(
                store: store, role: .server(.clientStreams, domain: "a.test", alpn: false))
            let channel = EmbeddedChannel(
                handler: TLSHandler(session: session, handshakeTimeout: .seconds(10)))
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/x")).wait()
            return channel
        }
        let slow = try channel()
        slow.embeddedEventLoop.advanceTime(by: .milliseconds(9_999))
        #expect(slow.isActive)
        slow.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!slow.isActive)
        #expect(throws: TLSError.self) { try slow.throwIfErrorCaught() }
        let confused = try channel()
        #expect(throws: TLSError.self) {
            try confused.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        }
        #expect(!confused.isActive)
    }
}
