package import CloudModel

/// When to publish our own row: on a change, but not too often, and on a heartbeat, but not in step with the others.
package struct Publication: Hashable, Sendable {
    package struct Timing: Hashable, Sendable {
        /// Least time between two publications, however often the site changes.
        package var leastGap: Duration = .seconds(1)
        /// Most time between two publications; each is drawn from 80 % to 100 % of it.
        package var heartbeat: Duration = .seconds(10)
        /// What our rows say about how long to rely on them: three heartbeats.
        package var lifetime: Duration = .seconds(30)

        package init() {}
    }

    package let timing: Timing
    /// What the next row will say; nil before the site has described itself.
    package private(set) var payload: [UInt8]?
    private var hasChanged = false
    private var last: Instant?
    private var next: Instant?

    package init(timing: Timing = Timing()) {
        self.timing = timing
    }

    /// Says what to publish from now on; `isChange` is false for what can wait for the heartbeat.
    package mutating func update(_ payload: [UInt8], isChange: Bool = true) {
        self.hasChanged = self.hasChanged || (isChange && payload != self.payload)
        self.payload = payload
    }

    /// The payload to publish now; nil if it is too early or there is nothing to say.
    package mutating func due(
        now: Instant, using generator: inout some RandomNumberGenerator
    ) -> [UInt8]? {
        guard let payload, self.isDue(now: now) else { return nil }
        self.hasChanged = false
        self.last = now
        let heartbeat = self.timing.heartbeat.wholeMilliseconds
        let wait = Int64.random(in: heartbeat * 4 / 5...heartbeat, using: &generator)
        self.next = now.advanced(by: .milliseconds(wait))
        return payload
    }

    /// Makes the next `due` publish, whatever was said before.
    package mutating func repeatSoon() {
        self.hasChanged = true
    }

    package mutating func shiftTimes(by shift: Duration) {
        self.last = self.last?.advanced(by: shift)
        self.next = self.next?.advanced(by: shift)
    }

    private func isDue(now: Instant) -> Bool {
        guard let last, let next else { return true }
        guard now >= last.advanced(by: self.timing.leastGap) else { return false }
        return self.hasChanged || now >= next
    }
}
