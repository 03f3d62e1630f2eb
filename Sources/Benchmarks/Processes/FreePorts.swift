import NIOCore
import NIOPosix

/// Ports of the loopback interface that nobody listens on.
enum FreePorts {
    /// Each port is another; they are free again when this returns, for the processes that get them.
    static func take(_ count: Int) async throws -> [Int] {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        var channels: [any Channel] = []
        for _ in 0..<count {
            channels.append(try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
        }
        let ports = channels.compactMap { $0.localAddress?.port }
        for channel in channels { try await channel.close() }
        return ports
    }
}
