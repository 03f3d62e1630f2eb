import XML
import XMPP

extension DomainFeature {
    /// Copies for an account's other clients (XEP-0280).
    static var carbons: Self {
        var feature = Self("carbons")
        feature.domainFeatures = [Namespace.carbons]
        feature.accountQueries = [
            .set(EnableCarbons.self): AccountQuery(for: .owner) { $0.switchCarbons($1, on: true) },
            .set(DisableCarbons.self): AccountQuery(for: .owner) { $0.switchCarbons($1, on: false) },
        ]
        return feature
    }
}

extension LocalDomain {
    fileprivate mutating func switchCarbons(_ request: AccountRequest, on isOn: Bool) -> DomainStep {
        guard let session = request.session else {
            return self.answer(request, .error(StanzaError(.notAllowed)))
        }
        if isOn { self.carbons.enable(session.id) } else { self.carbons.disable(session.id) }
        return self.answer(request, .result(nil))
    }

    /// Copies of a message that one client sent, for the account's others.
    func copies(of message: Message, sentBy session: ClientSession) -> [DomainDirective] {
        guard !self.carbons.enabled.isEmpty else { return [] }
        let account = session.address.bare
        // What one sends to oneself, one's other clients get as received.
        guard message.to?.bare != account, Carbons.copies(message, .sent) else { return [] }
        let carbon = SentCarbon(Forwarded(message)).element
        return self.deliverCopies(carbon, of: message, account: account, except: [session.id])
    }

    /// Copies of a message for an account, for those of its clients that did not get it.
    func copies(
        of message: Message, receivedBy account: JID, on sessions: [SessionID]
    ) -> [DomainDirective] {
        guard !self.carbons.enabled.isEmpty, Carbons.copies(message, .received) else { return [] }
        var except = sessions
        if let sender = message.from, let own = self.sessions.session(at: sender) { except.append(own.id) }
        let carbon = ReceivedCarbon(Forwarded(message)).element
        return self.deliverCopies(carbon, of: message, account: account, except: except)
    }

    private func deliverCopies(
        _ carbon: Element, of message: Message, account: JID, except: [SessionID]
    ) -> [DomainDirective] {
        self.sessions.sessions(of: account).compactMap { session in
            guard self.carbons.enabled.contains(session.id), !except.contains(session.id) else { return nil }
            let copy = Message(
                to: session.address, from: account, kind: message.kind, payloads: [carbon])
            return .deliver(.message(copy), [session.id])
        }
    }
}
