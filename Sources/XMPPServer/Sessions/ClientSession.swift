package import XMPP

/// A client that has bound a resource: what routing must know of it.
package struct ClientSession: Hashable, Sendable {
    package let id: SessionID
    /// The full JID.
    package let address: JID
    /// The last presence sent without `to`; nil before the first and after `unavailable`.
    package internal(set) var presence: Presence?
    /// From -128 to 127; matters only while available.
    package internal(set) var priority: Int8
    /// Whether the client has asked for the roster and gets pushes (RFC 6121 §2.1.6).
    package internal(set) var isInterested: Bool
    /// Those who got presence directed at them and must hear of the end of the session (RFC 6121 §4.6).
    package internal(set) var directed: Set<JID>

    /// Whether another client has its resource: what it sent before it knew still goes out, and it gets nothing more.
    package internal(set) var isDisplaced = false

    package init(id: SessionID, address: JID) {
        self.id = id
        self.address = address
        self.presence = nil
        self.priority = 0
        self.isInterested = false
        self.directed = []
    }

    package var isAvailable: Bool { self.presence != nil }
}
