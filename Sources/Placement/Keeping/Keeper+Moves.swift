package import CloudModel

/// Replicas that leave their site: because it is drained, or because it was out of reach for too long.
extension Keeper {
    /// The replicas that would be placed anew now if there were sites for all that wait.
    ///
    /// Found by trying, so that nothing is looked for that a review would not use.
    package func replicasToMove(
        in saga: PlacementSaga, _ wishes: KeepingWishes?, under circumstances: Circumstances
    ) -> [Int] {
        let leaving = saga.replicas.filter { replica in
            switch replica.phase {
            case .placed(let hold, _):
                circumstances.lapsed.contains(replica.index) || circumstances.draining.contains(hold.site)
                    || replica.machine?.state == .deleted || self.isHopeless(replica)
            case .exhausted: replica.keeping != nil
            case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .replacing,
                .releasing, .deleting, .gone:
                false
            }
        }
        guard !leaving.isEmpty else { return [] }
        var trial = saga
        var circumstances = circumstances
        circumstances.placeable = Set(leaving.map(\.index))
        _ = self.review(&trial, wishes, under: circumstances)
        return leaving.filter { trial.replicas[$0.index].isElsewhere(than: $0) }.map(\.index)
    }

    // MARK: Drain

    func drain(
        _ index: Int, _ hold: Hold, in saga: inout PlacementSaga, _ wishes: KeepingWishes?,
        _ circumstances: Circumstances, _ review: inout Review
    ) {
        guard circumstances.draining.contains(hold.site) else { return }
        // Said already: the machine that it leaves runs until enough others do.
        if let predecessor = saga.replicas[index].keeping?.predecessor, !predecessor.isEnding { return }
        // One after the other: each needs room at two sites for a while.
        guard !saga.hasOneUnderWay else {
            // Whatever keeps it there was said before; who waits for a hundred others would say it as often.
            let said = saga.replicas[index].keeping
            guard said?.remark == nil || said?.drainRemarked != hold.site else { return }
            return self.remarkStay(
                index, hold.site, ", while another replica is on its way", in: &saga, &review)
        }
        if let objection = saga.objectionToLeaving(index, wishes) {
            return self.remarkStay(index, hold.site, ": \(objection)", in: &saga, &review)
        }
        guard circumstances.placeable.contains(index) else {
            guard circumstances.sought.contains(index) else { return }
            return self.remarkStay(index, hold.site, ", until another site can take it", in: &saga, &review)
        }
        review.notes.append(
            KeepingNote(
                .leaving, replica: index, site: hold.site,
                "leaves \(hold.site), which drains; \(PlacementSaga.wayOfLeaving(wishes))"))
        review.directives += saga.leave(index, wishes)
    }

    /// Says once what keeps a replica at a site that drains.
    private func remarkStay(
        _ index: Int, _ site: SiteID, _ why: String, in saga: inout PlacementSaga, _ review: inout Review
    ) {
        self.remark(.waiting, index, site, "stays at \(site), which drains\(why)", in: &saga, &review)
        saga.replicas[index].keeping?.drainRemarked = site
    }

    /// Has the machine that a replica left behind deleted, once its successor runs or the workload is no longer wanted.
    func endPredecessor(
        of index: Int, in saga: inout PlacementSaga, _ wishes: KeepingWishes?, _ circumstances: Circumstances,
        _ review: inout Review
    ) {
        guard var predecessor = saga.replicas[index].keeping?.predecessor else { return }
        if !predecessor.isEnding {
            let isUnwanted =
                saga.isRemoving || saga.replicas[index].phase == .gone || !saga.replicas[index].isWanted
            guard isUnwanted || self.isRelieved(index, in: saga, wishes) else {
                return self.remarkUnrelieved(index, predecessor.hold.site, in: &saga, wishes, &review)
            }
            predecessor.isEnding = true
            predecessor.due = circumstances.now
        }
        if let due = predecessor.due, self.isOver(due, circumstances.now) {
            predecessor.asked += 1
            predecessor.due = circumstances.now.advanced(
                by: PlacementSaga.pause(beforeQuestion: predecessor.asked + 1))
            review.directives.append(
                .retire(replica: index, predecessor.hold, predecessor.machine))
        }
        saga.replicas[index].keeping?.predecessor = predecessor
    }

    /// Says once that a successor runs, and what it succeeds goes on, as too few others run.
    private func remarkUnrelieved(
        _ index: Int, _ site: SiteID, in saga: inout PlacementSaga, _ wishes: KeepingWishes?,
        _ review: inout Review
    ) {
        guard case .placed = saga.replicas[index].phase, saga.replicas[index].machine?.state == .running
        else { return }
        let least = (wishes ?? KeepingWishes()).minimum(of: saga.wantedCount)
        self.remark(
            .waiting, index, site, "its machine at \(site) runs until \(least) of its workload do elsewhere",
            in: &saga, &review)
    }

    private func isRelieved(_ index: Int, in saga: PlacementSaga, _ wishes: KeepingWishes?) -> Bool {
        guard case .placed = saga.replicas[index].phase, saga.replicas[index].machine?.state == .running
        else { return false }
        return saga.runningCount >= (wishes ?? KeepingWishes()).minimum(of: saga.wantedCount)
    }

    // MARK: Lost sites

    /// The lease of a replica has run out: its site has stopped it, and if another can take it, it goes there.
    func leaveBehind(
        _ index: Int, _ hold: Hold, in saga: inout PlacementSaga, _ wishes: KeepingWishes?,
        _ circumstances: Circumstances, _ review: inout Review
    ) {
        if let machine = saga.replicas[index].machine,
            machine.halt == .ordered || machine.state == .suspended
        {
            return self.remark(
                .waiting, index, hold.site,
                "does not run, as somebody ordered at \(hold.site), which is out of reach: it is left so",
                in: &saga, &review)
        }
        guard !Self.mayOutliveLease(saga.replicas[index], wishes) else {
            return self.remark(
                .waiting, index, hold.site,
                "stays at \(hold.site), which is out of reach and may let it run: it knows no lease of it",
                in: &saga, &review)
        }
        guard circumstances.placeable.contains(index) else {
            return self.remarkUnplaceable(
                index, hold.site,
                "its lease ran out as \(hold.site) was out of reach, and no other site can take it now",
                in: &saga, circumstances, &review)
        }
        self.lose(index, hold, in: &saga, &review)
    }

    /// Whether its site does not know the lease that the replica has, and so does not stop it when that is over.
    static func mayOutliveLease(_ replica: ReplicaPlacement, _ wishes: KeepingWishes?) -> Bool {
        if replica.keeping?.isUnleased == true { return true }
        guard let machine = replica.machine else { return false }
        return machine.specification.leaseSeconds != wishes?.leaseSeconds
    }

    /// Goes on under the next epoch; should the site come back, it learns that the old one is over.
    func lose(_ index: Int, _ hold: Hold, in saga: inout PlacementSaga, _ review: inout Review) {
        saga.replicas[index].keeping?.avoided = hold.site
        saga.replicas[index].keeping?.remark = nil
        saga.replicas[index].keeping?.moves += 1
        review.notes.append(
            KeepingNote(
                .lost, replica: index, site: hold.site,
                "is placed anew: its lease at \(hold.site) ran out, so nothing of it runs there"))
        review.directives += saga.renew(index)
    }
}
