/// What the users of a workload are to get, and what may be done for it; what is nil is left to the server.
public struct Following: Hashable, Sendable {
    /// The response time that users are to get: replicas are added, moved and removed for it.
    public var target: Duration
    /// The most replicas.
    public var maximum: Int
    /// How many percent of the responses are to take no longer.
    public var percentile: Int?
    /// The fewest replicas.
    public var minimum: Int?
    /// The most changes an hour.
    public var changes: Int?
    /// The most that all replicas may cost an hour, in the coordinator's currency.
    public var cost: Double?
    /// How long to wait after a change before the next.
    public var pause: Duration?
    /// The peak hours in UTC, such as `08:00-20:00`.
    public var peak: String?
    /// The response time that will do outside the peak.
    public var offPeakTarget: Duration?
    /// The fewest replicas outside the peak.
    public var offPeakMinimum: Int?

    /// Adds, moves and removes replicas, so that users are answered within `target` by at most `maximum` of them.
    public init(target: Duration, maximum: Int) {
        self.target = target
        self.maximum = maximum
    }
}
