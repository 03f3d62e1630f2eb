/// How long responses took.
public struct ResponseTime: Hashable, Sendable {
    /// How long each took; of a bucket of a histogram its upper bound.
    public var duration: Duration
    /// How many responses it stands for.
    public var count: Int

    /// One response, or a bucket of a histogram.
    public init(_ duration: Duration, count: Int = 1) {
        self.duration = duration
        self.count = count
    }

    /// As the server reads it.
    var text: String { "\(self.duration.milliseconds):\(self.count)" }
}
