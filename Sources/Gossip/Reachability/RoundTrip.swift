/// The round-trip time to one site, from pings (XEP-0199).
package struct RoundTrip: Hashable, Sendable {
    /// Longest time that counts as a measurement.
    package static let longest: Duration = .seconds(10)
    /// Measurements at first of which a shorter one counts in full: those before it hold what a start costs.
    package static let firstCount = 4

    /// Moves by an eighth of the difference with each measurement (RFC 6298 §2), but at once to a shorter one of the
    /// first ``firstCount``.
    package private(set) var smoothed: Duration?
    /// What the distance takes when nothing queues.
    package private(set) var least: Duration?
    package private(set) var samples = 0

    package init() {}

    /// Takes a measurement; one that is negative or longer than `longest` is ignored.
    package mutating func measure(_ time: Duration) {
        guard time >= .zero, time <= Self.longest else { return }
        let isEarly = self.samples < Self.firstCount
        self.smoothed = self.smoothed.map { isEarly && time < $0 ? time : $0 + (time - $0) / 8 } ?? time
        self.least = min(self.least ?? time, time)
        self.samples += 1
    }
}
