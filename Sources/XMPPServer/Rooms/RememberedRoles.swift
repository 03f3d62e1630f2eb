package import XMPP

/// Who had or lacked voice against the rule of the room when he left (XEP-0045 §5.1).
///
/// So that voice once granted is not asked for again, and voice once taken is not regained by going out and in.
package struct RememberedRoles: Hashable, Sendable {
    package let limit: Int
    private var roles: [JID: RoomRole] = [:]
    /// The people in the order they left.
    private var order: [JID] = []

    /// The oldest is forgotten when more than `limit` people are remembered.
    package init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { self.order.count }

    /// Remembers or, if it is the usual one, forgets the role of somebody (a bare JID).
    package mutating func remember(_ role: RoomRole, of user: JID, usual: RoomRole) {
        self.forget(user)
        guard role != usual, role == .visitor || role == .participant else { return }
        self.roles[user] = role
        self.order.append(user)
        if self.order.count > self.limit { self.roles[self.order.removeFirst()] = nil }
    }

    package mutating func forget(_ user: JID) {
        guard self.roles.removeValue(forKey: user) != nil else { return }
        self.order.removeAll { $0 == user }
    }

    package subscript(user: JID) -> RoomRole? { self.roles[user] }
}
