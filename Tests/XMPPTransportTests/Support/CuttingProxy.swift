import NIOCore
import NIOPosix
import Synchronization

/// Relays connections to a port of loopback, and cuts one of them after so many bytes when it is told to.
final class CuttingProxy: Sendable {
    /// Hands bytes to the other side of a relayed connection.
    private final class Relay: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let peer: any Channel
        private let budget: Budget

        init(to peer: any Channel, within budget: Budget) {
            self.peer = peer
            self.budget = budget
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = self.unwrapInboundIn(data)
            let allowed = self.budget.allow(bytes.readableBytes)
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

    /// Bytes that may still pass in one direction before the connection is cut.
    private final class Budget: Sendable {
        /// Nil for as many as there are.
        private let left: Mutex<Int?> = Mutex(nil)

        func set(_ bytes: Int?) { self.left.withLock { $0 = bytes } }

        /// How many of so many bytes pass; if not all, the connection is to be cut, once.
        func allow(_ bytes: Int) -> Int {
            self.left.withLock { left in
                guard let allowed = left else { return bytes }
                guard allowed < bytes else {
                    left = allowed - bytes
                    return bytes
                }
                left = nil
                return allowed
            }
        }
    }

    private let toServer = Budget()
    private let toClient = Budget()
    private let target: Mutex<Int>
    private let channel: Mutex<(any Channel)?> = Mutex(nil)
    private let accepted: Mutex<(count: Int, last: (any Channel)?)> = Mutex((0, nil))

    /// `port` may be told later.
    init(to port: Int = 0) {
        self.target = Mutex(port)
    }

    func relay(to port: Int) { self.target.withLock { $0 = port } }

    /// Cuts the connection after so many bytes to the server, once.
    func cut(after bytes: Int) { self.toServer.set(bytes) }

    /// Cuts the connection after so many bytes to the client, once.
    func cutBack(after bytes: Int) { self.toClient.set(bytes) }

    /// Cuts nothing any more that it has not cut yet.
    func spare() {
        self.toServer.set(nil)
        self.toClient.set(nil)
    }

    /// How many connections were made to it.
    var connectionCount: Int { self.accepted.withLock { $0.count } }

    /// Cuts the connection that was made last, now.
    func breakOff() { self.accepted.withLock { $0.last }?.close(promise: nil) }

    private func accept(_ channel: any Channel) {
        self.accepted.withLock { $0 = ($0.count + 1, channel) }
    }

    /// Listens; the port.
    func start() async throws -> Int {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let channel = try await ServerBootstrap(group: eventLoop).childChannelInitializer { inbound in
            self.accept(inbound)
            return ClientBootstrap(group: inbound.eventLoop).channelInitializer { outbound in
                outbound.eventLoop.makeCompletedFuture {
                    try outbound.pipeline.syncOperations.addHandler(
                        Relay(to: inbound, within: self.toClient))
                }
            }.connect(host: "127.0.0.1", port: self.target.withLock { $0 }).flatMapThrowing { outbound in
                try inbound.pipeline.syncOperations.addHandler(Relay(to: outbound, within: self.toServer))
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        self.channel.withLock { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    func stop() { self.channel.withLock { $0 }?.close(promise: nil) }
}
