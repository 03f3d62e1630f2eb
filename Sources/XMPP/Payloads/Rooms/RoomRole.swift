/// What somebody may do during one visit to a room (XEP-0045 §5.1).
///
/// Ordered by privilege.
package enum RoomRole: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Not in the room.
    case absent = "none"
    case visitor
    case participant
    case moderator

    private var rank: Int {
        switch self {
        case .absent: 0
        case .visitor: 1
        case .participant: 2
        case .moderator: 3
        }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rank < rhs.rank }
}
