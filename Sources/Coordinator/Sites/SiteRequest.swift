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

    /// Whether it settles what becomes of a hold, which runs out by itself meanwhile.
    var isSettling: Bool {
        switch self {
        case .query, .commit, .release: true
        case .reserve, .machines, .restart, .delete: false
        }
    }
}

/// What a site answers.
package enum SiteAnswer: Hashable, Sendable {
    case reservation(Reservation)
    case machine(Machine)
    case machines(MachineList)
    case deleted
}

/// Why a site did not do what was asked, as far as that can be known.
package enum SiteFailure: Error, Hashable, Sendable {
    /// It said no, in words; its true state may come with that, and the reason unless it is only in the words.
    case refused(String, capacity: Capacity?, reason: Refusal.Reason? = nil)
    /// It has no such reservation or machine.
    case absent
    /// The request did not leave this process.
    case unreachable(String)
    /// No usable answer came: what was asked may have happened.
    case silent(String)
}
