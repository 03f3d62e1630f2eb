package import CloudModel

/// What following a workload's users has seen and done so far.
package struct FollowingMemory: Hashable, Sendable {
    struct Spare: Hashable, Sendable {
        let index: Int
        let since: Instant
    }

    /// Since when users at each place have been answered too slowly.
    var slowSince: [Audience.Place: Instant] = [:]
    /// The replica that is not needed, and since when.
    var spare: Spare?
    /// When replicas were added, moved or removed, within the last hour.
    package private(set) var changes: [Instant]
    /// When each obstacle was told last.
    var told: [Follower.Obstacle: Instant] = [:]
    /// When something was wanted for users in vain, so that it is the turn of others.
    var vain: [Audience.Place: Instant] = [:]

    /// Begins with the changes that were made before, as far as they are known.
    package init(changes: [Instant] = []) {
        self.changes = changes.sorted()
    }

    /// A change is made: what was seen before it says nothing any more.
    package mutating func changed(at now: Instant) {
        self.changes.append(now)
        self.slowSince = [:]
        self.spare = nil
        self.told = [:]
        self.vain = [:]
    }

    /// Forgets what is an hour old: no budget counts it any more.
    mutating func forget(_ now: Instant) {
        self.changes.removeAll { Self.isOver($0, now) }
        self.told = self.told.filter { !Self.isOver($0.value, now) }
        self.vain = self.vain.filter { !Self.isOver($0.value, now) }
    }

    /// One of the future is from before the clock was set back.
    private static func isOver(_ at: Instant, _ now: Instant) -> Bool {
        at > now || at.duration(to: now) >= .seconds(3_600)
    }
}
