import XML
import XMPP

/// Lists of people, and changes to what they are (XEP-0045 §8, §9, §10.3 to §10.8).
extension Room {
    /// The list that is asked for: of one role or of one affiliation.
    func list(_ query: RoomAdministration, for asker: JID) throws(StanzaError) -> RoomAdministration {
        guard query.items.count == 1, let item = query.items.first else {
            throw StanzaError(.badRequest, text: "ask for one role or one affiliation")
        }
        let standing = self.standing(of: asker)
        switch (item.affiliation, item.role) {
        case (.some(let affiliation), .none) where affiliation != .unaffiliated:
            guard
                RoomRules.maySeeList(
                    of: affiliation, by: standing.affiliation, isOccupant: standing.role > .absent,
                    in: self.configuration)
            else { throw StanzaError(.forbidden, text: "this list is not for you") }
            return RoomAdministration(items: self.items(of: affiliation))
        case (.none, .some(let role)) where role != .absent:
            guard standing.role == .moderator || standing.affiliation >= .admin else {
                throw StanzaError(.forbidden, text: "this list is for moderators")
            }
            return RoomAdministration(items: self.items(of: role))
        case (.some, .none), (.none, .some), (.some, .some), (.none, .none):
            throw StanzaError(.badRequest, text: "ask for one role or one affiliation")
        }
    }

    /// XEP-0045 §17.4: bare addresses, no roles.
    private func items(of affiliation: RoomAffiliation) -> [RoomItem] {
        self.affiliations.addresses(affiliation).map { address in
            let entry = self.affiliations.entries[address]
            return RoomItem(
                affiliation: affiliation, address: address, nickname: entry?.nickname,
                reason: affiliation == .outcast ? entry?.reason : nil)
        }
    }

    private func items(of role: RoomRole) -> [RoomItem] {
        self.occupants.keys.sorted().compactMap { self.occupants[$0] }.filter { $0.role == role }.map {
            RoomItem(
                affiliation: $0.affiliation, role: $0.role, address: $0.shown?.address,
                nickname: $0.nickname)
        }
    }

    /// Decides on a request to change people: all of it, or nothing.
    func administer(
        _ iq: IQ, _ query: RoomAdministration, by address: JID
    ) throws(StanzaError) -> Decision {
        guard !query.items.isEmpty else { throw StanzaError(.badRequest, text: "nothing is to change") }
        guard query.items.count <= self.limits.itemsPerRequest else {
            throw StanzaError(
                .policyViolation, text: "more than \(self.limits.itemsPerRequest) changes at once")
        }
        var affiliations: [RoomAffiliations.Change] = []
        var roles: [RoomEffect.RoleChange] = []
        for item in query.items {
            switch (item.affiliation, item.role) {
            case (.some(let affiliation), .none):
                if let change = try self.change(item, to: affiliation, by: address) {
                    affiliations.append(change)
                }
            case (.none, .some(let role)): roles.append(try self.change(item, to: role, by: address))
            case (.some, .some), (.none, .none):
                throw StanzaError(.badRequest, text: "an item changes a role or an affiliation")
            }
        }
        try self.checkOwners(after: affiliations)
        try self.checkRoom(for: affiliations)
        return .act(.administer(iq, self.actor(address), affiliations, roles))
    }

    private func change(
        _ item: RoomItem, to role: RoomRole, by address: JID
    ) throws(StanzaError) -> RoomEffect.RoleChange {
        let actor = self.standing(of: address)
        // Whoever may change nothing learns nothing of who is there.
        guard actor.role == .moderator || actor.affiliation >= .admin else {
            throw StanzaError(.forbidden, text: "only moderators change roles")
        }
        guard let nickname = item.nickname else {
            throw StanzaError(.badRequest, text: "a role is changed by nickname")
        }
        guard let occupant = self.occupants[nickname] else {
            throw StanzaError(.itemNotFound, text: "nobody in the room has that nickname")
        }
        let target = RoomRules.Standing(occupant.affiliation, occupant.role)
        if let condition = RoomRules.refusal(of: role, for: target, by: actor) {
            throw StanzaError(condition, text: "you may not make \(nickname) a \(role.rawValue)")
        }
        return RoomEffect.RoleChange(nickname: nickname, role: role, reason: self.cut(item.reason))
    }

    /// The change that an item asks for; nil if it is so already.
    private func change(
        _ item: RoomItem, to affiliation: RoomAffiliation, by address: JID
    ) throws(StanzaError) -> RoomAffiliations.Change? {
        let actor = self.affiliations[address]
        guard actor >= .admin else { throw StanzaError(.forbidden, text: "only admins change affiliations") }
        let user: JID
        if let address = item.address {
            user = address.bare
        } else if let nickname = item.nickname, let occupant = self.occupants[nickname] {
            user = occupant.user
        } else {
            throw StanzaError(.badRequest, text: "an affiliation is changed by address")
        }
        let target = self.affiliations.entries[user]?.affiliation ?? .unaffiliated
        let condition = RoomRules.refusal(
            of: affiliation, for: target, by: actor, isSelf: user == address.bare)
        if let condition {
            throw StanzaError(
                condition, text: "you may not give \(user) the affiliation \(affiliation.rawValue)")
        }
        // Beside an address, a nickname is one to reserve (§9.3, §9.5).
        let nickname = item.address == nil ? nil : item.nickname
        if let nickname, !nickname.isEmpty { try self.checkReservation(nickname, for: user) }
        if affiliation == target, nickname == nil, affiliation != .outcast { return nil }
        return .init(
            address: user, affiliation: affiliation, nickname: nickname, reason: self.cut(item.reason))
    }

    /// As much of a reason as is passed on and kept.
    func cut(_ reason: String?) -> String? { reason?.cut(toBytes: self.limits.textBytes) }

    /// Whether somebody may reserve a nickname (XEP-0045 §7.10).
    func checkReservation(_ nickname: String, for user: JID) throws(StanzaError) {
        do throws(JIDError) {
            guard try self.address.withResource(nickname).resource == nickname else {
                throw JIDError.forbidden(.resource)
            }
        } catch {
            throw StanzaError(.jidMalformed, text: "the nickname cannot be used")
        }
        try self.check(nickname)
        let wanted = Occupant.folded(nickname)
        let isTaken = self.occupants.values.contains {
            $0.folded == wanted && $0.user != user
        }
        guard !isTaken, !self.affiliations.isReserved(nickname, forOthersThan: user) else {
            throw StanzaError(.conflict, text: "the nickname is taken, or reserved for another")
        }
    }

    /// XEP-0045 §10: a room has an owner as long as it lasts.
    func checkOwners(after changes: [RoomAffiliations.Change]) throws(StanzaError) {
        guard !self.affiliations.applying(changes).addresses(.owner).isEmpty else {
            throw StanzaError(.conflict, text: "the room would have no owner left")
        }
    }
}
