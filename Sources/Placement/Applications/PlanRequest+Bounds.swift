package import CloudModel

/// Sites for replicas of a part that other parts are bound to.
extension PlanRequest {
    /// How much of a bound one replica is to keep.
    package enum Share {
        /// All that no other replica of the part keeps.
        case all
        /// Some of it: others that are still to be placed keep the rest.
        case some
    }

    /// The same, made so that it keeps `bounds`: near those replicas of the other parts that no replica which is
    /// placed is near enough to.
    ///
    /// What is too far from `home`, where the replica is or was, keeps it from nothing.
    package func keeping(
        _ bounds: [PartBound], _ share: Share = .all, from home: SiteID? = nil, over paths: PathKnowledge
    ) -> PlanRequest {
        var kept = self
        for bound in bounds {
            if bound.sites.isEmpty {
                // It is not known yet where it will be.
                kept.require(bound.name, within: bound.milliseconds, at: [:])
                continue
            }
            let open = self.open(bound, over: paths).filter { entry in
                home.map { paths.isWithin(bound.milliseconds, from: [$0], to: entry.key) } ?? true
            }
            switch share {
            case .all:
                for (site, count) in open {
                    kept.require("\(bound.name) at \(site)", within: bound.milliseconds, at: [site: count])
                }
            case .some where !open.isEmpty:
                kept.require("\(bound.name) at any site", within: bound.milliseconds, at: open)
            case .some: break
            }
        }
        return kept
    }

    /// The same, made so that it also leaves a site to parts that are bound to this one and still to be placed:
    /// `openings` says where each of them could go.
    package func leavingRoom(for openings: [PartBound], over paths: PathKnowledge) -> PlanRequest {
        var leaving = self
        // One for which there is no room anywhere says nothing about where the other one should be.
        for opening in openings where !opening.sites.isEmpty {
            guard self.open(opening, over: paths).count == opening.sites.count else { continue }
            leaving.require("\(opening.name) at any site", within: opening.milliseconds, at: opening.sites)
        }
        return leaving
    }

    /// The sites of `bound` that no replica which is placed is near enough to.
    private func open(_ bound: PartBound, over paths: PathKnowledge) -> [SiteID: Int] {
        bound.sites.filter { !paths.isWithin(bound.milliseconds, from: self.placed.keys, to: $0.key) }
    }

    private mutating func require(_ name: String, within milliseconds: Double, at sites: [SiteID: Int]) {
        self.near[name] = milliseconds
        self.neighbours[name] = sites
    }
}
