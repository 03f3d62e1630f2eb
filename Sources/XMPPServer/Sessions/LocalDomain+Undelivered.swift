import XMPP

/// What becomes of stanzas whose session is over before the client acknowledged them (XEP-0198 §4): the same as of
/// stanzas for a resource that is not there (RFC 6121 §8.5.3.2).
extension LocalDomain {
    mutating func handOn(_ undelivered: UndeliveredStanza) -> DomainStep {
        // Another client has it, or will hand it on in its turn.
        guard !undelivered.recipients.contains(where: { self.sessions[$0] != nil }),
            let to = undelivered.stanza.to, to.domain == self.address.domain
        else { return .done([]) }
        switch undelivered.stanza {
        case .presence: return .done([])
        case .iq:
            // A client that has taken the resource meanwhile was not asked.
            return .done(self.refuse(undelivered.stanza, StanzaError(.serviceUnavailable)))
        case .message(let message):
            guard !message.isOurs(for: to) else { return .done([]) }
            let late = message.delayed(by: self.address, since: undelivered.sentAt)
            let delayed = Stanza.message(late)
            switch DeliveryRules.decide(DeliveryRules.Kind(delayed), for: self.addressee(to)) {
            case .deliver(let sessions): return .done([.deliver(delayed, sessions)])
            case .drop, .answerForAccount: return .done([])
            case .refuse(let condition): return .done(self.refuse(delayed, StanzaError(condition)))
            case .store: return self.store(late, account: to.bare, filed: [])
            }
        }
    }
}

extension Message {
    /// Whether the server wrote the message itself in the account's name: a copy, or an answer from the archive.
    fileprivate func isOurs(for to: JID) -> Bool {
        self.from == to.bare && !to.isBare
    }
}
