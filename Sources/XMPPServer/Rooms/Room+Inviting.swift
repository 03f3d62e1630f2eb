import XML
import XMPP

/// Invitations through the room, and their refusal (XEP-0045 §7.8.2).
extension Room {
    func invite(_ message: Message, _ notice: RoomNotice) throws(StanzaError) -> Decision {
        guard let from = message.from, let occupant = self.occupant(at: from) else {
            throw StanzaError(.notAcceptable, text: "only those who are in the room invite to it")
        }
        guard notice.invitations.count <= self.limits.invitationsPerMessage else {
            throw StanzaError(
                .policyViolation, text: "more than \(self.limits.invitationsPerMessage) invitations at once")
        }
        let mayOpen =
            occupant.affiliation >= .admin
            || (self.configuration.membersMayInvite && occupant.affiliation == .member)
        guard !self.configuration.isMembersOnly || mayOpen else {
            throw StanzaError(.forbidden, text: "only admins invite to this room")
        }
        var invited: [Invited] = []
        var changes: [RoomAffiliations.Change] = []
        for invitation in notice.invitations {
            guard let to = invitation.to else {
                throw StanzaError(.badRequest, text: "an invitation needs an address")
            }
            guard self.affiliations[to] != .outcast else {
                throw StanzaError(.notAllowed, text: "\(to.bare) is banned from the room")
            }
            invited.append(self.invitation(invitation, to: to, by: from, as: occupant, id: message.id))
            if self.configuration.isMembersOnly, self.affiliations[to] == .unaffiliated {
                changes.append(.init(address: to.bare, affiliation: .member))
            }
        }
        try self.checkRoom(for: changes)
        return .act(.invite(invited, changes))
    }

    private func invitation(
        _ invitation: RoomNotice.Invitation, to invited: JID, by inviter: JID, as occupant: Occupant,
        id: String?
    ) -> Invited {
        // §7.8.2 leaves the choice: where addresses are hidden, the room hides this one too.
        let from =
            self.configuration.isNonAnonymous ? inviter : self.occupantAddress(occupant.nickname)
        let notice = RoomNotice(
            invitations: [
                .init(
                    from: from, reason: self.cut(invitation.reason),
                    continuation: invitation.continuation)
            ],
            password: self.configuration.password)
        let message = Message(
            to: invited, from: self.address, id: id, kind: .normal, payloads: [notice.element])
        return Invited(message: message, inviter: inviter, invited: invited.bare)
    }

    /// The invitation to somebody who was made a member (XEP-0045 §9.5).
    func invitation(ofNewMember member: JID) -> Stanza {
        let notice = RoomNotice(
            invitations: [.init(from: self.address)], password: self.configuration.password)
        return .message(
            Message(to: member, from: self.address, kind: .normal, payloads: [notice.element]))
    }

    mutating func remember(_ invited: Invited) {
        self.invitations.removeAll { $0.invited == invited.invited && $0.inviter == invited.inviter }
        self.invitations.append(invited)
        if self.invitations.count > self.limits.openInvitations { self.invitations.removeFirst() }
    }

    /// Somebody does not want to come: only who was invited is heard, and only by who invited.
    mutating func decline(_ message: Message, _ decline: RoomNotice.Decline) throws(StanzaError) -> [Stanza] {
        let index = self.invitations.firstIndex { open in
            open.invited == message.from?.bare
                && (decline.to == nil || self.isNamed(open.inviter, by: decline.to))
        }
        guard let from = message.from, let index else {
            throw StanzaError(.itemNotFound, text: "the room knows of no such invitation")
        }
        let open = self.invitations.remove(at: index)
        let notice = RoomNotice(decline: .init(from: from.bare, reason: self.cut(decline.reason)))
        return [
            .message(
                Message(
                    to: open.inviter, from: self.address, id: message.id, kind: .normal,
                    payloads: [notice.element]))
        ]
    }

    /// Whether `name` is the inviter's full, bare or occupant address.
    private func isNamed(_ inviter: JID, by name: JID?) -> Bool {
        guard let name else { return false }
        if name.bare == self.address {
            return name.resource == self.nicknames[inviter] || self.nicknames[inviter] == nil
        }
        return name.bare == inviter.bare
    }

    /// Whether so many addresses more can have an affiliation.
    func checkRoom(for changes: [RoomAffiliations.Change]) throws(StanzaError) {
        let count = self.affiliations.applying(changes).entries.count
        guard count <= max(self.limits.affiliationsPerRoom, self.affiliations.entries.count) else {
            throw StanzaError(
                .resourceConstraint,
                text: "a room has at most \(self.limits.affiliationsPerRoom) owners, admins, members and "
                    + "outcasts together")
        }
    }
}
