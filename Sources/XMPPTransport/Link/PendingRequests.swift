package import XMPP

/// Requests that wait for their one answer (RFC 6120 §8.2.3).
///
/// An answer counts only if it has the request's `id` and comes from whom the request went to: anybody can guess an id.
package struct PendingRequests<Waiter> {
    package enum OnAdd {
        case added
        /// So many requests are waiting that no more may.
        case full
        /// A request with that id to that address is waiting already.
        case duplicate
    }

    private struct Key: Hashable {
        let id: String
        let peer: JID
    }

    /// Requests that may wait at a time.
    package let limit: Int
    private var waiters: [Key: Waiter] = [:]

    package init(limit: Int = 1_000) {
        self.limit = limit
    }

    package var count: Int { self.waiters.count }

    package mutating func add(_ waiter: Waiter, id: String, to peer: JID) -> OnAdd {
        let key = Key(id: id, peer: peer)
        guard self.waiters[key] == nil else { return .duplicate }
        guard self.waiters.count < self.limit else { return .full }
        self.waiters[key] = waiter
        return .added
    }

    /// Whoever waits for an answer with this id from this address; it waits no more.
    package mutating func take(id: String, from peer: JID) -> Waiter? {
        self.waiters.removeValue(forKey: Key(id: id, peer: peer))
    }
}
