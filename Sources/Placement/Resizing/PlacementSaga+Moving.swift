package import CloudModel

/// A replica that leaves its site although that is there: for a better one, or because it is drained.
extension PlacementSaga {
    /// Why a replica cannot be moved now; nil if it can.
    package func objectionToMoving(_ index: Int, _ wishes: KeepingWishes?) -> String? {
        if self.isRemoving { return "it is being removed" }
        guard self.replicas.indices.contains(index), self.replicas[index].isWanted else {
            return "it has no replica \(index)"
        }
        guard case .placed = self.replicas[index].phase, self.replicas[index].machine?.state == .running
        else { return "replica \(index) does not run" }
        // Each move needs room at two sites for a while.
        if self.hasOneUnderWay { return "another replica is on its way; they move one after the other" }
        return self.objectionToLeaving(index, wishes)
    }

    /// Whether a replica is at `site`, and stays there.
    package func isPlaced(_ index: Int, at site: SiteID) -> Bool {
        guard self.replicas.indices.contains(index), self.replicas[index].isWanted,
            case .placed(let hold, _) = self.replicas[index].phase
        else { return false }
        return hold.site == site
    }

    /// Moves a replica that may be moved to `site`, if that takes it, or else to the best one; from now on it is for
    /// the users in `audience`, unless that is nil.
    package mutating func move(
        _ index: Int, to site: SiteID?, near audience: Audience? = nil, _ wishes: KeepingWishes?
    ) -> [Directive] {
        guard self.objectionToMoving(index, wishes) == nil else { return [] }
        if self.replicas[index].keeping == nil { self.replicas[index].keeping = ReplicaKeeping() }
        self.replicas[index].keeping?.destination = site
        let directives = self.leave(index, wishes)
        if let audience { self.replicas[index].near = audience }
        self.replicas[index].keeping?.isVoluntary = true
        return directives
    }

    /// Lets a replica that only wanted a better site stay where its machine runs, as no other takes it; false if it
    /// must leave, or has ended there.
    ///
    /// The epoch in which it looked for a site is spent: nothing asked for under it is ever taken for something newer.
    mutating func goBack(_ index: Int, because reason: String) -> Bool {
        guard var keeping = self.replicas[index].keeping, keeping.isVoluntary == true,
            let predecessor = keeping.predecessor, !predecessor.isEnding
        else { return false }
        let chain = self.replicas[index].chain + [reason]
        (keeping.predecessor, keeping.destination, keeping.avoided) = (nil, nil, nil)
        keeping.isVoluntary = nil
        self.replicas[index].keeping = keeping
        self.replicas[index].spentEpoch = self.replicas[index].epoch
        self.replicas[index].epoch = predecessor.epoch
        self.replicas[index].machine = predecessor.last
        self.replicas[index].near = predecessor.near
        self.replicas[index].search = predecessor.search
        self.replicas[index].attempts = []
        self.replicas[index].postponement = nil
        _ = self.enter(.placed(predecessor.hold, predecessor.machine), replica: index)
        self.replicas[index].trouble = chain.joined(separator: "; ")
        return true
    }

    /// Why a replica must not leave its site now; nil if it may.
    func objectionToLeaving(_ index: Int, _ wishes: KeepingWishes?) -> String? {
        if let predecessor = self.replicas[index].keeping?.predecessor {
            return "the machine that it left at \(predecessor.hold.site) is not known to be deleted"
        }
        guard let wishes, wishes.lease != nil else { return nil }
        let least = wishes.minimum(of: self.wantedCount)
        guard self.runningCount - 1 < least else { return nil }
        return "one with a lease never runs twice, and \(least) must run"
    }

    /// Looks for another site: with a lease once the machine is deleted, otherwise while it runs on.
    mutating func leave(_ index: Int, _ wishes: KeepingWishes?) -> [Directive] {
        guard case .placed(let hold, _) = self.replicas[index].phase else { return [] }
        self.replicas[index].keeping?.avoided = hold.site
        self.replicas[index].keeping?.remark = nil
        self.replicas[index].keeping?.isVoluntary = nil
        return wishes?.lease == nil ? self.relieve(index) : self.replace(index)
    }

    /// What becomes of the machine that a replica leaves, in words.
    package static func wayOfLeaving(_ wishes: KeepingWishes?) -> String {
        wishes?.lease == nil
            ? "its machine there runs until the new one does"
            : "having a lease, it ends there before it starts elsewhere"
    }
}
