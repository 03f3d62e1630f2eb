package import CloudModel

/// Sites for replicas of a part that other parts are bound to.
extension PlanRequest {
    /// The same, made so that it keeps `bounds`: near those replicas of the other parts that no replica which is
    /// placed is near enough to.
    ///
    /// What is too far from `home`, where the replica is or was, keeps it from nothing.
    package func keeping(
        _ bounds: [PartBound], from home: SiteID? = nil, over paths: PathKnowledge
    ) -> PlanRequest {
        var kept = self
        kept.bounds += bounds.compactMap { bound in
            if bound.sites.isEmpty { return bound }
            let sites = self.open(bound, over: paths).filter { site in
                home.map { paths.isWithin(bound.milliseconds, from: [$0], to: site) } ?? true
            }
            return sites.isEmpty ? nil : bound.limited(to: sites)
        }
        return kept
    }

    /// The same, made so that one replica keeps as much of `bounds` as it can at one of `candidates`: each replica of
    /// the other parts in turn, as long as one of them is near that one and all before it.
    package func keepingMost(
        of bounds: [PartBound], among candidates: [SiteID], over paths: PathKnowledge
    ) -> PlanRequest {
        var kept = self
        var left = candidates
        for bound in bounds.sorted(by: { $0.name < $1.name }) {
            let choices = bound.reach == .each ? bound.sites.sorted().map { [$0] } : [Array(bound.sites)]
            let near = choices.filter { sites in
                let nearer = left.filter { candidate in
                    sites.contains { paths.isWithin(bound.milliseconds, from: [candidate], to: $0) }
                }
                if !nearer.isEmpty { left = nearer }
                return !nearer.isEmpty
            }
            if !near.isEmpty { kept.bounds.append(bound.limited(to: Set(near.joined()))) }
        }
        return kept
    }

    /// The same, made so that it also leaves a site to parts that are bound to this one and still to be placed:
    /// `openings` says where each of them could go.
    package func leavingRoom(for openings: [PartBound], over paths: PathKnowledge) -> PlanRequest {
        var leaving = self
        // One for which there is no room anywhere says nothing about where the other one should be.
        leaving.bounds += openings.filter { opening in
            !opening.sites.isEmpty && self.open(opening, over: paths) == opening.sites
        }
        return leaving
    }

    /// The sites of `bound` that no replica which is placed is near enough to.
    private func open(_ bound: PartBound, over paths: PathKnowledge) -> Set<SiteID> {
        bound.sites.filter { !paths.isWithin(bound.milliseconds, from: self.placed.keys, to: $0) }
    }
}
