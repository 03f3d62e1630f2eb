package import CloudModel

extension ReplicaPlacement {
    /// Whether it has left the place where it was as `before`, or is about to.
    package func isElsewhere(than before: ReplicaPlacement) -> Bool {
        self.epoch != before.epoch || self.phase != before.phase
    }

    /// Where it is, or may go back to if no better site takes it; nil if it must be placed anew.
    package var home: SiteID? {
        if let site = self.hold?.site { return site }
        guard let keeping = self.keeping, keeping.isVoluntary == true,
            let predecessor = keeping.predecessor, !predecessor.isEnding
        else { return nil }
        return predecessor.hold.site
    }

    /// Whether it must be placed anew, after a failure or because its site is emptied, and so may be further than was
    /// asked for from parts that are bound to its own.
    ///
    /// One that leaves for a better site only may as well stay.
    package var mayGoTooFar: Bool { self.keeping != nil && self.home == nil }

    /// Where it must not be placed if it is placed anew now, with the reason.
    package var barred: [SiteID: String] {
        var barred: [SiteID: String] = [:]
        if let site = self.keeping?.predecessor?.hold.site { barred[site] = "the replica leaves it" }
        switch self.phase {
        case .placed(let hold, _):
            // One whose machine was deleted there may come back, to a site where it was well.
            let left = self.machine?.state == .deleted ? self.keeping?.avoided : hold.site
            if let left { barred[left] = "the replica leaves it" }
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .replacing, .releasing,
            .deleting, .exhausted, .gone:
            break
        }
        return barred
    }
}
