import CloudModel

/// Requests that were never sent, or not taken up: that is as little a refusal as silence is.
extension PlacementSaga {
    /// How often, under one epoch, sites that could not be asked for a replica are waited for before that counts as a
    /// refusal.
    package static let postponementLimit = 12
    /// The same of a gang that is placed first: what others of it hold meanwhile must not run out.
    package static let gangPostponementLimit = 5
    /// The longest pause before they are asked again: for as long a silent site gets nothing new.
    package static let longestPostponement = SilentSites.pause

    /// Nothing the first time, as another site may do; then 1 s, 2 s, 4 s, … up to `longestPostponement`.
    package static func pause(beforePostponed count: Int) -> Duration {
        count <= 1 ? .zero : min(self.longestPostponement, .seconds(1 << min(count - 2, 10)))
    }

    mutating func notAsked(_ id: ReservationID, reason: String, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == id else { return [] }
        let trouble = "\(hold.site) could not be asked: \(reason)"
        switch self.replicas[index].phase {
        case .reserving:
            let returns = self.returnOfRepeated(hold, replica: index)
            guard self.postpone(index, for: hold.site) else {
                return returns
                    + self.next(after: hold, reason: "could not be asked: \(reason)", replica: index)
            }
            self.replicas[index].trouble = trouble
            return returns + self.planLater(index)
        case .doubting(_, let asked):
            // A question that was not put is none of the three.
            guard self.postpone(index, for: hold.site) else {
                return self.unsettled(trouble, replica: index)
            }
            self.replicas[index].trouble = trouble
            _ = self.enter(.doubting(hold, asked: asked), replica: index)
            return [
                .query(
                    replica: index, hold, turn: self.replicas[index].turn,
                    after: self.pauseOfPostponed(index))
            ]
        case .planning, .committing, .verifying, .withdrawing, .placed, .replacing, .releasing, .deleting,
            .exhausted, .gone:
            return self.unsettled(trouble, replica: index)
        }
    }

    /// Gives back what was asked for before a restart: that request may have been heard, though its repetition was not.
    ///
    /// It was never committed: if this goes unheard, the hold runs out by itself.
    private func returnOfRepeated(_ hold: Hold, replica index: Int) -> [Directive] {
        let replica = self.replicas[index]
        guard replica.isRepeated == true else { return [] }
        return [.release(replica: index, hold, turn: replica.turn, after: .zero)]
    }

    /// A plan has found no site: it is looked for again later if there are some that could not be asked.
    mutating func unplaceable(_ reason: String, replica index: Int) -> [Directive] {
        if self.postpone(index, for: nil) { return self.planLater(index) }
        let reasons = [self.replicas[index].trouble, reason].compactMap(\.self)
        self.replicas[index].trouble = nil
        return self.exhaust(reasons.joined(separator: "; "), replica: index)
    }

    /// Counts that sites are waited for that could not be asked, `site` among them; false if there are none, or they
    /// were waited for often enough.
    private mutating func postpone(_ index: Int, for site: SiteID?) -> Bool {
        var postponement = self.replicas[index].postponement ?? ReplicaPlacement.Postponement()
        if let site, !postponement.sites.contains(site) { postponement.sites.append(site) }
        let limit =
            self.isGang && self.replicas[index].isPlacedFirst
            ? Self.gangPostponementLimit : Self.postponementLimit
        guard !postponement.sites.isEmpty, postponement.count < limit else { return false }
        postponement.count += 1
        self.replicas[index].postponement = postponement
        return true
    }

    private mutating func planLater(_ index: Int) -> [Directive] {
        _ = self.enter(.planning, replica: index)
        return [
            .planLater(
                replica: index, turn: self.replicas[index].turn, after: self.pauseOfPostponed(index))
        ]
    }

    private func pauseOfPostponed(_ index: Int) -> Duration {
        Self.pause(beforePostponed: self.replicas[index].postponement?.count ?? 0)
    }
}
