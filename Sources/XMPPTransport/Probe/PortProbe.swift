import NIOCore
import NIOPosix

/// Measures how long it takes to connect to a port.
package struct PortProbe: Sendable {
    private let group: any EventLoopGroup
    private let limits: ProbeLimits

    package init(limits: ProbeLimits = ProbeLimits()) {
        self.init(group: MultiThreadedEventLoopGroup.singleton, limits: limits)
    }

    init(group: any EventLoopGroup, limits: ProbeLimits) {
        self.group = group
        self.limits = limits
    }

    /// Connects to `host`, closes the connection, and says how long the first took.
    package func connect(_ host: String, _ port: Int) async throws -> Duration {
        let began = NIODeadline.now()
        let channel = try await ClientBootstrap(group: self.group)
            .connectTimeout(self.limits.connect).connect(host: host, port: port).get()
        let time = Duration.nanoseconds((NIODeadline.now() - began).nanoseconds)
        channel.close(promise: nil)
        return time
    }
}
