import NIOCore
import NIOPosix
import Testing

@testable import XMPPTransport

@Suite("Measuring the way to a port", .timeLimit(.minutes(3)))
struct PortProbeTests {
    @Test("A listener gives a time and sees the connection end; where nobody listens there is no time")
    func connects() async throws {
        let ended = Recorder<Int>()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.closeFuture.whenComplete { _ in ended.record(1) }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let began = ContinuousClock.now
        let time = try await PortProbe().connect("127.0.0.1", port)
        #expect(time > .zero && time <= ContinuousClock.now - began)
        _ = try await ended.next()
        try await server.close()
        await #expect(throws: (any Error).self) { try await PortProbe().connect("127.0.0.1", port) }
    }
}
