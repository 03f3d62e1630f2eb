import CloudModel

/// What a replica is moved for.
enum MoveCause {
    /// Its owner asks for it: it is left where it is for a while, but takes nothing from the budget of balancing.
    case owner
    /// These users; from now on the replica is for them.
    case users(Audience)
    /// A better place, if fewer replicas than so many were on the move within the hour.
    case balance(limit: Int)

    /// Whom the replica is for from now on; nil for whom it was.
    var audience: Audience? {
        switch self {
        case .users(let audience): audience
        case .owner, .balance: nil
        }
    }
}
