import CloudModel
import XML
import XMPP

/// The places where features see stanzas go by.
///
/// Each feature has one line in each place that concerns it. Most stanzas concern none, so a line costs no more than a
/// test while its feature is not in use.
extension LocalDomain {
    /// Every stanza that a client sends passes here first, stamped with its `from`.
    ///
    /// What is returned ends the stanza's way; nil lets it go on.
    mutating func inspect(_ stanza: inout Stanza, from session: ClientSession) -> [DomainDirective]? {
        self.removeForgedIDs(from: &stanza)
        if let directives = self.takeCapabilities(stanza, at: self.latest) { return directives }
        return nil
    }

    /// Every stanza for an account passes here first, wherever it comes from.
    ///
    /// What is returned ends the stanza's way; nil lets it go on.
    mutating func inspect(_ stanza: inout Stanza, for account: JID) -> [DomainDirective]? {
        self.removeForgedIDs(from: &stanza)
        if let directives = self.takeCapabilities(stanza, at: self.latest) { return directives }
        return nil
    }

    /// Every message that a client sends passes here when nothing speaks against it; then it is on its way to its `to`.
    mutating func send(_ message: Message, from session: ClientSession, at now: Instant) -> DomainStep {
        let filed = self.fileSent(message, by: session.address.bare, at: now)
        return .done(filed + [self.forward(.message(message))])
    }

    /// Every message for an account passes here, with what the rules of delivery make of it.
    mutating func receive(
        _ message: Message, for to: JID, _ decision: DeliveryRules.Decision, at now: Instant
    ) -> DomainStep {
        var message = message
        let filed = self.fileReceived(&message, for: to.bare, decision, at: now)
        switch decision {
        case .deliver(let sessions): return .done(filed + [.deliver(.message(message), sessions)])
        case .drop, .answerForAccount: return .done([])
        case .refuse(let condition):
            return .done(self.refuse(.message(message), StanzaError(condition)))
        case .store: return self.store(message, account: to.bare, filed: filed)
        }
    }

    /// Takes out ids that claim to be from this domain or its accounts: only we write those (XEP-0359 §5).
    private func removeForgedIDs(from stanza: inout Stanza) {
        guard case .message(var message) = stanza,
            message.payloads.contains(where: { $0.matches("stanza-id", Namespace.stanzaIDs) })
        else { return }
        message.payloads.removeAll { element in
            guard element.matches("stanza-id", Namespace.stanzaIDs) else { return false }
            do {
                let author = try JID(element[attribute: "by"] ?? "")
                return author.domain == self.address.domain
            } catch {
                // Nobody can have written it who speaks for an address.
                return true
            }
        }
        stanza = .message(message)
    }
}
