import CloudModel

/// Asking once more for what every site has refused.
extension PlacementSaga {
    /// Looks again, each under its next epoch, for sites for the replicas that never had one and for which nothing is
    /// tried any more; of a gang that was given up, for all.
    ///
    /// Those that were placed before are looked for again by the keeper. Nothing is done while anything is under way.
    package mutating func retry() -> [Directive] {
        guard self.state == .failed else { return [] }
        var directives: [Directive] = []
        for index in self.replicas.indices where self.replicas[index].isTurnedAwayForGood {
            // Nobody goes on looking for it by himself: the whole gang was given up, whatever came of this one before.
            self.replicas[index].keeping = nil
            directives += self.renew(index)
        }
        return directives
    }
}

extension ReplicaPlacement {
    /// Whether sites are asked once more for it after all had refused it: those that wait come first then.
    package var isRetried: Bool { self.keeping == nil && self.epoch > (self.addition?.epoch ?? 1) }

    /// Whether it is wanted, has never been placed or was given up with its gang, and nobody looks for a site for it.
    fileprivate var isTurnedAwayForGood: Bool {
        guard self.isWanted else { return false }
        switch self.phase {
        case .exhausted: return self.keeping == nil
        case .gone: return self.keeping?.predecessor == nil
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .replacing,
            .releasing, .deleting:
            return false
        }
    }
}
