package import XMPP

/// What administrators do to clients (XEP-0133 §4.5, §4.23, §4.24).
extension LocalDomain {
    /// Ends the sessions of an account, or the one of a full address, and tells those who saw them.
    package mutating func disconnect(
        _ address: JID, _ error: StreamError
    ) -> (count: Int, directives: [DomainDirective]) {
        let sessions =
            address.isBare
            ? self.sessions.sessions(of: address) : self.sessions.session(at: address).map { [$0] } ?? []
        let directives = sessions.flatMap { session in
            self.end(session.id) + [.close(session.id, error)]
        }
        return (sessions.count, directives)
    }

    /// Lets nobody bind a resource of an account and ends its sessions, or lets people in again.
    package mutating func setDisabled(_ account: JID, _ isDisabled: Bool) -> [DomainDirective] {
        guard isDisabled else {
            self.disabled.remove(account)
            return []
        }
        self.disabled.insert(account)
        let error = StreamError(.notAuthorized, text: "the account is disabled")
        return self.disconnect(account, error).directives
    }

    /// A message of the domain's to every client that is connected, by address.
    package func announcement(_ text: String) -> [DomainDirective] {
        self.accounts.flatMap(self.sessions.sessions(of:)).map { session in
            .deliver(.message(self.notice(text, to: session)), [session.id])
        }
    }

    /// What a client gets that comes online, if there is a message of the day.
    func greeting(for session: ClientSession) -> [DomainDirective] {
        guard let text = self.messageOfTheDay else { return [] }
        return [.deliver(.message(self.notice(text, to: session)), [session.id])]
    }

    /// Nobody is to answer it, and it is not kept.
    private func notice(_ text: String, to session: ClientSession) -> Message {
        Message(to: session.address, from: self.address, kind: .headline, body: text)
    }
}
