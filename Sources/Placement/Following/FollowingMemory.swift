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
    package private(set) var changes: [Instant] = []
    /// When users became slow soon after a removal.
    private(set) var regrets: [Instant] = []
    private var lastDrop: Instant?
    /// When each obstacle was told last.
    var told: [Follower.Obstacle: Instant] = [:]
    /// When something was wanted for users in vain, so that it is the turn of others.
    var vain: [Audience.Place: Instant] = [:]
    /// When the least number of replicas could not be reached.
    var vainGrowth: Instant?
    /// When something was told, within the last hour.
    var remarks: [Instant] = []

    package init() {}

    /// Takes in changes that others tell of, such as the workload's log; those that are known already count once.
    package mutating func note(changes: [Instant]) {
        self.changes = Set(self.changes).union(changes).sorted()
    }

    /// What was decided is under way: what was seen before it says nothing any more.
    package mutating func carriedOut(
        _ decision: Follower.Decision, at now: Instant, _ rules: FollowingRules = FollowingRules()
    ) {
        switch decision {
        case .stay, .remark: return
        case .grow(_, near: nil, _): break
        case .grow, .move:
            if let drop = self.lastDrop, drop <= now, drop.duration(to: now) < rules.regretWithin {
                self.regrets.append(now)
                self.lastDrop = nil
            }
        case .drop: self.lastDrop = now
        }
        self.note(changes: [now])
        self.slowSince = [:]
        self.spare = nil
        self.told = [:]
        self.vain = [:]
        self.vainGrowth = nil
    }

    /// Forgets what is an hour old, as no budget counts it any more, and what is no longer regretted.
    mutating func forget(_ now: Instant, _ rules: FollowingRules) {
        self.regrets.removeAll { $0 > now || $0.duration(to: now) >= rules.regretFor }
        self.changes.removeAll { Self.isOver($0, now) }
        self.remarks.removeAll { Self.isOver($0, now) }
        self.told = self.told.filter { !Self.isOver($0.value, now) }
        self.vain = self.vain.filter { !Self.isOver($0.value, now) }
    }

    /// One of the future is from before the clock was set back.
    private static func isOver(_ at: Instant, _ now: Instant) -> Bool {
        at > now || at.duration(to: now) >= .seconds(3_600)
    }
}
