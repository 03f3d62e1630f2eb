package import CloudModel

/// The transitions of a single replica, one method for each event.
extension PlacementSaga {
    mutating func planned(_ site: SiteID, turn: Int, replica index: Int) -> [Directive] {
        let replica = self.replicas[index]
        guard replica.phase == .planning, replica.turn == turn else { return [] }
        let hold = Hold(site: site, reservation: self.nextReservation(of: index))
        self.replicas[index].keeping?.destination = nil
        self.replicas[index].trouble = nil
        return self.enter(.reserving(hold), replica: index)
    }

    /// The number under which the next site will be asked to hold room for the replica.
    package func nextReservation(of index: Int) -> ReservationID {
        let replica = self.replicas[index]
        let tried = replica.attempts.count + (replica.postponement?.count ?? 0)
        return self.reservation(index, epoch: replica.epoch, attempt: tried + 1)
    }

    /// The number under which the first site will be asked once the replica is placed anew.
    package func reservationAfterMove(of index: Int) -> ReservationID {
        self.reservation(index, epoch: self.replicas[index].nextEpoch, attempt: 1)
    }

    private func reservation(_ index: Int, epoch: Int, attempt: Int) -> ReservationID {
        ReservationID(
            derivedFrom: self.workload, path: [UInt64(index), UInt64(epoch), UInt64(attempt)])
    }

    mutating func answered(_ reservation: Reservation, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == reservation.id else { return [] }
        switch reservation.state {
        case .held: return self.held(hold, replica: index)
        case .committed:
            guard let machine = reservation.machine else {
                return self.unsettled("\(hold.site) did not say which machine it made", replica: index)
            }
            return self.became(machine, of: hold, replica: index)
        case .released:
            return self.over(hold, reason: "the reservation was released there", replica: index)
        case .expired:
            return self.over(
                hold, reason: "the reservation ran out before it was used", mayBeTriedAgain: true,
                replica: index)
        }
    }

    private mutating func held(_ hold: Hold, replica index: Int) -> [Directive] {
        switch self.replicas[index].phase {
        case .reserving, .doubting:
            return self.isGang
                ? self.reserved(hold, replica: index)
                : self.enter(.committing(hold, asked: 0), replica: index)
        case .verifying(_, let asked):
            return self.enter(.committing(hold, asked: asked), replica: index)
        case .releasing, .withdrawing:
            return self.unsettled("\(hold.site) has not released the reservation", replica: index)
        case .planning, .committing, .placed, .replacing, .deleting, .exhausted, .gone:
            return []
        }
    }

    /// The reservation has become a machine, whether the answer to the commitment arrived or not.
    private mutating func became(
        _ machine: MachineID, of hold: Hold, replica index: Int
    ) -> [Directive] {
        switch self.replicas[index].phase {
        case .reserving, .doubting, .committing, .verifying, .withdrawing:
            return self.enter(.placed(hold, machine), replica: index)
        case .releasing:
            return self.enter(.deleting(hold, machine, asked: 0), replica: index)
        case .planning, .placed, .replacing, .deleting, .exhausted, .gone:
            return []
        }
    }

    /// The reservation is over for good: no request still under way can make a machine of it.
    private mutating func over(
        _ hold: Hold, reason: String, mayBeTriedAgain: Bool = false, replica index: Int
    ) -> [Directive] {
        switch self.replicas[index].phase {
        case .reserving, .doubting, .committing, .verifying:
            return self.next(after: hold, reason: reason, mayBeTriedAgain: mayBeTriedAgain, replica: index)
        case .withdrawing(_, _, let refusal):
            return self.next(after: hold, reason: refusal, mayBeTriedAgain: mayBeTriedAgain, replica: index)
        case .releasing:
            return self.enter(.gone, replica: index)
        case .planning, .placed, .replacing, .deleting, .exhausted, .gone:
            return []
        }
    }

    mutating func unknown(_ id: ReservationID, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == id else { return [] }
        return self.over(hold, reason: "the site knows of no such reservation", replica: index)
    }

    mutating func refused(_ id: ReservationID, reason: String, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == id else { return [] }
        switch self.replicas[index].phase {
        case .reserving:
            return self.next(after: hold, reason: reason, replica: index)
        case .committing:
            return self.enter(.withdrawing(hold, asked: 0, reason: reason), replica: index)
        case .doubting, .verifying, .withdrawing, .releasing, .deleting, .replacing:
            // Refusing to say, to release or to delete settles nothing.
            return self.unsettled("\(hold.site): \(reason)", replica: index)
        case .planning, .placed, .exhausted, .gone:
            return []
        }
    }

    /// The site leaves out something that the replica must have: what it holds or made is given back, and another site
    /// is tried.
    mutating func unfit(
        _ id: ReservationID, _ machine: MachineID?, isUnleased: Bool, reason: String, replica index: Int
    ) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == id else { return [] }
        switch self.replicas[index].phase {
        case .reserving, .doubting:
            guard let machine else {
                // It was never committed: if this goes unheard, the hold runs out by itself.
                let release = Directive.release(
                    replica: index, hold, turn: self.replicas[index].turn, after: .zero)
                return [release] + self.next(after: hold, reason: reason, replica: index)
            }
            return self.discard(
                machine, of: hold, isUnleased: isUnleased, reason: reason, replica: index)
        case .committing, .verifying:
            guard let machine else {
                return self.enter(.withdrawing(hold, asked: 0, reason: reason), replica: index)
            }
            return self.discard(
                machine, of: hold, isUnleased: isUnleased, reason: reason, replica: index)
        case .withdrawing:
            guard let machine else { return self.held(hold, replica: index) }
            return self.discard(
                machine, of: hold, isUnleased: isUnleased, reason: reason, replica: index)
        case .releasing:
            guard let machine else { return self.held(hold, replica: index) }
            return self.became(machine, of: hold, replica: index)
        case .planning, .placed, .replacing, .deleting, .exhausted, .gone:
            return []
        }
    }

    /// Has a machine deleted that is not what was asked for, and nothing placed before it is gone.
    private mutating func discard(
        _ machine: MachineID, of hold: Hold, isUnleased: Bool, reason: String, replica index: Int
    ) -> [Directive] {
        var keeping = self.replicas[index].keeping ?? ReplicaKeeping()
        keeping.avoided = hold.site
        if isUnleased { keeping.isUnleased = true }
        self.replicas[index].keeping = keeping
        self.replicas[index].trouble = "\(hold.site): \(reason)"
        self.noteIncomplete(index)
        return self.enter(.replacing(hold, machine, asked: 0), replica: index)
    }

    mutating func committed(_ id: ReservationID, _ machine: Machine, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold, hold.reservation == id, machine.site == hold.site
        else { return [] }
        self.note(machine, replica: index)
        return self.became(machine.id, of: hold, replica: index)
    }

    mutating func silent(reason: String, replica index: Int) -> [Directive] {
        guard let hold = self.replicas[index].hold else { return [] }
        return self.unsettled("\(hold.site) does not answer: \(reason)", replica: index)
    }

    /// What was asked may or may not have happened: asks, at growing distances.
    mutating func unsettled(_ trouble: String, replica index: Int) -> [Directive] {
        self.replicas[index].trouble = trouble
        let next: ReplicaPlacement.Phase
        switch self.replicas[index].phase {
        case .reserving(let hold): next = .doubting(hold, asked: 1)
        case .committing(let hold, let asked): next = .verifying(hold, asked: asked + 1)
        case .doubting(let hold, let asked):
            if asked >= Self.doubtLimit {
                // It was never committed: should the site hold it, the hold runs out by itself.
                return self.next(after: hold, reason: "did not answer", replica: index)
            }
            next = .doubting(hold, asked: asked + 1)
        case .verifying(let hold, let asked): next = .verifying(hold, asked: asked + 1)
        case .withdrawing(let hold, let asked, let reason):
            next = .withdrawing(hold, asked: asked + 1, reason: reason)
        case .releasing(let hold, let asked, let mayBeCommitted):
            let isLeftToExpire = !mayBeCommitted && asked >= Self.doubtLimit
            next =
                isLeftToExpire
                ? .gone : .releasing(hold, asked: asked + 1, mayBeCommitted: mayBeCommitted)
        case .deleting(let hold, let machine, let asked): next = .deleting(hold, machine, asked: asked + 1)
        case .replacing(let hold, let machine, let asked):
            next = .replacing(hold, machine, asked: asked + 1)
        case .planning, .placed, .exhausted, .gone: return []
        }
        return self.enter(next, replica: index)
    }

    mutating func reported(_ machine: Machine, replica index: Int) -> [Directive] {
        let isOver = machine.state == .deleted
        if self.noted(predecessor: machine.id, at: machine.site, isDeleted: isOver, replica: index) {
            let known = self.replicas[index].keeping?.predecessor?.last
            self.replicas[index].keeping?.predecessor?.last = Self.newer(machine, than: known)
            return []
        }
        let replica = self.replicas[index]
        let reference = ReplicaReference(workload: self.workload, index: index, epoch: replica.epoch)
        guard machine.replica == reference else { return [] }
        switch replica.phase {
        case .placed(let hold, machine.id) where hold.site == machine.site:
            self.note(machine, replica: index)
            return []
        case .deleting(let hold, machine.id, _) where hold.site == machine.site:
            self.note(machine, replica: index)
            return machine.state == .deleted ? self.enter(.gone, replica: index) : []
        case .replacing(let hold, machine.id, _) where hold.site == machine.site:
            return isOver ? self.renew(index) : []
        case .committing(let hold, _), .verifying(let hold, _), .withdrawing(let hold, _, _):
            guard hold.site == machine.site, machine.state != .deleted else { break }
            self.note(machine, replica: index)
            return self.enter(.placed(hold, machine.id), replica: index)
        case .releasing(let hold, _, true):
            guard hold.site == machine.site, machine.state != .deleted else { break }
            return self.enter(.deleting(hold, machine.id, asked: 0), replica: index)
        case .planning, .reserving, .doubting, .placed, .replacing, .releasing, .deleting, .exhausted, .gone:
            break
        }
        return machine.state == .deleted ? [] : [.warn(replica: index, machine)]
    }

    mutating func deleted(_ machine: MachineID, replica index: Int) -> [Directive] {
        // Said by the site where it is, which was asked to delete it.
        if let site = self.replicas[index].keeping?.predecessor?.hold.site,
            self.noted(predecessor: machine, at: site, isDeleted: true, replica: index)
        {
            return []
        }
        switch self.replicas[index].phase {
        case .deleting(_, machine, _): return self.enter(.gone, replica: index)
        case .replacing(_, machine, _): return self.renew(index)
        case .planning, .reserving, .doubting, .committing, .verifying, .withdrawing, .placed, .replacing,
            .releasing, .deleting, .exhausted, .gone:
            return []
        }
    }

    /// Keeps what a machine says of itself, unless something newer is known.
    private mutating func note(_ machine: Machine, replica index: Int) {
        self.replicas[index].machine = Self.newer(machine, than: self.replicas[index].machine)
    }

    /// What a machine says of itself, or what is known of it if that is newer.
    private static func newer(_ machine: Machine, than known: Machine?) -> Machine {
        guard let known, known.id == machine.id, known.changed > machine.changed else { return machine }
        return known
    }

    /// Notes a site that was tried in vain and goes on to the next, or gives up.
    mutating func next(
        after hold: Hold, reason: String, mayBeTriedAgain: Bool = false, replica index: Int
    ) -> [Directive] {
        self.replicas[index].attempts.append(
            ReplicaPlacement.Attempt(
                site: hold.site, reservation: hold.reservation, reason: reason,
                mayBeTriedAgain: mayBeTriedAgain))
        self.replicas[index].postponement?.sites.removeAll { $0 == hold.site }
        self.replicas[index].trouble = nil
        guard self.replicas[index].attempts.count < Self.attemptLimit else {
            return self.exhaust("\(Self.attemptLimit) sites were tried in vain", replica: index)
        }
        return self.enter(.planning, replica: index)
    }
}
