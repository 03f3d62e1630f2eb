package import CloudModel

/// Decides when a workload needs another replica near some of its users, one elsewhere, or one less.
///
/// ```
/// slow for 3 min ──► add one near them ── at the maximum, or too dear ──► move one there that is not needed
/// one not needed for 15 min ──► remove it
/// ```
///
/// A response takes the way to the nearest replica and back, and what the replica needs. A replica is added only if
/// that brings the users nearer or lets them share less; one is removed only if, by the same estimate, everybody would
/// still be answered well within the target. Where the estimate was wrong and users become slow again, the next removal
/// waits four times as long, so that the two do not follow each other all day.
///
/// In two steps, as a site is looked for only when it is wanted: `review` says what is wanted, and `decide` what is
/// done about it.
package struct Follower: Sendable {
    /// What response times call for.
    package enum Wish: Hashable, Sendable {
        case nothing
        /// As many more as the hour asks for at least.
        case more(Int)
        /// Another replica near users who wait too long.
        case near(PlaceResponse)
        /// One replica less.
        case less(Int)
    }

    package enum Decision: Hashable, Sendable {
        case stay
        /// Nothing is done, and that is to be said.
        case remark(String)
        case grow(Int, near: Audience.Place?, because: String)
        case move(Int, to: SiteID, near: Audience.Place, because: String)
        case drop(Int, because: String)
    }

    /// What keeps it from doing what is wanted.
    enum Obstacle: Hashable, Sendable {
        case changes
        case cost(Audience.Place?)
        case maximum(Audience.Place)
        case useless(Audience.Place)
        case nowhere(Audience.Place?)
        case failed(Audience.Place?)
    }

    package var rules: FollowingRules

    package init(rules: FollowingRules = FollowingRules()) {
        self.rules = rules
    }

    // MARK: What is wanted

    /// Takes in how users are answered now, and says what that calls for.
    package func review(
        _ memory: inout FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) -> Wish {
        memory.forget(view.now, self.rules)
        guard !view.isBusy, !view.replicas.isEmpty else {
            memory.slowSince = [:]
            memory.spare = nil
            return .nothing
        }
        self.noteSlow(&memory, wishes, view)
        self.noteSpare(&memory, wishes, view)
        if self.isPausing(memory, wishes, view) { return .nothing }
        let missing = min(self.minimum(wishes, view), wishes.maximum) - view.replicas.count - view.waiting
        if missing > 0, !self.isVain(memory.vainGrowth, wishes, view) { return .more(missing) }
        if let worst = self.worst(memory, wishes, view) { return .near(worst) }
        let patience = self.rules.spareFor(regrets: memory.regrets.count)
        if let spare = memory.spare, spare.since.duration(to: view.now) >= patience {
            return .less(spare.index)
        }
        return .nothing
    }

    private func noteSlow(
        _ memory: inout FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) {
        let target = wishes.target(at: view.now)
        var slow: [Audience.Place: Instant] = [:]
        for response in view.responses where response.count >= self.rules.samplesNeeded {
            let since = memory.slowSince[response.place].map { min($0, view.now) }
            // A slow moment stays in the window for a while, but not among what was heard just now.
            let milliseconds = min(response.milliseconds, response.recent ?? 0)
            if milliseconds > target {
                slow[response.place] = since ?? view.now
            } else if milliseconds > self.rules.relief * target {
                slow[response.place] = since
            }
        }
        memory.slowSince = slow
    }

    private func noteSpare(
        _ memory: inout FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) {
        // Silence is not calm: without responses nothing is known to be unneeded.
        let isHeard = view.responses.contains { $0.count >= self.rules.samplesNeeded }
        guard isHeard, memory.slowSince.isEmpty, wishes.mayShrink(at: view.now),
            view.replicas.count > self.minimum(wishes, view),
            let index = self.spare(wishes, view)
        else {
            memory.spare = nil
            return
        }
        if let known = memory.spare, known.since <= view.now,
            self.isSpare(known.index, wishes, view)
        {
            return
        }
        memory.spare = FollowingMemory.Spare(index: index, since: view.now)
    }

    private func isPausing(
        _ memory: FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) -> Bool {
        [memory.changes.last, view.lastChange].contains { last in
            guard let last, last <= view.now else { return false }
            return last.duration(to: view.now) < wishes.pause
        }
    }

    /// How many replicas there are at least now; what the owner wants to run while others move is not gone below
    /// either.
    func minimum(_ wishes: FollowingWishes, _ view: FollowingView) -> Int {
        max(wishes.minimum(at: view.now), view.least)
    }

    /// Whether something was tried in vain just now, so that it is the turn of something else.
    private func isVain(_ tried: Instant?, _ wishes: FollowingWishes, _ view: FollowingView) -> Bool {
        guard let tried, tried <= view.now else { return false }
        return tried.duration(to: view.now) < wishes.pause
    }

    /// Those whose responses take longest, of those who have waited for long enough and for whom nothing was tried in
    /// vain just now.
    private func worst(
        _ memory: FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) -> PlaceResponse? {
        view.responses.filter { response in
            guard let since = memory.slowSince[response.place],
                since.duration(to: view.now) >= self.rules.slowFor
            else { return false }
            return !self.isVain(memory.vain[response.place], wishes, view)
        }
        .max { ($0.milliseconds, $1.place.text) < ($1.milliseconds, $0.place.text) }
    }

    // MARK: What is not needed

    /// The replica that is missed least; nil if each is needed.
    private func spare(_ wishes: FollowingWishes, _ view: FollowingView) -> Int? {
        self.leastMissed(within: self.rules.spareShare, wishes, view).flatMap { view.last(at: $0)?.index }
    }

    /// The site where one replica less is missed least; nil if it would leave somebody with more than `share` of the
    /// target everywhere.
    func leastMissed(
        within share: Double, _ wishes: FollowingWishes, _ view: FollowingView,
        where isEligible: (SiteID) -> Bool = { _ in true }
    ) -> SiteID? {
        let shares = view.sites.filter(isEligible).compactMap { site in
            self.worstShare(withoutOneAt: site, wishes, view).map { (site: site, share: $0) }
        }
        guard let least = shares.min(by: { $0.share < $1.share }), least.share <= share else { return nil }
        return least.site
    }

    private func isSpare(_ index: Int, _ wishes: FollowingWishes, _ view: FollowingView) -> Bool {
        guard let site = view.replicas.first(where: { $0.index == index })?.site,
            let share = self.worstShare(withoutOneAt: site, wishes, view)
        else { return false }
        return share <= self.rules.spareShare
    }

    /// What share of the target the slowest users would wait for if there were one replica less at `site`; nil if
    /// nobody can say.
    private func worstShare(
        withoutOneAt site: SiteID, _ wishes: FollowingWishes, _ view: FollowingView
    ) -> Double? {
        guard view.replicas.count > 1 else { return nil }
        let target = wishes.target(at: view.now)
        var worst = 0.0
        for response in view.responses {
            let margin = self.rules.gain * target
            guard let now = view.service(to: response.place, within: margin),
                let then = view.service(to: response.place, withoutOneAt: site, within: margin)
            else { return nil }
            let waiting = self.waiting(for: response, now)
            let isShared = then.roundTrip <= now.roundTrip + margin
            let crowding = isShared ? max(1, Double(now.replicas) / Double(max(1, then.replicas))) : 1
            // Waiting grows faster than the work that is shared.
            worst = max(worst, (then.roundTrip + waiting * crowding * crowding.squareRoot()) / target)
        }
        return worst
    }

    /// What of a response is not the way there and back; of too few responses nothing can be said.
    func waiting(for response: PlaceResponse, _ service: FollowingView.Service) -> Double {
        guard response.count >= self.rules.samplesNeeded else { return 0 }
        return max(0, response.milliseconds - service.roundTrip)
    }
}
