package import NIOCore

extension TransportLimits {
    /// Sets one of the times, for those who have no SwiftNIO.
    package mutating func set(_ time: WritableKeyPath<TransportLimits, TimeAmount>, to duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self[keyPath: time] = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
