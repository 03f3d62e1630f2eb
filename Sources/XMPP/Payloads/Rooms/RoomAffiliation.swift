/// What somebody is to a room for good, whether there or not (XEP-0045 §5.2).
///
/// Ordered by privilege: an outcast is less than nobody.
package enum RoomAffiliation: String, Hashable, Sendable, CaseIterable, Comparable {
    case outcast
    case unaffiliated = "none"
    case member
    case admin
    case owner

    private var rank: Int {
        switch self {
        case .outcast: 0
        case .unaffiliated: 1
        case .member: 2
        case .admin: 3
        case .owner: 4
        }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }
}
