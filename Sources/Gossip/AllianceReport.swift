package import CloudModel

/// An event in the alliance that is worth a line in the log.
package enum AllianceReport: Hashable, Sendable {
    /// A row was dropped; `neighbour` is who sent it, which need not be who spoilt it.
    case badRow(origin: SiteID, neighbour: SiteID, problem: RowProblem)
    case keyChanged(SiteID, offered: SiteKey)
    case invitedBy(SiteID)
    case joined(SiteID)
    case departed(SiteID, reason: String?)
    case reachability(SiteID, Reachability)
    /// A member held a row of ours that is later than any we remember: our state was lost, and we go on above it.
    case raisedIncarnation(to: UInt64, shownBy: SiteID)
    /// Our own row is larger than a row should be, in bytes.
    case ownRowLarge(Int)
}
