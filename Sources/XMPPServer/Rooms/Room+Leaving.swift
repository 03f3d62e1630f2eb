import XML
import XMPP

/// Going out, of one's own will or not (XEP-0045 §7.14, §8.2, §11.1).
extension Room {
    /// A client leaves; `presence` is what it said (a `<status/>` perhaps).
    mutating func leave(_ address: JID, _ presence: Presence, _ statuses: [RoomStatus] = []) -> [Stanza] {
        guard let nickname = self.nicknames[address], let occupant = self.occupants[nickname] else {
            return []
        }
        guard occupant.sessions.count > 1 else {
            let (own, others) = self.remove(nickname, statuses, presence: presence)
            return own + others
        }
        var farewell = self.farewell(of: occupant, statuses)
        farewell.presence = presence.sanitized
        farewell.item.address = address
        let listener = Listener(
            address: address, isSelf: true, seesAddresses: self.seesAddresses(occupant))
        let stanzas = self.say(farewell, of: occupant.role, to: [listener])
        let wasShown = occupant.shown?.address == address
        self.occupants[nickname]?.sessions.removeAll { $0.address == address }
        self.forget(address)
        let unanswered = self.answersMissed(of: address)
        // The others go on to see what another client of the person says.
        return stanzas + unanswered + (wasShown ? self.sayNow(nickname, before: occupant.role) : [])
    }

    /// Takes an occupant out with all his clients; what he is told, and what the others are.
    mutating func remove(
        _ nickname: String, _ statuses: [RoomStatus], actor: RoomItem.Actor? = nil, reason: String? = nil,
        presence: Presence = Presence(to: nil)
    ) -> (own: [Stanza], others: [Stanza]) {
        guard let occupant = self.occupants[nickname] else { return ([], []) }
        var farewell = self.farewell(of: occupant, statuses, actor: actor, reason: reason)
        farewell.presence = presence.sanitized
        // §10.1.3: a room that nobody has configured ends with its creator.
        if self.lockedSince != nil, self.occupants.count == 1, self.isTemporary {
            farewell.destruction = RoomDestruction()
        }
        let own = self.say(farewell, of: occupant.role, to: self.ownListeners(occupant))
        self.occupants[nickname] = nil
        for session in occupant.sessions { self.forget(session.address) }
        self.lastRoles.remember(
            occupant.role, of: occupant.user,
            usual: self.configuration.defaultRole(for: self.affiliations[occupant.user]))
        let others = self.say(farewell, of: occupant.role, to: self.listeners(about: nickname))
        return (own, others + occupant.sessions.flatMap { self.answersMissed(of: $0.address) })
    }

    /// What was sent to a client came back: it is gone (XEP-0045 §11.1, §18.1.2).
    mutating func receivedError(_ error: StanzaError?, from address: JID) -> [Stanza] {
        guard let error, error.condition.meansGone else { return [] }
        return self.leave(address, Presence(to: nil, kind: .unavailable), [.removedByError])
    }

    /// Takes everybody out (XEP-0045 §10.9, §11.2): each hears only of himself.
    mutating func empty(_ statuses: [RoomStatus], destruction: RoomDestruction? = nil) -> [Stanza] {
        var stanzas: [Stanza] = []
        for nickname in self.occupants.keys.sorted() {
            guard let occupant = self.occupants[nickname] else { continue }
            var farewell = self.farewell(of: occupant, statuses)
            farewell.destruction = destruction
            if destruction != nil { farewell.item.affiliation = RoomAffiliation.unaffiliated }
            stanzas += self.say(farewell, of: occupant.role, to: self.ownListeners(occupant))
        }
        for session in self.sessions { self.forget(session) }
        self.occupants = [:]
        return stanzas
    }
}

extension StanzaError.Condition {
    /// Whether a client that answers so is not there any more (XEP-0045 §18.1.2).
    ///
    /// `service-unavailable` is what a server says of a client that has gone (RFC 6121 §8.5.3.2).
    var meansGone: Bool {
        switch self {
        case .gone, .itemNotFound, .jidMalformed, .recipientUnavailable, .redirect, .remoteServerNotFound,
            .remoteServerTimeout, .serviceUnavailable:
            true
        case .badRequest, .conflict, .featureNotImplemented, .forbidden, .internalServerError,
            .notAcceptable, .notAllowed, .notAuthorized, .policyViolation, .registrationRequired,
            .resourceConstraint, .subscriptionRequired, .undefinedCondition, .unexpectedRequest:
            false
        }
    }
}
