package import CloudModel

/// What this site hears of one other site, and when to ping it next.
package struct Contact: Hashable, Sendable {
    package struct Timing: Hashable, Sendable {
        /// Time between pings of a site that answers; each is drawn from 80 % to 100 % of it.
        package var pingInterval: Duration = .seconds(10)
        /// The same for a site that is suspect.
        package var suspectPingInterval: Duration = .seconds(2)
        /// How long an answer may take.
        package var pingTimeout: Duration = .seconds(5)
        /// Silence after which a site is suspect: one and a half heartbeats.
        package var suspectAfter: Duration = .seconds(15)
        /// Silence after which a site is unreachable: three heartbeats.
        package var unreachableAfter: Duration = .seconds(30)
        /// Failed pings in a row after which a site is unreachable even before that.
        package var failuresUntilUnreachable = 3

        package init() {}
    }

    package private(set) var roundTrip = RoundTrip()
    /// When anything that it provably sent arrived last.
    package private(set) var lastHeard: Instant?
    private var failures = 0
    private var nextPing: Instant
    private var isPinging = false

    /// The first ping goes out at once.
    package init(now: Instant) {
        self.nextPing = now
    }

    /// A stanza arrived that the site provably sent.
    package mutating func heard(now: Instant) {
        self.lastHeard = now
        self.failures = 0
    }

    package mutating func pingAnswered(after time: Duration, now: Instant) {
        self.isPinging = false
        self.roundTrip.measure(time)
        self.heard(now: now)
    }

    /// No answer in time, or none possible; the next ping comes sooner than planned.
    package mutating func pingFailed(now: Instant, timing: Timing) {
        self.isPinging = false
        self.failures = min(self.failures + 1, timing.failuresUntilUnreachable)
        self.nextPing = min(self.nextPing, now.advanced(by: timing.suspectPingInterval))
    }

    /// The ping was not sent at all, which says nothing about the site; the next one comes sooner than planned.
    ///
    /// Waiting for the planned one, two sites that are pinged at the same moments could put each other off for long.
    package mutating func pingPutOff(now: Instant, timing: Timing) {
        self.isPinging = false
        self.nextPing = min(self.nextPing, now.advanced(by: timing.suspectPingInterval))
    }

    /// Whether to ping now; if so the next one is planned.
    package mutating func duePing(
        now: Instant, timing: Timing, using generator: inout some RandomNumberGenerator
    ) -> Bool {
        guard !self.isPinging, now >= self.nextPing else { return false }
        self.isPinging = true
        let interval = (self.failures == 0 ? timing.pingInterval : timing.suspectPingInterval)
            .wholeMilliseconds
        let wait = Int64.random(in: interval * 4 / 5...interval, using: &generator)
        self.nextPing = now.advanced(by: .milliseconds(wait))
        return true
    }

    package func reachability(now: Instant, timing: Timing) -> Reachability {
        guard let lastHeard else { return .unreachable }
        let silence = lastHeard.duration(to: now)
        if silence >= timing.unreachableAfter || self.failures >= timing.failuresUntilUnreachable {
            return .unreachable
        }
        return silence >= timing.suspectAfter || self.failures > 0 ? .suspect : .reachable
    }

    package mutating func shiftTimes(by shift: Duration) {
        self.lastHeard = self.lastHeard?.advanced(by: shift)
        self.nextPing = self.nextPing.advanced(by: shift)
    }
}
