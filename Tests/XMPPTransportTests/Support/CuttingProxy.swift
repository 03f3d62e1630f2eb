import NIOCore
import NIOPosix
import Synchronization

/// Relays connections to a port of loopback, and cuts one of them after so many bytes when it is told to.
final class CuttingProxy: Sendable {
    /// Hands bytes to the other side of a relayed connection.
    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let peer: any Channel
        private let proxy: CuttingProxy?

        init(to peer: any Channel, cutBy proxy: CuttingProxy?) {
            self.peer = peer
            self.proxy = proxy
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = self.unwrapInboundIn(data)
            let allowed = self.proxy?.allow(bytes.readableBytes) ?? bytes.readableBytes
            let isCut = allowed < bytes.readableBytes
            if let passing = bytes.readSlice(length: allowed) {
                self.peer.writeAndFlush(passing, promise: nil)
            }
            if isCut {
                self.peer.close(promise: nil)
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.peer.close(promise: nil)
            context.fireChannelInactive()
        }
    }

    /// Bytes that may still pass to the server before the connection is cut; nil for as many as there are.
    private let budget: Mutex<Int?> = Mutex(nil)
    private let target: Mutex<Int>
    private let channel: Mutex<(any Channel)?> = Mutex(nil)

    /// `port` may be told later.
    init(to port: Int = 0) {
        self.target = Mutex(port)
    }

    func relay(to port: Int) { self.target.withLock { $0 = port } }

    /// Cuts the connection after so many bytes to the server, once.
    func cut(after bytes: Int) { self.budget.withLock { $0 = bytes } }

    private func allow(_ bytes: Int) -> Int {
        self.budget.withLock { budget in
            guard let left = budget else { return bytes }
            guard left < bytes else {
                budget = left - bytes
                return bytes
            }
            budget = nil
            return left
        }
    }

    /// Listens; the port.
    func start() async throws -> Int {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let channel = try await ServerBootstrap(group: eventLoop).childChannelInitializer { inbound in
            ClientBootstrap(group: inbound.eventLoop).channelInitializer { outbound in
                outbound.eventLoop.makeCompletedFuture {
                    try outbound.pipeline.syncOperations.addHandler(Relay(to: inbound, cutBy: nil))
                }
            }.connect(host: "127.0.0.1", port: self.target.withLock { $0 }).flatMapThrowing { outbound in
                try inbound.pipeline.syncOperations.addHandler(Relay(to: outbound, cutBy: self))
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    func stop() { self.channel.withLock { $0 }?.close(promise: nil) }
}
