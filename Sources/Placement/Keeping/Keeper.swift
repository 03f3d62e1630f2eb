package import CloudModel

/// Decides what keeps a workload at its replicas: a start in place, another site, or nothing.
///
/// ```
///            failed, stopped by itself
/// running ───────────────────────────► start in place ── 3 in vain, another site can ──► delete there
///    ▲                                      │                                                 │ gone
///    └──────────────────────────────────────┘                                                 ▼
///                                                                                     place, epoch + 1
/// ```
///
/// Level-triggered: a review looks only at the saga and the circumstances, so it may be repeated at any time and goes
/// on after a restart with what was stored. What it asks of sites may be asked twice.
package struct Keeper: Sendable {
    package struct Review: Hashable, Sendable {
        package var directives: [PlacementSaga.Directive] = []
        package var notes: [KeepingNote] = []
    }

    package var rules: KeepingRules

    package init(rules: KeepingRules = KeepingRules()) {
        self.rules = rules
    }

    /// Does what is due now; the saga MUST be stored before the directives are carried out.
    package func review(
        _ saga: inout PlacementSaga, _ wishes: KeepingWishes?, under circumstances: Circumstances
    ) -> Review {
        var review = Review()
        for index in saga.replicas.indices {
            self.endPredecessor(of: index, in: &saga, wishes, circumstances, &review)
            guard !saga.isRemoving else { continue }
            self.review(index, in: &saga, wishes, circumstances, &review)
        }
        return review
    }

    /// Whether a review could change anything, so that the many workloads that are well cost nothing.
    package func isDue(_ saga: PlacementSaga, under circumstances: Circumstances) -> Bool {
        if saga.isRemoving { return saga.leavesSomethingBehind }
        return saga.replicas.contains { replica in
            if circumstances.lapsed.contains(replica.index) { return true }
            if let keeping = replica.keeping {
                if keeping.predecessor != nil || keeping.setback != nil { return true }
                if let due = keeping.due { return self.isOver(due, circumstances.now) }
            }
            switch replica.phase {
            case .placed(let hold, _):
                let isDown = replica.machine.map { Self.isDown($0) } ?? false
                return replica.keeping == nil || isDown || circumstances.draining.contains(hold.site)
            case .exhausted: return replica.keeping != nil
            case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .replacing,
                .releasing, .deleting, .gone:
                return false
            }
        }
    }

    private func review(
        _ index: Int, in saga: inout PlacementSaga, _ wishes: KeepingWishes?, _ circumstances: Circumstances,
        _ review: inout Review
    ) {
        switch saga.replicas[index].phase {
        case .placed(let hold, _):
            if saga.replicas[index].keeping == nil { saga.replicas[index].keeping = ReplicaKeeping() }
            if circumstances.lapsed.contains(index) {
                return self.leaveBehind(index, hold, in: &saga, wishes, circumstances, &review)
            }
            guard let machine = saga.replicas[index].machine else { return }
            switch machine.state {
            case .running:
                self.runs(index, in: &saga, circumstances.now)
                self.drain(index, hold, in: &saga, wishes, circumstances, &review)
            case .stopped, .failed:
                self.revive(index, hold, machine, in: &saga, wishes, circumstances, &review)
            case .deleted: self.replaceDeleted(index, machine, in: &saga, circumstances, &review)
            case .suspended:
                // What is in its memory and on its disk is its owner's to give up.
                guard circumstances.draining.contains(hold.site) else { return }
                self.remark(
                    .waiting, index, hold.site,
                    "stays at \(hold.site), which drains: it is suspended there, and is left so", in: &saga,
                    &review)
            case .creating, .starting, .stopping: return
            }
        case .exhausted: self.searchAgain(index, in: &saga, circumstances, &review)
        case .committing(let hold, _), .verifying(let hold, _), .replacing(let hold, _, _):
            guard circumstances.lapsed.contains(index),
                !Self.mayOutliveLease(saga.replicas[index], wishes)
            else { return }
            if saga.replicas[index].keeping == nil { saga.replicas[index].keeping = ReplicaKeeping() }
            self.lose(index, hold, in: &saga, &review)
        case .planning, .reserving, .doubting, .withdrawing, .releasing, .deleting, .gone: return
        }
    }

    private func runs(_ index: Int, in saga: inout PlacementSaga, _ now: Instant) {
        guard var keeping = saga.replicas[index].keeping else { return }
        if keeping.runningSince == nil { keeping.runningSince = now }
        (keeping.fault, keeping.due, keeping.isOrdered, keeping.setback) = (nil, nil, false, nil)
        keeping.futileStarts = nil
        saga.replicas[index].keeping = keeping
        if saga.replicas[index].trouble != nil { saga.replicas[index].trouble = nil }
    }

    // MARK: A machine that is down

    private func revive(
        _ index: Int, _ hold: Hold, _ machine: Machine, in saga: inout PlacementSaga,
        _ wishes: KeepingWishes?, _ circumstances: Circumstances, _ review: inout Review
    ) {
        if machine.halt == .ordered {
            return self.remark(
                .waiting, index, hold.site,
                "was stopped at \(hold.site) on order: it is left so until it is started there",
                in: &saga, &review)
        }
        // Without a lease its site would refuse, and that is no fault of the machine.
        guard wishes?.lease == nil || circumstances.leased.contains(index) else { return }
        guard self.isItsTurn(index, after: machine, in: &saga, circumstances.now, &review),
            var keeping = saga.replicas[index].keeping
        else { return }
        let isHopeless = self.isHopeless(saga.replicas[index])
        let isDraining = circumstances.draining.contains(hold.site)
        // Not before another site can take it: better where it is, with its disk, than nowhere.
        if isHopeless || isDraining, keeping.moves < self.rules.moveLimit,
            circumstances.placeable.contains(index)
        {
            let why =
                isDraining ? "\(hold.site) drains" : "\(self.rules.restartLimit) starts there were in vain"
            return self.giveUp(index, hold, because: why, in: &saga, &review)
        }
        // Another site is looked for first.
        guard !isHopeless || circumstances.sought.contains(index) else { return }
        keeping.restarts += 1
        keeping.isOrdered = true
        keeping.due = circumstances.now.advanced(by: self.rules.startTimeout)
        saga.replicas[index].keeping = keeping
        if keeping.futileStarts == nil {
            review.notes.append(
                KeepingNote(
                    .restarting, replica: index, site: hold.site,
                    "is started again at \(hold.site), try \(keeping.restarts)"
                        + (isHopeless ? ", as no other site can take it" : "")))
        } else {
            let trouble = saga.replicas[index].trouble.map { ": \($0)" } ?? ""
            self.remark(
                .restarting, index, hold.site,
                "a start at \(hold.site) came to nothing, and is asked for again from time to time\(trouble)",
                in: &saga, &review)
        }
        review.directives.append(.start(replica: index, hold, machine.id))
    }

    /// Whether a machine was started so often in vain where it is that another site is wanted.
    func isHopeless(_ replica: ReplicaPlacement) -> Bool {
        guard let machine = replica.machine, Self.isDown(machine), let keeping = replica.keeping else {
            return false
        }
        return keeping.restarts >= self.rules.restartLimit && keeping.moves < self.rules.moveLimit
    }

    private func giveUp(
        _ index: Int, _ hold: Hold, because reason: String, in saga: inout PlacementSaga,
        _ review: inout Review
    ) {
        saga.replicas[index].keeping?.moves += 1
        saga.replicas[index].keeping?.restarts = 0
        saga.replicas[index].keeping?.due = nil
        saga.replicas[index].keeping?.avoided = hold.site
        review.notes.append(
            KeepingNote(
                .replacing, replica: index, site: hold.site,
                "given up at \(hold.site): \(reason); it is placed anew once its machine there is deleted"))
        review.directives += saga.replace(index)
    }

    /// Whether the next step for a machine that is down may be taken; sets the pause before it if that is not known.
    private func isItsTurn(
        _ index: Int, after machine: Machine, in saga: inout PlacementSaga, _ now: Instant,
        _ review: inout Review
    ) -> Bool {
        guard var keeping = saga.replicas[index].keeping else { return false }
        defer { saga.replicas[index].keeping = keeping }
        if keeping.fault != machine.changed {
            if let since = keeping.runningSince, since.duration(to: now) >= self.rules.stableAfter {
                (keeping.restarts, keeping.moves) = (0, 0)
            }
            keeping.fault = machine.changed
            (keeping.isOrdered, keeping.setback, keeping.runningSince) = (false, nil, nil)
            (keeping.futileStarts, keeping.remark) = (nil, nil)
            self.wait(self.rules.pause(afterTries: keeping.restarts), &keeping, now)
        } else if let setback = keeping.setback {
            keeping.setback = nil
            switch setback {
            case .refused:
                keeping.futileStarts = nil
                self.wait(self.rules.pause(afterTries: keeping.restarts), &keeping, now)
            case .declined, .unanswered:
                // It was not tried, as far as anybody knows.
                keeping.restarts = max(0, keeping.restarts - 1)
                let futileStarts = (keeping.futileStarts ?? 0) + 1
                keeping.futileStarts = futileStarts
                self.wait(self.rules.pause(afterFutileStarts: futileStarts), &keeping, now)
            }
        } else if keeping.isOrdered, let due = keeping.due, self.isOver(due, now) {
            keeping.isOrdered = false
            self.wait(self.rules.pause(afterTries: keeping.restarts), &keeping, now)
        }
        guard let due = keeping.due, self.isOver(due, now), !keeping.isOrdered else { return false }
        return true
    }

    private func replaceDeleted(
        _ index: Int, _ machine: Machine, in saga: inout PlacementSaga, _ circumstances: Circumstances,
        _ review: inout Review
    ) {
        guard var keeping = saga.replicas[index].keeping else { return }
        if keeping.fault != machine.changed {
            keeping.fault = machine.changed
            self.wait(self.rules.pause(afterTries: keeping.moves), &keeping, circumstances.now)
        }
        saga.replicas[index].keeping = keeping
        guard let due = keeping.due, self.isOver(due, circumstances.now) else { return }
        guard circumstances.placeable.contains(index) else {
            return self.remarkUnplaceable(
                index, machine.site,
                "its machine at \(machine.site) was deleted, and no site can take it now", in: &saga,
                circumstances, &review)
        }
        saga.replicas[index].keeping?.moves += 1
        saga.replicas[index].keeping?.remark = nil
        review.notes.append(
            KeepingNote(
                .replacing, replica: index, site: machine.site,
                "is placed anew: its machine at \(machine.site) was deleted there"))
        review.directives += saga.renew(index)
    }

    private func searchAgain(
        _ index: Int, in saga: inout PlacementSaga, _ circumstances: Circumstances, _ review: inout Review
    ) {
        guard var keeping = saga.replicas[index].keeping else { return }
        guard let due = keeping.due else {
            let pause = max(self.rules.firstPause, self.rules.pause(afterTries: keeping.moves))
            self.wait(pause, &keeping, circumstances.now)
            saga.replicas[index].keeping = keeping
            return
        }
        guard self.isOver(due, circumstances.now) else { return }
        guard circumstances.placeable.contains(index) else {
            return self.remarkUnplaceable(
                index, nil, "waits until a site can take it", in: &saga, circumstances, &review)
        }
        keeping.moves += 1
        keeping.avoided = nil
        keeping.remark = nil
        saga.replicas[index].keeping = keeping
        review.directives += saga.renew(index)
    }

    // MARK: Time

    private func wait(_ pause: Duration, _ keeping: inout ReplicaKeeping, _ now: Instant) {
        keeping.due = now.advanced(by: pause)
    }

    /// A due time further away than any pause comes from a clock that was set back since.
    func isOver(_ due: Instant, _ now: Instant) -> Bool {
        due <= now || now.duration(to: due) > max(self.rules.longestPause, self.rules.startTimeout)
    }

    static func isDown(_ machine: Machine) -> Bool {
        switch machine.state {
        case .stopped, .failed, .deleted: true
        case .creating, .starting, .running, .suspended, .stopping: false
        }
    }

    /// Says once that no site can take a replica, if one was looked for.
    func remarkUnplaceable(
        _ index: Int, _ site: SiteID?, _ text: String, in saga: inout PlacementSaga,
        _ circumstances: Circumstances, _ review: inout Review
    ) {
        guard circumstances.sought.contains(index) else { return }
        self.remark(.waiting, index, site, text, in: &saga, &review)
    }

    /// Says once what stands in the way.
    func remark(
        _ kind: WorkloadEvent.Kind, _ index: Int, _ site: SiteID?, _ text: String,
        in saga: inout PlacementSaga, _ review: inout Review
    ) {
        guard saga.replicas[index].keeping?.remark != text else { return }
        saga.replicas[index].keeping?.remark = text
        saga.replicas[index].keeping?.drainRemarked = nil
        review.notes.append(KeepingNote(kind, replica: index, site: site, text))
    }
}
