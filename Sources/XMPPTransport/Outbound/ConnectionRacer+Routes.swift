import NIOCore
import NIOPosix
import Synchronization

extension ConnectionRacer {
    /// Connects to the first of `routes` that answers.
    ///
    /// Nothing is read from the connection before `autoRead` is set: there may be nobody yet to read it. `made` is told of
    /// each channel before it connects, and may refuse it by an error.
    static func run(
        routes: [Route], on eventLoop: any EventLoop, limits: TransportLimits,
        made: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<Winner> {
        Self.run(count: routes.count, on: eventLoop, stagger: limits.connectionStagger) { index in
            let channels = MadeChannels()
            let channel = ClientBootstrap(group: eventLoop)
                .connectTimeout(limits.connectTime)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try made(channel)
                        channels.add(channel)
                    }
                }
                .connect(host: routes[index].host, port: routes[index].port)
            return Attempt(channel: channel.hop(to: eventLoop)) { channels.close() }
        }
    }
}

/// The channels that one attempt has made: a name may stand for several addresses.
private final class MadeChannels: Sendable {
    private let channels = Mutex<[any Channel]>([])

    func add(_ channel: any Channel) { self.channels.withLock { $0.append(channel) } }

    func close() {
        for channel in self.channels.withLock({ $0 }) { channel.close(promise: nil) }
    }
}
