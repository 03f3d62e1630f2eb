import CloudModel

/// The transitions of a replica that was placed and must be placed anew.
extension PlacementSaga {
    /// Gives the replica up where it is: its machine is deleted, and once that is certain it is placed anew.
    mutating func replace(_ index: Int) -> [Directive] {
        guard case .placed(let hold, let machine) = self.replicas[index].phase else { return [] }
        return self.enter(.replacing(hold, machine, asked: 0), replica: index)
    }

    /// Looks for a site under the next epoch; nothing of the replica may run that is not noted as its predecessor.
    mutating func renew(_ index: Int) -> [Directive] {
        self.noteIncomplete(index)
        self.replicas[index].epoch = self.replicas[index].nextEpoch
        self.replicas[index].search = self.nextSearch
        self.replicas[index].attempts = []
        self.replicas[index].postponement = nil
        self.replicas[index].trouble = nil
        self.replicas[index].machine = nil
        self.replicas[index].keeping?.fault = nil
        self.replicas[index].keeping?.due = nil
        self.replicas[index].keeping?.isOrdered = false
        self.replicas[index].keeping?.setback = nil
        self.replicas[index].keeping?.runningSince = nil
        self.replicas[index].keeping?.futileStarts = nil
        self.replicas[index].keeping?.isUnleased = nil
        return self.enter(.planning, replica: index)
    }

    /// Looks for another site while the machine goes on running where it is.
    mutating func relieve(_ index: Int) -> [Directive] {
        guard case .placed(let hold, let machine) = self.replicas[index].phase,
            self.replicas[index].keeping?.predecessor == nil
        else { return [] }
        let replica = self.replicas[index]
        self.replicas[index].keeping?.predecessor = ReplicaKeeping.Predecessor(
            hold: hold, machine: machine, epoch: replica.epoch, last: replica.machine, near: replica.near,
            search: replica.search)
        return self.renew(index)
    }

    /// The site has taken the order to delete the machine; whether anything is left of it, it has not said yet.
    mutating func doomed(_ machine: MachineID, replica index: Int) -> [Directive] {
        switch self.replicas[index].phase {
        case .deleting(let hold, machine, let asked):
            guard !self.isRemoving, !self.replicas[index].isWanted else {
                return self.enter(.gone, replica: index)
            }
            // Its index, and so its name, may be used again only once nothing of it is left.
            return self.enter(.deleting(hold, machine, asked: asked + 1), replica: index)
        case .replacing(let hold, machine, let asked):
            return self.enter(.replacing(hold, machine, asked: asked + 1), replica: index)
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .replacing,
            .releasing, .deleting, .exhausted, .gone:
            return []
        }
    }

    /// The order to start the machine came to nothing.
    mutating func startFailed(
        _ machine: MachineID, _ setback: ReplicaKeeping.Setback, reason: String, replica index: Int
    ) {
        guard case .placed(let hold, machine) = self.replicas[index].phase,
            self.replicas[index].keeping?.isOrdered == true
        else { return }
        self.replicas[index].keeping?.isOrdered = false
        self.replicas[index].keeping?.setback = setback
        self.replicas[index].trouble = "\(hold.site): \(reason)"
    }

    /// Takes what `site` says of a machine that the replica left behind there; false if it is about another one.
    mutating func noted(
        predecessor id: MachineID, at site: SiteID, isDeleted: Bool, replica index: Int
    ) -> Bool {
        guard let predecessor = self.replicas[index].keeping?.predecessor, predecessor.machine == id,
            predecessor.hold.site == site
        else { return false }
        if isDeleted { self.replicas[index].keeping?.predecessor = nil }
        return true
    }

    /// Whether something of a replica is left that it has no use for any more.
    var leavesSomethingBehind: Bool {
        self.replicas.contains { $0.keeping?.predecessor != nil }
    }

    /// Replicas whose machine is known to run.
    package var runningCount: Int {
        self.replicas.count { replica in
            guard case .placed = replica.phase else { return false }
            return replica.machine?.state == .running
        }
    }

    /// Whether a replica is on its way from one site to another, or comes up where it has just arrived: the others wait
    /// for that, as it takes room at two sites meanwhile, or runs nowhere.
    ///
    /// They do not wait for a machine that is only to be deleted, as its site may never answer, nor for a replica that
    /// is nowhere until a site can take it.
    package var hasOneUnderWay: Bool {
        self.replicas.contains { replica in
            if replica.isUnderWay { return true }
            guard case .placed = replica.phase else { return false }
            return replica.machine?.state == .creating
        }
    }
}

extension ReplicaPlacement {
    /// Whether it is on its way, so that others wait.
    fileprivate var isUnderWay: Bool {
        switch self.phase {
        // One that fails where it is, or is not what was asked for, is no loss while it is deleted there.
        case .replacing: self.isWanted && self.machine?.state == .running
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing: self.keeping != nil
        case .placed: self.keeping?.predecessor.map { !$0.isEnding } ?? false
        case .exhausted, .releasing, .deleting, .gone: false
        }
    }

    /// Whether it leaves something at one site for another, or is to be placed anew.
    var isMoving: Bool {
        switch self.phase {
        case .replacing: self.isWanted
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .exhausted:
            self.keeping != nil
        case .placed: self.keeping?.predecessor != nil
        case .releasing, .deleting, .gone: false
        }
    }
}
