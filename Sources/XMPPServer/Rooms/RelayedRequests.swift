package import XMPP

/// Requests from occupant to occupant that wait for their answer (XEP-0045 §17.4).
///
/// Each goes on under an id of the room's, for the answer says only to which occupant it is, not to which of his
/// clients, and neither side may learn the other's address.
package struct RelayedRequests: Hashable, Sendable {
    package struct Request: Hashable, Sendable {
        /// The full JID of the client that asked.
        package let asker: JID
        /// Its own id of the request.
        package let askerID: String
        /// The occupant that was asked.
        package let asked: JID
        /// Where the request went.
        package let recipient: JID
        let id: String
    }

    package let limit: Int
    package private(set) var waiting: [Request] = []
    private var nextNumber: UInt64 = 1

    package init(limit: Int) {
        self.limit = limit
    }

    /// Remembers a request and says under which id it goes on; the oldest is forgotten when there are too many.
    package mutating func add(_ iq: IQ, asker: JID, asked: JID, recipient: JID) -> String {
        let id = "relay-\(self.nextNumber)"
        self.nextNumber += 1
        self.waiting.append(
            Request(asker: asker, askerID: iq.id, asked: asked, recipient: recipient, id: id))
        if self.waiting.count > self.limit { self.waiting.removeFirst() }
        return id
    }

    /// The request that an answer of `sender` with this id belongs to; it waits no more.
    package mutating func take(_ id: String, from sender: JID) -> Request? {
        guard let index = self.waiting.firstIndex(where: { $0.id == id && $0.recipient == sender }) else {
            return nil
        }
        return self.waiting.remove(at: index)
    }

    /// The requests that a client will not answer any more.
    package mutating func take(askedOf recipient: JID) -> [Request] {
        let gone = self.waiting.filter { $0.recipient == recipient }
        if !gone.isEmpty { self.waiting.removeAll { $0.recipient == recipient } }
        return gone
    }
}
