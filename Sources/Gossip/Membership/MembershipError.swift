package import CloudModel

/// Why an admin's wish about the alliance cannot be met.
package enum MembershipError: Error, Hashable, Sendable {
    /// A site is always allied with itself.
    case ownSite(SiteID)
    /// No more sites fit into the table.
    case full(limit: Int)
    /// Nothing is known of that site.
    case unknown(SiteID)
    /// They have not invited us.
    case notInvited(SiteID)
    /// We have invited them; now it is their turn.
    case awaitingThem(SiteID)
    case alreadyMember(SiteID)
}

extension MembershipError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ownSite(let site): "\(site) is this site"
        case .full(let limit): "the alliance already knows \(limit) sites"
        case .unknown(let site): "\(site) is not known here"
        case .notInvited(let site): "\(site) has not invited this site"
        case .awaitingThem(let site): "this site has invited \(site), which has not accepted yet"
        case .alreadyMember(let site): "\(site) is a member already"
        }
    }

    /// What to do about it.
    package var next: String {
        switch self {
        case .ownSite: "name another site"
        case .full: "take back an invitation that nobody has answered: site leave SITE"
        case .unknown(let site), .notInvited(let site): "invite it: site invite \(site)"
        case .awaitingThem(let site):
            "an admin of \(site) types: site accept, with the address of this site"
        case .alreadyMember: "nothing is left to do"
        }
    }
}
