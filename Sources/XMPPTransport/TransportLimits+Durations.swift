package import NIOCore

extension AttachmentLimits {
    /// Sets one of the times, for those who have no SwiftNIO.
    package mutating func set(_ time: WritableKeyPath<AttachmentLimits, TimeAmount>, to duration: Duration) {
        self[keyPath: time] = TimeAmount(duration)
    }
}

extension TransportLimits {
    /// Names one of the times, for those who have no SwiftNIO.
    package typealias Time = WritableKeyPath<TransportLimits, TimeAmount>

    /// Sets one of the times, for those who have no SwiftNIO.
    package mutating func set(_ time: Time, to duration: Duration) {
        self[keyPath: time] = TimeAmount(duration)
    }

    /// One of the times.
    package func duration(_ time: Time) -> Duration {
        .nanoseconds(self[keyPath: time].nanoseconds)
    }
}
