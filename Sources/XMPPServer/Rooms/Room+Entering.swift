import CloudModel
import Cryptography
import XML
import XMPP

/// Coming in, and changing one's nickname (XEP-0045 §7.2, §7.6, §7.7).
extension Room {
    /// A client asks to come in, or to be told everything once more (XEP-0045 §7.2.1, §17.3).
    mutating func enter(
        _ presence: Presence, _ entry: RoomEntry, from address: JID, as nickname: String, at now: Instant
    ) throws(StanzaError) -> [Stanza] {
        if self.nicknames[address] != nil {
            let changes = try self.changePresence(presence, from: address, at: nickname, isNews: false)
            // The client's own presence is part of what follows.
            return changes.filter { $0.to != address } + self.welcome(address, [], entry.history, at: now)
        }
        guard !self.isLocked(at: now) else {
            throw StanzaError(.itemNotFound, text: "the room is not configured yet")
        }
        try self.check(nickname)
        try self.admit(address, as: nickname, password: entry.password)
        self.place(presence, from: address, as: nickname)
        return self.welcome(address, [], entry.history, at: now)
            + self.tellOthers(of: nickname, except: address)
    }

    /// The creator comes in; the room is locked until it is configured (XEP-0045 §10.1.1).
    mutating func create(
        _ presence: Presence, _ entry: RoomEntry, from address: JID, as nickname: String, at now: Instant
    ) throws(StanzaError) -> [Stanza] {
        try self.check(nickname)
        self.lockedSince = now
        self.affiliations.apply([.init(address: address.bare, affiliation: .owner)])
        self.place(presence, from: address, as: nickname)
        return self.welcome(address, [.created], entry.history, at: now)
    }

    /// Whether a nickname can be one at all (XEP-0045 §17.1).
    func check(_ nickname: String) throws(StanzaError) {
        guard Occupant.isVisible(nickname) else {
            throw StanzaError(.jidMalformed, text: "nothing can be seen of the nickname")
        }
        guard nickname.utf8.count <= self.limits.nicknameBytes else {
            throw StanzaError(
                .jidMalformed, text: "the nickname is longer than \(self.limits.nicknameBytes) bytes")
        }
    }

    private func admit(
        _ address: JID, as nickname: String, password: String?
    ) throws(StanzaError) {
        let affiliation = self.affiliations[address]
        guard affiliation != .outcast else { throw StanzaError(.forbidden, text: "banned from the room") }
        guard affiliation >= .member || !self.configuration.isMembersOnly else {
            throw StanzaError(.registrationRequired, text: "the room is for its members")
        }
        if let secret = self.configuration.password {
            guard ConstantTime.areEqual(Array((password ?? "").utf8), Array(secret.utf8)) else {
                throw StanzaError(.notAuthorized, text: "the room's password is needed")
            }
        }
        if let own = try self.conflict(nickname, of: address) {
            guard own.sessions.count < self.limits.sessionsPerOccupant else {
                throw StanzaError(
                    .resourceConstraint,
                    text: "\(self.limits.sessionsPerOccupant) clients have this nickname already")
            }
            return
        }
        let room = min(self.configuration.maximumOccupants, self.limits.occupantsPerRoom)
        let most = affiliation >= .admin ? room + self.limits.adminsBeyondFull : room
        guard self.occupants.count < most else {
            throw StanzaError(.serviceUnavailable, kind: .wait, text: "the room is full")
        }
    }

    /// The occupant of that nickname if it is the same person; refused if it is or belongs to another (§7.2.8).
    private func conflict(_ nickname: String, of address: JID) throws(StanzaError) -> Occupant? {
        let user = address.bare
        if let holder = self.occupants[nickname] {
            guard holder.user == user else { throw StanzaError(.conflict, text: "the nickname is taken") }
            return holder
        }
        let wanted = Occupant.folded(nickname)
        let isTaken = self.occupants.values.contains { occupant in
            occupant.folded == wanted && occupant.user != user
        }
        guard !isTaken, !self.affiliations.isReserved(nickname, forOthersThan: user) else {
            throw StanzaError(.conflict, text: "the nickname is taken, or reserved for another")
        }
        return nil
    }

    private mutating func place(_ presence: Presence, from address: JID, as nickname: String) {
        let affiliation = self.affiliations[address]
        var occupant =
            self.occupants[nickname]
            ?? Occupant(
                nickname: nickname, user: address.bare, id: self.occupantID(of: address),
                affiliation: affiliation, role: self.role(ofNewcomer: address),
                sessions: [])
        occupant.take(presence.sanitized, from: address)
        self.occupants[nickname] = occupant
        self.add(address, as: nickname)
    }

    /// Everything a client is told on coming in, in this order: who is there, itself, history, subject (§7.1).
    private func welcome(
        _ address: JID, _ statuses: [RoomStatus], _ wish: RoomEntry.History?, at now: Instant
    ) -> [Stanza] {
        guard let occupant = self.occupant(at: address) else { return [] }
        var stanzas: [Stanza] = []
        for nickname in self.occupants.keys.sorted() where nickname != occupant.nickname {
            guard let other = self.occupants[nickname], let listener = self.listener(address, about: nickname)
            else { continue }
            stanzas += self.say(self.announcement(of: other), of: other.role, to: [listener])
        }
        var own = self.announcement(of: occupant)
        own.ownStatuses = statuses + (self.configuration.isNonAnonymous ? [.nonAnonymous] : [])
        let ownListener = Listener(
            address: address, isSelf: true, seesAddresses: self.seesAddresses(occupant))
        stanzas += self.say(own, of: occupant.role, to: [ownListener])
        stanzas += self.history.messages(
            for: wish, atMost: self.configuration.historyStanzas, now: now
        ) { self.delayed($0.message, since: $0.time, to: address) }.map(Stanza.message)
        return stanzas + [.message(self.subjectMessage(to: address))]
    }

    private func tellOthers(of nickname: String, except address: JID) -> [Stanza] {
        guard let occupant = self.occupants[nickname] else { return [] }
        let others = self.listeners(about: nickname).filter { $0.address != address }
        return self.say(self.announcement(of: occupant), of: occupant.role, to: others)
    }

    // MARK: Presence of those who are in

    /// An occupant's client says how it is, or takes another nickname.
    ///
    /// - Parameter isNews: whether the others hear it even if it is what they heard last.
    mutating func changePresence(
        _ presence: Presence, from address: JID, at nickname: String, isNews: Bool = true
    ) throws(StanzaError) -> [Stanza] {
        guard let occupant = self.occupant(at: address) else { return [] }
        guard occupant.nickname == nickname else {
            return try self.rename(address, to: nickname, presence)
        }
        let isSame =
            occupant.shown?.address == address
            && occupant.shown?.presence.payloads == presence.sanitized.payloads
        return isSame && !isNews ? [] : self.update(presence, of: address)
    }

    private mutating func update(_ presence: Presence, of address: JID) -> [Stanza] {
        guard let nickname = self.nicknames[address] else { return [] }
        self.occupants[nickname]?.take(presence.sanitized, from: address)
        guard let occupant = self.occupants[nickname] else { return [] }
        return self.say(
            self.announcement(of: occupant), of: occupant.role, to: self.listeners(about: nickname))
    }

    /// An occupant takes another nickname with all his clients (XEP-0045 §7.6).
    private mutating func rename(
        _ address: JID, to nickname: String, _ presence: Presence
    ) throws(StanzaError) -> [Stanza] {
        guard let occupant = self.occupant(at: address) else { return [] }
        try self.check(nickname)
        let own = try self.conflict(nickname, of: address)
        let sessions = (own?.sessions ?? []) + occupant.sessions
        guard sessions.count <= self.limits.sessionsPerOccupant else {
            throw StanzaError(.resourceConstraint, text: "too many clients would have this nickname")
        }
        var change = self.announcement(of: occupant)
        change.kind = .unavailable
        change.presence = Presence(to: nil)
        change.item.nickname = nickname
        change.statuses = [.nicknameChanged]
        let stanzas = self.say(change, of: occupant.role, to: self.listeners(about: occupant.nickname))

        var renamed = own ?? occupant
        renamed.nickname = nickname
        // Nobody gets a voice by going over to another nickname of his.
        renamed.role = min(renamed.role, occupant.role)
        renamed.sessions = sessions
        renamed.take(presence.sanitized, from: address)
        self.occupants[occupant.nickname] = nil
        self.occupants[nickname] = renamed
        for session in occupant.sessions { self.nicknames[session.address] = nickname }
        return stanzas + self.sayNow(nickname, before: own?.role ?? renamed.role)
    }
}
