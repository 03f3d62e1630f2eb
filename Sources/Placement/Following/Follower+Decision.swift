package import CloudModel

/// What is done about a wish, within the budget.
extension Follower {
    /// What to do about `wish`, if `candidate` is the site for it; if there is none, `refusal` says why.
    ///
    /// The caller MUST call `FollowingMemory.carriedOut` once what is decided is under way.
    package func decide(
        _ wish: Wish, _ memory: inout FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView,
        candidate: FollowingView.Candidate?, refusal: String
    ) -> Decision {
        let place: Audience.Place?
        switch wish {
        case .nothing: return .stay
        case .less(let index):
            return self.budgeted(
                .drop(index, because: self.reasonToDrop(index, memory, wishes, view)), &memory, wishes, view)
        case .more: place = nil
        case .near(let response): place = response.place
        }
        guard let candidate else {
            let users = place.map { " near \($0.text)" } ?? ""
            return self.tell(
                .nowhere(place), "no site can take another replica\(users): \(refusal)", &memory, view.now)
        }
        switch wish {
        case .nothing, .less: return .stay
        case .more(let count):
            let reason = "\(self.minimum(wishes, view)) replicas are wanted at least at this hour"
            let payable = (1...count).last { more in
                self.tooDear(adding: more, at: candidate, instead: nil, wishes, view) == nil
            }
            guard let payable else {
                let dear = self.tooDear(adding: 1, at: candidate, instead: nil, wishes, view) ?? ""
                return self.tell(.cost(nil), "\(reason), but \(dear)", &memory, view.now)
            }
            return self.budgeted(.grow(payable, near: nil, because: reason), &memory, wishes, view)
        case .near(let response):
            return self.approach(response, by: candidate, &memory, wishes, view)
        }
    }

    /// What could not be done after all, and why.
    package func failed(
        _ decision: Decision, because reason: String, _ memory: inout FollowingMemory, at now: Instant
    ) -> Decision {
        let place: Audience.Place?
        switch decision {
        case .stay, .remark: return .stay
        case .drop:
            // It is looked at anew for as long as before.
            memory.spare = nil
            place = nil
        case .grow(_, let near, _): place = near
        case .move(_, _, let near, _): place = near
        }
        return self.tell(
            .failed(place), "what users call for could not be done: \(reason)", &memory, now)
    }

    private func approach(
        _ response: PlaceResponse, by candidate: FollowingView.Candidate, _ memory: inout FollowingMemory,
        _ wishes: FollowingWishes, _ view: FollowingView
    ) -> Decision {
        let complaint = self.complaint(response, wishes, view.now)
        if let useless = self.uselessness(of: candidate, for: response, wishes, view) {
            return self.tell(.useless(response.place), "\(complaint), but \(useless)", &memory, view.now)
        }
        let way = candidate.roundTrip.map { ", \(Figure.short($0)) ms away" } ?? ""
        let reason = "\(complaint); \(candidate.site) is the best place for them\(way)"
        var obstacle: (Obstacle, String)?
        let count = view.replicas.count + view.waiting
        if count >= wishes.maximum {
            obstacle = (.maximum(response.place), "there are \(count) replicas, the most allowed")
        } else if let dear = self.tooDear(adding: 1, at: candidate, instead: nil, wishes, view) {
            obstacle = (.cost(response.place), dear)
        }
        guard let obstacle else {
            return self.budgeted(
                .grow(1, near: response.place, because: reason), &memory, wishes, view)
        }
        if let mover = self.mover(to: candidate, for: response, wishes, view) {
            return self.budgeted(
                .move(
                    mover, to: candidate.site, near: response.place,
                    because: "\(reason); \(obstacle.1), and it is missed least where it is"),
                &memory, wishes, view)
        }
        return self.tell(
            obstacle.0, "\(complaint), but \(obstacle.1), and each is needed where it is", &memory, view.now)
    }

    /// Why a replica at `candidate` would not help those users; nil if it would.
    private func uselessness(
        of candidate: FollowingView.Candidate, for response: PlaceResponse, _ wishes: FollowingWishes,
        _ view: FollowingView
    ) -> String? {
        let target = wishes.target(at: view.now)
        let margin = self.rules.gain * target
        guard let way = candidate.roundTrip, let now = view.service(to: response.place, within: margin)
        else { return nil }
        let waiting = self.waiting(for: response, now)
        let isShared = (way - now.roundTrip).magnitude <= margin
        // Somebody much nearer serves them alone; one that is much further away does not serve them.
        let share = isShared ? Double(now.replicas) / Double(now.replicas + 1) : 1
        let then = min(way, now.roundTrip) + waiting * share
        guard response.milliseconds - then < margin else { return nil }
        return "another replica would hardly help: the nearest is \(Figure.short(now.roundTrip)) ms away, "
            + "\(candidate.site) would be \(Figure.short(way)), and \(Figure.short(waiting)) ms pass elsewhere"
    }

    /// The replica that is missed least where it is, if it may go to `candidate`; nil if each is needed.
    private func mover(
        to candidate: FollowingView.Candidate, for users: PlaceResponse, _ wishes: FollowingWishes,
        _ view: FollowingView
    ) -> Int? {
        let limit = self.rules.relief * wishes.target(at: view.now)
        let slow = view.responses.filter { $0.milliseconds > limit && $0.place != users.place }
        // Those who are slow already do not count, but none is taken away from others among them.
        var calm = view
        calm.responses.removeAll { $0.milliseconds > limit }
        let site = self.leastMissed(within: self.rules.relief, wishes, calm) { site in
            site != candidate.site && !slow.contains { Self.isNearest(site, to: $0.place, view) }
                && self.tooDear(adding: 1, at: candidate, instead: view.last(at: site), wishes, view) == nil
        }
        return site.flatMap { view.last(at: $0)?.index }
    }

    /// Whether no replica is nearer to those users than the ones at `site`.
    private static func isNearest(
        _ site: SiteID, to place: Audience.Place, _ view: FollowingView
    ) -> Bool {
        guard let way = view.roundTrips[place]?[site],
            let nearest = view.service(to: place, within: 0)?.roundTrip
        else { return true }
        return way <= nearest
    }

    // MARK: Budget

    private func budgeted(
        _ decision: Decision, _ memory: inout FollowingMemory, _ wishes: FollowingWishes,
        _ view: FollowingView
    ) -> Decision {
        guard memory.changes.count >= wishes.changesPerHour else { return decision }
        let wanted: String
        switch decision {
        case .stay, .remark: return decision
        case .grow(_, _, let reason): wanted = "another replica is wanted (\(reason))"
        case .move(let index, let site, _, let reason):
            wanted = "replica \(index) is wanted at \(site) (\(reason))"
        case .drop(let index, _): wanted = "replica \(index) is not needed"
        }
        return self.tell(
            .changes,
            "\(wanted), but \(memory.changes.count) changes were made within the hour, the most allowed",
            &memory, view.now)
    }

    /// Why that would cost more than is allowed; nil if it would not.
    private func tooDear(
        adding count: Int, at candidate: FollowingView.Candidate, instead: FollowedReplica?,
        _ wishes: FollowingWishes, _ view: FollowingView
    ) -> String? {
        guard let limit = wishes.costPerHour else { return nil }
        guard let cost = view.cost, let price = candidate.price else {
            return "what it would cost is not known, and at most \(Figure.short(limit)) an hour are allowed"
        }
        // Those that wait for a site will cost something as well.
        let sum = cost + Double(count + view.waiting) * price - (instead?.price ?? 0)
        guard sum > limit else { return nil }
        return "all replicas would cost \(Figure.short(sum)) an hour, and \(Figure.short(limit)) are allowed"
    }

    // MARK: Words

    private func complaint(
        _ response: PlaceResponse, _ wishes: FollowingWishes, _ now: Instant
    ) -> String {
        "\(wishes.percentile) % of \(response.count) responses to \(response.place.text) took up to "
            + "\(Figure.short(response.milliseconds)) ms where \(Figure.short(wishes.target(at: now))) are wanted"
    }

    private func reasonToDrop(
        _ index: Int, _ memory: FollowingMemory, _ wishes: FollowingWishes, _ view: FollowingView
    ) -> String {
        let minutes = self.rules.spareFor(regrets: memory.regrets.count).components.seconds / 60
        let worst = view.responses.map(\.milliseconds).max() ?? 0
        return
            "not needed for \(minutes) minutes: \(wishes.percentile) % of the responses everywhere took at most "
            + "\(Figure.short(worst)) ms where \(Figure.short(wishes.target(at: view.now))) are wanted, and would "
            + "still be well within that without it"
    }

    /// Says what stands in the way, once for each obstacle and again only after a while.
    private func tell(
        _ obstacle: Obstacle, _ text: String, _ memory: inout FollowingMemory, _ now: Instant
    ) -> Decision {
        switch obstacle {
        case .useless(let place), .nowhere(.some(let place)), .maximum(let place), .cost(.some(let place)),
            .failed(.some(let place)):
            memory.vain[place] = now
        case .cost(nil), .nowhere(nil), .failed(nil): memory.vainGrowth = now
        case .changes: break
        }
        if let told = memory.told[obstacle], told <= now, told.duration(to: now) < self.rules.repeatAfter {
            return .stay
        }
        guard memory.remarks.count < FollowingRules.remarkLimit else { return .stay }
        memory.remarks.append(now)
        memory.told[obstacle] = now
        return .remark(text)
    }
}
