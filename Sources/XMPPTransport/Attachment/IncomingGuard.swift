import XML
import XMPP

/// Decides what becomes of a stanza that arrived over an attached stream, before anybody acts on it.
///
/// The server has checked who sent it. What it cannot know is what this process asked for: a client library that takes
/// a forwarded message, a roster push or an archive from anybody believes whatever a stranger wraps into one
/// (CVE-2017-5589 and its kin, CVE-2015-8688). Nothing of that kind is ever asked for here, so none of it is believed.
struct IncomingGuard: Hashable, Sendable {
    enum Verdict: Hashable, Sendable {
        /// For the role.
        case deliver(Stanza)
        /// The answer to a request, with who gave it.
        case answer(IQ)
        /// From our own address: a mark, if the id is right.
        case own(id: String)
        /// Answered here, without the role.
        case reply(Stanza)
        /// Passed over; the reason is for the log.
        case drop(String)
    }

    /// Who we are: a domain as a component, a bare address as a client.
    let address: JID
    /// The resource of a client.
    var resource: String?

    func judge(_ stanza: Stanza) -> Verdict {
        var stanza = stanza
        // What a server sends a client without a sender comes from the client's own account (RFC 6120 §8.1.2.1).
        let sender = stanza.from ?? self.address
        if self.address.local == nil, stanza.from == nil { return .drop("a stanza without a sender") }
        stanza.from = sender
        if case .iq(let iq) = stanza, sender.bare == self.address { return self.judge(own: iq) }
        if let to = stanza.to, to.bare != self.address { return self.judge(misdirected: stanza) }
        switch stanza {
        case .iq(let iq):
            if iq.request == nil { return .answer(iq) }
            if RosterQuery.matches(iq.request ?? Element("", namespace: "")) {
                return Self.refusal(of: stanza, .serviceUnavailable) ?? .drop("a roster push of a stranger")
            }
            return .deliver(stanza)
        case .message(let message):
            if message.holdsWhatIsSentOnRequest {
                return .drop("a copy, an archive or an event that nobody asked for")
            }
            return sender.bare == self.address ? .drop("a message of our own account") : .deliver(stanza)
        case .presence(let presence):
            return self.judge(presence, from: sender)
        }
    }

    /// From our own account or domain: marks, answers of the server, roster pushes.
    private func judge(own iq: IQ) -> Verdict {
        if iq.id.hasPrefix(AttachmentCore.markPrefix) { return .own(id: iq.id) }
        guard let request = iq.request else { return .answer(iq) }
        // The roster is the server's affair; the push is only acknowledged (RFC 6121 §2.1.6).
        if RosterQuery.matches(request), iq.from == self.address {
            return .reply(.iq(iq.reply(.result(nil))))
        }
        // A process that is agent and coordinator asks itself; other clients of the account are not this process.
        guard self.address.local == nil || iq.from?.resource == self.resource else {
            return Self.refusal(of: .iq(iq), .notAllowed)
                ?? .drop("a request of another client of our account")
        }
        return .deliver(.iq(iq))
    }

    /// To an address of a component's domain at which there is nobody.
    private func judge(misdirected stanza: Stanza) -> Verdict {
        switch stanza {
        case .iq(let iq) where iq.request == nil: .drop("an answer to somebody else")
        case .iq, .message:
            Self.refusal(of: stanza, .itemNotFound) ?? .drop("an error to somebody else")
        case .presence: .drop("presence for somebody else")
        }
    }

    private func judge(_ presence: Presence, from sender: JID) -> Verdict {
        guard sender.bare != self.address else { return .drop("our own presence") }
        switch presence.kind {
        case .subscribe:
            guard self.maySeeUs(sender) else { return .drop("a subscription request of a stranger") }
            return .reply(.presence(Presence(to: sender.bare, from: self.address, kind: .subscribed)))
        case .probe:
            guard self.maySeeUs(sender) else { return .drop("a probe of a stranger") }
            return .reply(.presence(Presence(to: sender, from: self.address)))
        case .unsubscribe:
            return .reply(.presence(Presence(to: sender.bare, from: self.address, kind: .unsubscribed)))
        case .available, .unavailable, .subscribed, .unsubscribed, .error:
            return .deliver(.presence(presence))
        }
    }

    /// The people of our own server; a component's is the one its domain lies in.
    private func maySeeUs(_ sender: JID) -> Bool {
        sender.domain == self.address.domain || self.address.domain.hasSuffix("." + sender.domain)
    }

    private static func refusal(of stanza: Stanza, _ condition: StanzaError.Condition) -> Verdict? {
        stanza.errorReply(StanzaError(condition)).map(Verdict.reply)
    }
}
