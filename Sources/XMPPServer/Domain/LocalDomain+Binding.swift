package import XMPP

extension LocalDomain {
    /// Binds a resource for an account (RFC 6120 §7); what ends the session that had it, if any.
    package mutating func bind(
        account: JID, resource: String
    ) throws(StanzaError) -> (session: ClientSession, directives: [DomainDirective]) {
        guard self.hasAccount(account) else {
            throw StanzaError(.notAllowed, text: "the account \(account) is gone")
        }
        guard !self.disabled.contains(account) else {
            throw StanzaError(.notAllowed, text: "the account \(account) is disabled")
        }
        let previous = self.sessions.session(at: account.appending(resource: resource))
        switch self.sessions.bind(account: account, resource: resource) {
        case .refused:
            throw StanzaError(
                .resourceConstraint,
                text: "\(account) already has \(self.sessions.sessionsPerAccount) sessions; close one")
        case .bound(let session, let displaced):
            guard let displaced else { return (session, []) }
            // Those who saw the old session see it end: the new one has not said yet that it is there.
            let farewell = previous.map { self.sayUnavailable($0, with: nil) } ?? []
            // What it sent and what waits for the disk still counts.
            self.carbons.disable(displaced)
            self.blocking.forget(displaced)
            self.sessions.displace(displaced)
            let conflict = StreamError(.conflict, text: "the resource was taken by another client")
            return (session, farewell + [.close(displaced, conflict)])
        }
    }

    /// Forgets a session, however it came to its end.
    mutating func end(_ id: SessionID) -> [DomainDirective] {
        guard let session = self.forget(id), !session.isDisplaced else { return [] }
        return self.sayUnavailable(session, with: nil)
    }

    /// Takes a session, and what features know of it, out of memory; what it was, or nil if it was not known.
    private mutating func forget(_ id: SessionID) -> ClientSession? {
        self.carbons.disable(id)
        self.blocking.forget(id)
        return self.sessions.remove(id)
    }

    /// Whether what a client sent before another took its resource still counts: all but its presence, which is the
    /// other's to say now.
    func mayFinish(_ stanza: Stanza, _ session: ClientSession) -> Bool {
        if case .presence = stanza { return false }
        return self.hasAccount(session.address.bare)
    }
}
