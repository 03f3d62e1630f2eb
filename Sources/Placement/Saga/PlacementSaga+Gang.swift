import CloudModel

/// All or nothing: held everywhere before anything is committed anywhere.
extension PlacementSaga {
    /// A replica of a gang is held; the machines are asked for once all are.
    ///
    /// A replica that is placed anew later waits for nobody, as the others run; one that is added waits for those
    /// that were added with it.
    mutating func reserved(_ hold: Hold, replica index: Int) -> [Directive] {
        if self.replicas[index].isReserved == true { return [] }
        self.replicas[index].phase = .reserving(hold)
        self.replicas[index].turn += 1
        self.replicas[index].isReserved = true
        let peers = self.peers(of: index)
        guard peers.allSatisfy({ self.replicas[$0].isSecured }) else { return [] }
        var directives: [Directive] = []
        for index in peers where self.replicas[index].isReserved == true {
            guard let hold = self.replicas[index].hold else { continue }
            directives += self.enter(.committing(hold, asked: 0), replica: index)
        }
        return directives
    }

    /// No site is left to try; of a gang that was never whole nothing is kept then.
    ///
    /// What moved for a better site stays where it is. What was added is given up again, of a gang all that was added
    /// with it: the workload stays as it was.
    mutating func exhaust(_ reason: String, replica index: Int) -> [Directive] {
        if self.goBack(index, because: reason) { return [] }
        self.replicas[index].keeping?.destination = nil
        var directives = self.enter(.exhausted(reason), replica: index)
        guard self.replicas[index].isPlacedFirst else { return directives }
        if self.replicas[index].addition != nil {
            self.replicas[index].trouble = reason
            directives = self.drop(self.isGang ? self.peers(of: index) : [index])
            self.replicas[index].isTurnedAway = true
            return directives
        }
        guard self.isGang else { return directives }
        // Nor is it looked for again by itself.
        self.replicas[index].keeping = nil
        for other in self.peers(of: index) where other != index {
            switch self.replicas[other].phase {
            case .exhausted:
                // One that was placed before would be placed anew by itself.
                guard !self.replicas[other].isPlacedFirst else { break }
                directives += self.giveUp(replica: other)
            case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .releasing,
                .deleting, .gone, .replacing:
                directives += self.giveUp(replica: other)
            }
        }
        return directives
    }

    /// Notes that a replica will be placed anew before all of its gang were there: it still is one of all or none.
    mutating func noteIncomplete(_ index: Int) {
        // One that leaves a site goes on running there.
        guard self.isGang, self.replicas[index].keeping?.predecessor == nil,
            !self.peers(of: index).allSatisfy({ self.replicas[$0].hasBeenPlaced })
        else { return }
        self.replicas[index].incompleteEpoch = self.replicas[index].nextEpoch
    }

    /// Those that were asked for together with a replica, itself included.
    private func peers(of index: Int) -> [Int] {
        let number = self.replicas[index].addition?.number
        return self.replicas.indices.filter { other in
            self.replicas[other].isWanted && self.replicas[other].addition?.number == number
        }
    }
}

extension ReplicaPlacement {
    /// The epoch at which it was first asked for, since it is wanted.
    private var firstEpoch: Int { max(self.addition?.epoch ?? 1, self.incompleteEpoch ?? 1) }

    /// Whether it has not been placed since it was asked for, or its gang was never whole since.
    var isPlacedFirst: Bool { self.epoch <= self.firstEpoch }

    /// Whether it was where it was asked for, as far as is known.
    fileprivate var hasBeenPlaced: Bool {
        guard self.isPlacedFirst else { return true }
        switch self.phase {
        case .placed: return true
        // What was made was what was asked for, unless that epoch counts for nothing.
        case .replacing: return self.epoch >= self.incompleteEpoch ?? 0
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .releasing,
            .deleting, .exhausted, .gone:
            return false
        }
    }

    /// Whether its site holds the capacity for it, or has made the machine, as far as is known.
    fileprivate var isSecured: Bool {
        if self.epoch != self.firstEpoch { return self.epoch > self.firstEpoch }
        switch self.phase {
        case .reserving: return self.isReserved == true
        case .committing, .verifying, .placed, .replacing: return true
        case .planning, .doubting, .withdrawing, .releasing, .deleting, .exhausted, .gone: return false
        }
    }
}
