import CloudModel
import XML
import XMPP

/// What a room remembers for good changes here, and only here.
extension Room {
    /// What has to be on disk before the effect counts; nil for a room that does not outlive its occupants.
    func write(for effect: RoomEffect) -> RoomWrite? {
        let name = self.address.local ?? ""
        switch effect {
        case .configure(_, let configuration, let changes):
            guard configuration.isPersistent else { return self.isTemporary ? nil : .delete(room: name) }
            return .save(
                self.snapshot(
                    configuration: configuration, affiliations: self.affiliations.applying(changes)))
        case .administer(_, _, let changes, _), .invite(_, let changes):
            return self.isTemporary || changes.isEmpty ? nil : self.write(changes)
        case .register(_, let change): return self.isTemporary ? nil : self.write([change])
        case .setSubject(_, let subject, _):
            return self.isTemporary ? nil : .subject(room: name, subject)
        case .destroy: return self.isTemporary ? nil : .delete(room: name)
        }
    }

    private func write(_ changes: [RoomAffiliations.Change]) -> RoomWrite {
        let after = self.affiliations.applying(changes)
        var entries: [JID: RoomAffiliations.Entry?] = [:]
        for change in changes { entries.updateValue(after.entries[change.address], forKey: change.address) }
        return .affiliations(room: self.address.local ?? "", entries)
    }

    /// Puts a decision in place, as the room is by now, and says what follows.
    mutating func apply(_ effect: RoomEffect, at now: Instant) -> [Stanza] {
        switch effect {
        case .configure(let iq, let configuration, let changes):
            return [.iq(iq.reply(.result(nil)))] + self.configure(configuration, changes)
        case .administer(let iq, let actor, let affiliations, let roles):
            return self.administer(iq, actor, affiliations, roles)
        case .setSubject(let message, let subject, _):
            self.subject = subject
            return self.reflect(message)
        case .invite(let invited, let changes):
            self.affiliate(changes)
            for invitation in invited { self.remember(invitation) }
            return invited.map { .message($0.message) }
        case .register(let iq, let change):
            self.affiliate([change])
            return [.iq(iq.reply(.result(nil)))]
        case .destroy(let iq, let destruction):
            self.isDestroyed = true
            // §10.1.3 and §10.9: first those who are removed, then who asked for it.
            return self.empty([], destruction: destruction) + [.iq(iq.reply(.result(nil)))]
        }
    }

    /// What is said when a decision could not be written: nothing has changed.
    func refusal(of effect: RoomEffect) -> [Stanza] {
        let error = StanzaError(
            .internalServerError, kind: .wait,
            text: "the change could not be written to disk; nothing changed")
        switch effect {
        case .configure(let iq, _, _), .administer(let iq, _, _, _), .register(let iq, _),
            .destroy(let iq, _):
            return [.iq(iq.reply(.error(error)))]
        case .setSubject(let message, _, let from):
            return [self.refusal(to: from, id: message.id, error)]
        case .invite(let invited, _):
            return invited.prefix(1).map { self.refusal(to: $0.inviter, id: $0.message.id, error) }
        }
    }

    private func refusal(to address: JID, id: String?, _ error: StanzaError) -> Stanza {
        .message(
            Message(to: address, from: self.address, id: id, kind: .error, payloads: [error.element]))
    }

    // MARK: People

    /// Forgets somebody (a bare JID) whose account is gone.
    ///
    /// Without an owner the room is its admins', and if it has none either, it ends.
    mutating func forgetAccount(_ user: JID) -> [Stanza] {
        self.lastRoles.forget(user)
        self.invitations.removeAll { $0.invited == user || $0.inviter.bare == user }
        guard self.affiliations.entries[user] != nil else { return [] }
        var changes = [RoomAffiliations.Change(address: user, affiliation: .unaffiliated)]
        if self.affiliations.addresses(.owner) == [user] {
            let heirs = self.affiliations.addresses(.admin)
            guard !heirs.isEmpty else {
                self.isDestroyed = true
                return self.empty(
                    [], destruction: RoomDestruction(reason: "the account of its owner is gone"))
            }
            changes += heirs.map { heir in
                .init(
                    address: heir, affiliation: .owner, reason: self.affiliations.entries[heir]?.reason)
            }
        }
        self.affiliate(changes)
        let told = self.refreshOccupants(changes, actor: nil)
        return told.own + told.others
    }

    private mutating func affiliate(_ changes: [RoomAffiliations.Change]) {
        self.affiliations.apply(changes)
        // Whoever is made something comes in as that.
        for change in changes { self.lastRoles.forget(change.address) }
    }

    private mutating func administer(
        _ iq: IQ, _ actor: RoomEffect.Actor, _ changes: [RoomAffiliations.Change],
        _ roles: [RoomEffect.RoleChange]
    ) -> [Stanza] {
        var own: [Stanza] = []
        var news: [Stanza] = []
        for change in roles {
            guard let occupant = self.occupants[change.nickname] else { continue }
            guard change.role != .absent else {
                let told = self.remove(
                    change.nickname, [.kicked], actor: actor.named, reason: change.reason)
                own += told.own
                news += told.others
                continue
            }
            self.occupants[change.nickname]?.role = change.role
            news += self.sayNow(
                change.nickname, before: occupant.role, reason: change.reason, actor: actor.named)
        }
        let newMembers = changes.filter {
            self.configuration.isMembersOnly && $0.affiliation == .member
                && self.affiliations[$0.address] == .unaffiliated
        }
        self.affiliate(changes)
        let told = self.refreshOccupants(changes, actor: actor.named)
        // §9.5: who may come in now is told so.
        let invitations = newMembers.prefix(self.limits.invitationsPerMessage).map {
            self.invitation(ofNewMember: $0.address)
        }
        // §8.2: whoever is removed hears it first, then who did it, then the others.
        return own + told.own + [.iq(iq.reply(.result(nil)))] + news + told.others + invitations
    }

    /// Gives each occupant the affiliation he has now, with what it brings along.
    private mutating func refreshOccupants(
        _ changes: [RoomAffiliations.Change], actor: RoomItem.Actor?
    ) -> (own: [Stanza], others: [Stanza]) {
        var own: [Stanza] = []
        var others: [Stanza] = []
        for nickname in self.occupants.keys.sorted() {
            guard let occupant = self.occupants[nickname] else { continue }
            let affiliation = self.affiliations[occupant.user]
            guard affiliation != occupant.affiliation else { continue }
            let reason = changes.first {
                $0.address == occupant.user || $0.address == occupant.user.domainJID
            }?.reason
            self.occupants[nickname]?.affiliation = affiliation
            let isOut = self.configuration.isMembersOnly && affiliation == .unaffiliated
            if affiliation == .outcast || isOut {
                let told = self.remove(
                    nickname, [isOut ? .removedByAffiliation : .banned], actor: actor, reason: reason)
                own += told.own
                others += told.others
                continue
            }
            self.occupants[nickname]?.role = RoomRules.role(
                after: affiliation,
                was: RoomRules.Standing(occupant.affiliation, occupant.role), in: self.configuration)
            others += self.sayNow(nickname, before: occupant.role, reason: reason, actor: actor)
        }
        return (own, others)
    }

    // MARK: Configuration

    private mutating func configure(
        _ configuration: RoomConfiguration, _ changes: [RoomAffiliations.Change]
    ) -> [Stanza] {
        let before = self.configuration
        let isFirst = self.lockedSince != nil
        self.lockedSince = nil
        var stanzas: [Stanza] = []
        // First the people, by the rules under which they came in.
        self.affiliate(changes)
        let told = self.refreshOccupants(changes, actor: nil)
        stanzas += told.own + told.others
        self.configuration = configuration
        // Whoever saw somebody come has to see him go.
        self.configuration.shownRoles = before.shownRoles
        if configuration.isMembersOnly, !before.isMembersOnly { stanzas += self.removeNonMembers() }
        self.configuration.shownRoles = configuration.shownRoles
        stanzas += self.sayWhoIsShown(since: before.shownRoles)
        return isFirst ? stanzas : stanzas + self.notices(of: configuration, since: before)
    }

    /// XEP-0045 §10.2: a room that becomes members-only keeps no others.
    private mutating func removeNonMembers() -> [Stanza] {
        var stanzas: [Stanza] = []
        for nickname in self.occupants.keys.sorted()
        where self.occupants[nickname]?.affiliation == RoomAffiliation.unaffiliated {
            let told = self.remove(nickname, [.removedAsNonMember])
            stanzas += told.own + told.others
        }
        return stanzas
    }

    /// Brings those who were hidden by their role into view, and takes the others out of it.
    private func sayWhoIsShown(since before: Set<RoomRole>) -> [Stanza] {
        guard self.configuration.shownRoles != before else { return [] }
        var stanzas: [Stanza] = []
        for nickname in self.occupants.keys.sorted() {
            guard let occupant = self.occupants[nickname] else { continue }
            let others = self.listeners(about: nickname).filter { !$0.isSelf }
            let isShown = self.configuration.shownRoles.contains(occupant.role)
            guard isShown != before.contains(occupant.role) else { continue }
            if isShown {
                stanzas += self.say(self.announcement(of: occupant), of: occupant.role, to: others)
            } else {
                var copy = self
                copy.configuration.shownRoles = before
                stanzas += copy.say(self.farewell(of: occupant, []), of: occupant.role, to: others)
            }
        }
        return stanzas
    }

    /// XEP-0045 §10.2.1.
    private func notices(of configuration: RoomConfiguration, since before: RoomConfiguration) -> [Stanza] {
        var statuses: [RoomStatus] = []
        if configuration.isNonAnonymous != before.isNonAnonymous {
            statuses.append(configuration.isNonAnonymous ? .becameNonAnonymous : .becameSemiAnonymous)
        }
        var rest = configuration
        rest.isNonAnonymous = before.isNonAnonymous
        if rest != before { statuses.append(.configurationChanged) }
        return statuses.flatMap { status in
            self.reflect(
                Message(
                    to: nil, from: self.address, kind: .groupchat,
                    payloads: [RoomNotice(statuses: [status]).element]))
        }
    }
}
