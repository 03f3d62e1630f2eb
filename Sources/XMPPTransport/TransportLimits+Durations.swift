package import NIOCore

extension AttachmentLimits {
    /// Sets one of the times, for those who have no SwiftNIO.
    package mutating func set(_ time: WritableKeyPath<AttachmentLimits, TimeAmount>, to duration: Duration) {
        self[keyPath: time] = TimeAmount(duration)
    }
}

extension TransportLimits {
    /// Sets one of the times, for those who have no SwiftNIO.
    package mutating func set(_ time: WritableKeyPath<TransportLimits, TimeAmount>, to duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self[keyPath: time] = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }

    /// One of the times.
    package func duration(_ time: KeyPath<TransportLimits, TimeAmount>) -> Duration {
        .nanoseconds(self[keyPath: time].nanoseconds)
    }
}
