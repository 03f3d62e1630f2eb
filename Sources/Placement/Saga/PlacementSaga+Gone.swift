package import CloudModel

/// A site of which somebody who knows says that nothing runs there any more, or ever will.
extension PlacementSaga {
    /// What a replica loses with `site` goes on elsewhere, and what was to end there has ended; `reason` says so in
    /// words that follow the site's name.
    ///
    /// Whatever may have been made there belongs to an epoch that is over, so that the site, should it come back after
    /// all, is told so. What is elsewhere is left alone, unless a gang that was never whole must be given up. Said again,
    /// it changes nothing.
    package mutating func writeOff(
        _ site: SiteID, because reason: String
    ) -> (directives: [Directive], losses: [ReplicaLoss]) {
        var directives: [Directive] = []
        var losses: [ReplicaLoss] = []
        // One after the other: a gang that finds no site any more gives up the others.
        for index in self.replicas.indices {
            for outcome in self.outcomes(ofLosing: site, replica: index) {
                losses.append(ReplicaLoss(replica: index, outcome: outcome))
                directives += self.lose(index, outcome, because: reason)
            }
        }
        return (directives, losses)
    }

    /// Whether a replica has anything at `site`, or may have.
    package func mayBe(at site: SiteID) -> Bool {
        self.replicas.indices.contains { !self.outcomes(ofLosing: site, replica: $0).isEmpty }
    }

    /// Replicas of which something may run at `site` under a lease: also those whose commitment it refused, of which it
    /// may have made a machine after all.
    package func mayRunLeased(at site: SiteID) -> [ReplicaReference] {
        self.replicas.compactMap { replica in
            guard replica.hold?.site == site, replica.isWanted else { return nil }
            switch replica.phase {
            case .committing, .verifying, .withdrawing, .placed, .replacing:
                return ReplicaReference(workload: self.workload, index: replica.index, epoch: replica.epoch)
            case .planning, .reserving, .doubting, .releasing, .deleting, .exhausted, .gone: return nil
            }
        }
    }

    /// What is lost of a replica: what it was leaving, and what it has or may have.
    private func outcomes(ofLosing site: SiteID, replica index: Int) -> [ReplicaLoss.Outcome] {
        let replica = self.replicas[index]
        let isLeaving = replica.keeping?.predecessor?.hold.site == site
        var outcomes: [ReplicaLoss.Outcome] = isLeaving ? [.leftBehind] : []
        guard replica.hold?.site == site else { return outcomes }
        let isOver = self.isRemoving || !replica.isWanted
        switch replica.phase {
        case .planning, .exhausted, .gone: break
        case .releasing, .deleting: outcomes.append(.removed)
        case .reserving, .doubting: outcomes.append(isOver ? .removed : .passedOver)
        case .committing, .verifying, .withdrawing, .placed, .replacing:
            outcomes.append(isOver ? .removed : .placedAnew)
        }
        return outcomes
    }

    private mutating func lose(
        _ index: Int, _ outcome: ReplicaLoss.Outcome, because reason: String
    ) -> [Directive] {
        switch outcome {
        case .leftBehind:
            self.replicas[index].keeping?.predecessor = nil
            // There is nothing left to stay with.
            self.replicas[index].keeping?.isVoluntary = nil
            return []
        case .removed: return self.enter(.gone, replica: index)
        case .passedOver:
            guard let hold = self.replicas[index].hold else { return [] }
            return self.next(after: hold, reason: reason, replica: index)
        case .placedAnew:
            var keeping = self.replicas[index].keeping ?? ReplicaKeeping()
            keeping.avoided = self.replicas[index].hold?.site
            keeping.remark = nil
            // None of them was at the next site.
            keeping.restarts = 0
            self.replicas[index].keeping = keeping
            return self.renew(index)
        }
    }
}

extension ReplicaLoss {
    /// What the log says about it; nil where the saga tells it by itself.
    package func note(at site: SiteID, because reason: String) -> KeepingNote? {
        switch self.outcome {
        case .removed:
            KeepingNote(
                .deleted, replica: self.replica, site: site, "counts as deleted: \(site) \(reason)")
        case .placedAnew:
            KeepingNote(.lost, replica: self.replica, site: site, "is placed anew: \(site) \(reason)")
        case .passedOver: nil
        case .leftBehind:
            KeepingNote(
                .deleted, replica: self.replica, site: site,
                "the machine that it was leaving counts as deleted: \(site) \(reason)")
        }
    }
}
