import Cryptography
import Logging
import NIOCore
import NIOEmbedded
import Testing
import XML
import XMPP

@testable import XMPPTransport

/// Limits in time, in virtual time: to the millisecond.
@Suite("Times of streams")
struct StreamTimeTests {
    private struct Nobody: AccountAuthority, ClientStreamAcceptor, ClientStreamDelegate, RemoteStanzaReceiver
    {
        func credentials(of account: JID, hash: HashFunction) async throws -> SCRAMCredentials? { nil }
        func accept(_ stream: ClientStream) -> any ClientStreamDelegate { self }
        func received(_ stanza: Stanza, on stream: ClientStream) {}
        func received(malformed reply: Stanza?, on stream: ClientStream) {}
        func received(other element: Element, on stream: ClientStream) {}
        func silent(on stream: ClientStream) -> Bool { false }
        func ended(_ end: StreamEnd, on stream: ClientStream) {}
        func received(_ stanza: Stanza, on stream: RemoteStream) {}
        func afterAll(from stream: RemoteStream, mayGiveWay: Bool, _ body: @escaping @Sendable () -> Void) {
            body()
        }
        func undeliverable(_ stanza: Stanza, because error: StanzaError) {}
    }

    private enum Side: CaseIterable {
        case client
        case server
    }

    /// The server's end of a connection that has just been accepted.
    private static func accept(_ side: Side, _ loop: EmbeddedEventLoop) throws -> EmbeddedChannel {
        let environment = StreamEnvironment(
            domains: ["a.test"],
            certificates: try CertificateStore(certificates: [:], trust: .system), secret: [1], group: loop,
            logger: Logger(label: "times", factory: { _ in SwiftLogNoOpLogHandler() }))
        let role: any StreamRole =
            switch side {
            case .client:
                ClientStreamRole(
                    environment: environment,
                    clients: ClientService(authority: Nobody(), acceptor: Nobody()), usesDirectTLS: false)
            case .server:
                RemoteInboundRole(
                    environment: environment,
                    remotes: RemoteStreams(environment: environment, resolver: Resolver(routes: [:])),
                    receiver: Nobody(), usesDirectTLS: false)
            }
        let channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandler(
            StreamHandler(role: role, environment: environment, usesDirectTLS: false))
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        return channel
    }

    private static func written(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    @Test("Whoever has not authenticated after thirty seconds is cut off, whatever came until then")
    func authenticationTime() throws {
        for side in Side.allCases {
            for bytes in ["", "<?xml version='1.0'?><stream:str", "   "] {
                let loop = EmbeddedEventLoop()
                let channel = try Self.accept(side, loop)
                try channel.writeInbound(ByteBuffer(string: bytes))
                loop.advanceTime(by: .milliseconds(29_999))
                #expect(try !Self.written(channel).contains("connection-timeout"))
                loop.advanceTime(by: .milliseconds(1))
                #expect(try Self.written(channel).contains("connection-timeout"))
                loop.advanceTime(by: StreamHandler.closingTime)
                #expect(!channel.isActive)
            }
        }
    }

    @Test("A byte a second does not buy more time")
    func slowly() throws {
        let loop = EmbeddedEventLoop()
        let channel = try Self.accept(.client, loop)
        let header = "<stream:stream to='a.test' version='1.0' xmlns='jabber:client'"
        for byte in header.utf8.prefix(30) {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
            loop.advanceTime(by: .seconds(1))
        }
        #expect(try Self.written(channel).contains("connection-timeout"))
    }

    @Test("XEP-0478: what is announced is what is kept")
    func announced() throws {
        let loop = EmbeddedEventLoop()
        for (side, namespace, bytes, seconds) in [
            (Side.client, "jabber:client", 262_144, 330), (Side.server, "jabber:server", 524_288, 600),
        ] {
            let channel = try Self.accept(side, loop)
            try channel.writeInbound(
                ByteBuffer(
                    string: """
                        <stream:stream to='a.test' from='b.test' version='1.0' xmlns='\(namespace)' \
                        xmlns:stream='http://etherx.jabber.org/streams'>
                        """))
            let said = try Self.written(channel)
            #expect(said.contains("<max-bytes>\(bytes)</max-bytes>"))
            #expect(said.contains("<idle-seconds>\(seconds)</idle-seconds>"))
        }
    }
}
