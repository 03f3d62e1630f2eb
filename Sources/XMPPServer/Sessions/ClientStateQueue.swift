import XML
import XMPP

/// What waits for a client that said nobody looks at it (XEP-0352): presence and typing notices, nothing else.
///
/// Of each sender only the newest counts. Whatever matters to somebody who does not look takes everything along that
/// waits, so that order is kept.
package struct ClientStateQueue: Sendable {
    /// Stanzas that wait at most; one more lets all go.
    package let limit: Int
    /// About how many bytes they may have together; more lets all go.
    ///
    /// Anybody may send presence to somebody who is there, and as much of it as a stanza holds.
    package let bytes: Int
    /// Whether the client said that nobody looks at it.
    package private(set) var isInactive = false
    private var waiting: [Key: (order: UInt64, stanza: UndeliveredStanza, weight: Int)] = [:]
    /// The weight of all that waits.
    private var weight = 0
    private var nextOrder: UInt64 = 0

    private struct Key: Hashable {
        let sender: JID?
        let isPresence: Bool
    }

    package init(limit: Int = 256, bytes: Int = 262_144) {
        self.limit = limit
        self.bytes = bytes
    }

    package var count: Int { self.waiting.count }

    package mutating func deactivate() { self.isInactive = true }

    /// Somebody looks again; what waited is to be sent, oldest first.
    package mutating func activate() -> [UndeliveredStanza] {
        self.isInactive = false
        return self.flush()
    }

    /// A stanza is for the client; what is to be sent now, in order.
    package mutating func offer(_ stanza: UndeliveredStanza) -> [UndeliveredStanza] {
        guard self.isInactive else { return [stanza] }
        guard let key = Self.key(of: stanza.stanza) else { return self.flush() + [stanza] }
        let weight = stanza.stanza.weight
        guard weight <= self.bytes else { return self.flush() + [stanza] }
        if let replaced = self.waiting.removeValue(forKey: key) { self.weight -= replaced.weight }
        let isFull = self.waiting.count >= self.limit || self.weight + weight > self.bytes
        let flushed = isFull ? self.flush() : []
        self.waiting[key] = (self.nextOrder, stanza, weight)
        self.weight += weight
        self.nextOrder += 1
        return flushed
    }

    private mutating func flush() -> [UndeliveredStanza] {
        defer { (self.waiting, self.weight) = ([:], 0) }
        return self.waiting.values.sorted { $0.order < $1.order }.map(\.stanza)
    }

    /// What a stanza replaces if it waits; nil if it must not wait.
    private static func key(of stanza: Stanza) -> Key? {
        switch stanza {
        case .iq: nil
        case .presence(let presence):
            presence.isNews ? Key(sender: presence.from, isPresence: true) : nil
        case .message(let message):
            message.isTypingNotice ? Key(sender: message.from, isPresence: false) : nil
        }
    }
}

extension Presence {
    /// Whether it says no more than how somebody is: neither a request, nor an error, nor what a room tells of oneself.
    fileprivate var isNews: Bool {
        switch self.kind {
        case .available, .unavailable:
            !self.payloads.contains { payload in
                payload.matches("x", "http://jabber.org/protocol/muc#user") && payload.child("status") != nil
            }
        case .error, .probe, .subscribe, .subscribed, .unsubscribe, .unsubscribed: false
        }
    }
}

extension Message {
    /// Whether it holds a chat state (XEP-0085) and nothing that anybody would read.
    fileprivate var isTypingNotice: Bool {
        let states = "http://jabber.org/protocol/chatstates"
        let besides: Set<String> = [states, "urn:xmpp:hints", "urn:xmpp:sid:0"]
        guard self.kind != .error, self.payloads.contains(where: { $0.namespace == states }) else {
            return false
        }
        return self.payloads.allSatisfy {
            besides.contains($0.namespace) || $0.matches("thread", Namespace.client)
        }
    }
}
