package import CloudModel
package import Federation

/// What a coordinator asks of a site.
package enum SiteRequest: Hashable, Sendable {
    case reserve(ReserveRequest)
    case query(ReservationQuery)
    case commit(CommitRequest)
    case release(ReleaseRequest)
    /// The machines of a workload that this coordinator holds there.
    case machines(MachineQuery)
    /// Starts a machine again that ended by itself.
    case restart(RestartRequest)
    /// Deletes a machine, on behalf of a user.
    case delete(MachineID, behalf: String)

    /// As what it waits for its turn at the site.
    var turnKind: SiteTurns.Kind {
        switch self {
        case .query, .commit, .release: .settling
        // The first question for all machines shows whether the site answers at all.
        case .machines(let query) where query.workload == nil && query.after == nil: .probe
        case .reserve, .machines, .restart, .delete: .usual
        }
    }
}

/// What a site answers.
package enum SiteAnswer: Hashable, Sendable {
    /// With how many changes the site had counted when it answered; nil if it does not tell.
    case reservation(Reservation, generation: Int? = nil)
    case machine(Machine)
    case machines(MachineList)
    case deleted

    /// How many changes the site had counted when it answered; nil if the answer does not tell.
    var generation: Int? {
        switch self {
        case .reservation(_, let generation): generation
        case .machine, .machines, .deleted: nil
        }
    }
}

/// Why a site did not do what was asked, as far as that can be known.
package enum SiteFailure: Error, Hashable, Sendable {
    /// It said no, in words; its true state may come with that, and the reason unless it is only in the words.
    case refused(String, capacity: Capacity?, reason: Refusal.Reason? = nil)
    /// It has no such reservation or machine.
    case absent
    /// There is no way to it: the request did not reach it.
    case unreachable(String)
    /// The request was not sent, or not taken up, as too much else waits or the site leaves requests unanswered: that
    /// says nothing of what it would answer.
    case notAsked(String)
    /// No usable answer came: what was asked may have happened.
    case silent(String)
}
