import DequeModule
package import XMPP

/// What waits for the local service, in a queue for each sender, so that nobody waits behind somebody else.
package struct SenderQueues: Sendable {
    package enum OnOffer: Hashable, Sendable {
        case queued
        /// Queued, and nobody is working on this sender's queue: somebody must begin.
        case begin
        /// The sender has too much waiting, or too many senders do: `resource-constraint`.
        case refused
    }

    /// Stanzas that wait from one sender, by bare JID.
    package let stanzasPerSender: Int
    /// Senders who have something waiting or being handled.
    package let senders: Int
    private var queues: [JID: Deque<Stanza>] = [:]

    package init(stanzasPerSender: Int = 100, senders: Int = 1_000) {
        self.stanzasPerSender = stanzasPerSender
        self.senders = senders
    }

    package mutating func offer(_ stanza: Stanza, from sender: JID) -> OnOffer {
        guard let queue = self.queues[sender] else {
            guard self.queues.count < self.senders else { return .refused }
            self.queues[sender] = [stanza]
            return .begin
        }
        guard queue.count < self.stanzasPerSender else { return .refused }
        self.queues[sender]?.append(stanza)
        return .queued
    }

    /// The sender's next stanza; nil if there is none, and then its queue is closed until the next `begin`.
    package mutating func next(from sender: JID) -> Stanza? {
        if let stanza = self.queues[sender]?.popFirst() { return stanza }
        self.queues[sender] = nil
        return nil
    }
}
