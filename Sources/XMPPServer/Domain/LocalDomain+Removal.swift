package import XMPP

/// The end of an account: whoever gets the name next inherits nothing.
extension LocalDomain {
    static let leavingError = StanzaError(
        .notAllowed, kind: .cancel, text: "the account is being deleted")

    /// From now on nothing is done for the account, as if it were gone, until it is removed or resumed.
    package mutating func suspend(account: JID) { self.leaving.insert(account) }

    /// The account could not be deleted: all is as before.
    package mutating func resume(account: JID) { self.leaving.remove(account) }

    /// Forgets an account that is gone from the disk, with all that was granted to its address; its clients are closed.
    ///
    /// Contacts here lose it from their rosters, those elsewhere are told that both subscriptions are over (RFC 6121
    /// §3.2, §3.3). What it was to rooms and to nodes is forgotten as the disk has forgotten it.
    package mutating func remove(account: JID) -> [DomainDirective] {
        let sessions = self.sessions.sessions(of: account)
        var directives: [DomainDirective] = []
        for session in sessions {
            directives += self.end(session.id)
            directives.append(
                .close(session.id, StreamError(.notAuthorized, text: "the account is gone")))
        }
        let contacts = self.rosters[account]?.contacts ?? []
        self.rosters[account] = nil
        self.leaving.remove(account)
        self.keptMessages[account] = nil
        self.archive?.set(nil, of: account)
        self.blocking[account] = BlockList()
        self.documents.forget(account)
        self.lastSeen[account] = nil
        self.disabled.remove(account)
        self.passwordChanges[account] = nil
        directives += self.farewells(of: account, to: contacts) + self.leaveRosters(account)
        directives += (self.rooms?.forget(account) ?? []).map(self.forward)
        let (feeds, notices) = self.pubSub.forget(account)
        return directives
            + notices.flatMap { notice in
                feeds.map { self.tell(notice, at: $0, now: self.latest) } ?? []
            }
    }

    /// What contacts elsewhere hear.
    private func farewells(of account: JID, to contacts: [RosterItem]) -> [DomainDirective] {
        contacts.filter { $0.contact.domain != self.address.domain }.flatMap { item in
            item.farewells.map { farewell in
                self.forward(
                    .presence(Presence(to: item.contact, from: account, kind: farewell.presenceKind)))
            }
        }
    }

    /// Takes the account out of the rosters of this domain; their owners' clients are told.
    private mutating func leaveRosters(_ account: JID) -> [DomainDirective] {
        var directives: [DomainDirective] = []
        for owner in self.rosters.keys.sorted() {
            guard let item = self.rosters[owner]?[account],
                let change = self.rosters[owner]?.forget(account)
            else { continue }
            if change.isVisible { directives += self.pushes(of: change, to: owner) }
            if owner == self.address, item.subscription.incoming != .none {
                directives.append(
                    .serve(.presence(Presence(to: owner, from: account, kind: .unsubscribe))))
            }
        }
        return directives
    }
}
