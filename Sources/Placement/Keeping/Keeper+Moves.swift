import CloudModel

/// Replicas that leave their site: because it is drained, or because it was out of reach for too long.
extension Keeper {
    // MARK: Drain

    func drain(
        _ index: Int, _ hold: Hold, in saga: inout PlacementSaga, _ wishes: KeepingWishes?,
        _ circumstances: Circumstances, _ review: inout Review
    ) {
        guard circumstances.draining.contains(hold.site) else { return }
        // One after the other: each needs room at two sites for a while.
        guard !saga.isMoving else { return }
        guard circumstances.placeable.contains(index) else {
            return self.remark(
                .waiting, index, hold.site,
                "stays at \(hold.site), which drains, until another site can take it", in: &saga, &review)
        }
        guard wishes?.lease != nil else {
            saga.replicas[index].keeping?.avoided = hold.site
            saga.replicas[index].keeping?.remark = nil
            review.notes.append(
                KeepingNote(
                    .leaving, replica: index, site: hold.site,
                    "leaves \(hold.site), which drains; its machine there runs until the new one does"))
            review.directives += saga.relieve(index)
            return
        }
        let least = wishes?.minimum(of: saga.replicas.count) ?? 0
        guard saga.runningCount - 1 >= least else {
            return self.remark(
                .waiting, index, hold.site,
                "stays at \(hold.site), which drains: one with a lease never runs twice, and \(least) must run",
                in: &saga, &review)
        }
        saga.replicas[index].keeping?.avoided = hold.site
        saga.replicas[index].keeping?.remark = nil
        review.notes.append(
            KeepingNote(
                .leaving, replica: index, site: hold.site,
                "leaves \(hold.site), which drains; having a lease, it ends there before it starts elsewhere")
        )
        review.directives += saga.replace(index)
    }

    /// Has the machine that a replica left behind deleted, once its successor runs or the workload is no longer wanted.
    func endPredecessor(
        of index: Int, in saga: inout PlacementSaga, _ wishes: KeepingWishes?, _ circumstances: Circumstances,
        _ review: inout Review
    ) {
        guard var predecessor = saga.replicas[index].keeping?.predecessor else { return }
        if !predecessor.isEnding {
            let isUnwanted = saga.isRemoving || saga.replicas[index].phase == .gone
            guard isUnwanted || self.isRelieved(index, in: saga, wishes) else { return }
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

    private func isRelieved(_ index: Int, in saga: PlacementSaga, _ wishes: KeepingWishes?) -> Bool {
        guard case .placed = saga.replicas[index].phase, saga.replicas[index].machine?.state == .running
        else { return false }
        return saga.runningCount >= (wishes ?? KeepingWishes()).minimum(of: saga.replicas.count)
    }

    // MARK: Lost sites

    /// The lease of a replica has run out: its site has stopped it, and if another can take it, it goes there.
    func leaveBehind(
        _ index: Int, _ hold: Hold, in saga: inout PlacementSaga, _ circumstances: Circumstances,
        _ review: inout Review
    ) {
        guard circumstances.placeable.contains(index) else {
            return self.remark(
                .waiting, index, hold.site,
                "its lease ran out as \(hold.site) was out of reach, and no other site can take it now",
                in: &saga, &review)
        }
        self.lose(index, hold, in: &saga, &review)
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
