package import CloudModel
import XML
package import XMPP

extension LocalDomain {
    /// A message that nobody is there to read: kept, or refused if too many already are.
    ///
    /// - Parameter filed: what puts it into the archive, once it is kept.
    func store(_ message: Message, account: JID, filed: [DomainDirective]) -> DomainStep {
        guard message.isWorthKeeping else { return .done([]) }
        guard self.keptMessages[account, default: 0] < self.keptPerAccount else {
            return .done(self.refuseToKeep(message))
        }
        return .durable(.keep(message, account: account, filed: filed))
    }

    /// The message is on disk, or there was no room for it.
    package mutating func kept(
        _ message: Message, account: JID, wasKept: Bool, filed: [DomainDirective] = []
    ) -> [DomainDirective] {
        guard wasKept else { return self.refuseToKeep(message) }
        self.keptMessages[account, default: 0] += 1
        return filed + self.copies(of: message, receivedBy: account, on: [])
    }

    /// The kept messages have been read: the session becomes available and gets them.
    ///
    /// They go off the disk when that is done, and not before.
    ///
    /// - Parameter left: how many there are beside these.
    /// - Returns: nil if the session has ended meanwhile: the messages stay where they are.
    package mutating func took(
        _ messages: [(receivedAt: Instant, message: Message)], left: Int = 0, for id: SessionID,
        presence: Presence
    ) -> [DomainDirective]? {
        guard let session = self.sessions[id] else { return nil }
        self.keptMessages[session.address.bare] = left > 0 ? left : nil
        let stamped = messages.map { entry in
            Stanza.message(entry.message.delayed(by: self.address, since: entry.receivedAt))
        }
        return self.becomeAvailable(session, presence) + stamped.map { .deliver($0, [id]) }
    }

    private func refuseToKeep(_ message: Message) -> [DomainDirective] {
        self.refuse(
            .message(message),
            StanzaError(.serviceUnavailable, text: "nobody is there and no more messages are kept"))
    }
}

extension Message {
    /// Whether anybody would miss the message later (XEP-0160 §3): typing notices are not kept, unless the sender asks for
    /// it, nor is what the sender does not want kept (XEP-0334).
    var isWorthKeeping: Bool {
        if self.has(.noStore) { return false }
        if self.has(.store), self.kind == .chat || self.kind == .normal { return true }
        switch self.kind {
        case .chat: return self.body != nil
        case .normal: return !self.payloads.isEmpty
        case .groupchat, .headline, .error: return false
        }
    }

    /// The message with the moment it arrived (XEP-0203), unless it says so already.
    func delayed(by domain: JID, since instant: Instant) -> Message {
        guard !self.payloads.contains(where: { $0.matches("delay", Namespace.delay) }) else { return self }
        var message = self
        message.payloads.append(Delay(time: DateTime(instant), from: domain).element)
        return message
    }
}
