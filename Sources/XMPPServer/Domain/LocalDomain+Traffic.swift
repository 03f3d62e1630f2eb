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
        self.removeForgeries(from: &stanza)
        if let refusal = self.refuseIfBlocked(stanza, from: session) { return refusal }
        return self.takeCapabilities(stanza, at: self.latest)
    }

    /// Every stanza for an account passes here first, wherever it comes from.
    ///
    /// What is returned ends the stanza's way; nil lets it go on.
    mutating func inspect(_ stanza: inout Stanza, for account: JID) -> [DomainDirective]? {
        self.removeForgeries(from: &stanza)
        if let refusal = self.refuseIfBlocked(stanza, for: account) { return refusal }
        return self.takeCapabilities(stanza, at: self.latest)
    }

    /// Every message that a client sends passes here when nothing speaks against it; then it is on its way to its `to`.
    mutating func send(_ message: Message, from session: ClientSession, at now: Instant) -> DomainStep {
        let entry = self.fileSent(message, by: session.address.bare, at: now)
        // The account's other clients know the message by its id in the archive they share (XEP-0313 §5.1.1).
        var copied = message
        if let entry { copied.payloads.append(entry.stanzaID.element) }
        return .done(
            (entry.map { [.archive($0)] } ?? []) + [self.forward(.message(message))]
                + self.copies(of: copied, sentBy: session))
    }

    /// Every message for an account passes here, with what the rules of delivery make of it.
    mutating func receive(
        _ message: Message, for to: JID, _ decision: DeliveryRules.Decision, at now: Instant
    ) -> DomainStep {
        var message = message
        let filed = self.fileReceived(&message, for: to.bare, decision, at: now)
        switch decision {
        case .deliver(let sessions):
            let copies = self.copies(of: message, receivedBy: to.bare, on: sessions)
            return .done(filed + [.deliver(.message(message), sessions)] + copies)
        case .drop, .answerForAccount: return .done([])
        case .refuse(let condition):
            return .done(self.refuse(.message(message), StanzaError(condition)))
        case .store: return self.store(message, account: to.bare, filed: filed)
        }
    }

    /// Takes out of a message what only this server writes: ids in the name of this domain or its accounts (XEP-0359 §5),
    /// and copies of messages (XEP-0280 §11), which never come in by themselves.
    private func removeForgeries(from stanza: inout Stanza) {
        guard case .message(var message) = stanza, message.payloads.contains(where: self.isForgery) else {
            return
        }
        message.payloads.removeAll(where: self.isForgery)
        stanza = .message(message)
    }

    private func isForgery(_ element: Element) -> Bool {
        switch element.name {
        case "stanza-id":
            guard element.namespace == Namespace.stanzaIDs else { return false }
            do {
                return try JID(element[attribute: "by"] ?? "").domain == self.address.domain
            } catch {
                // Nobody can have written it who speaks for an address.
                return true
            }
        case "received", "sent": return element.namespace == Namespace.carbons
        case _: return false
        }
    }
}
