import XML
import XMPP

/// Presence of occupants as others are shown it (XEP-0045 §7.2.2 to §7.2.4, §17.3).
extension Room {
    /// What is said of an occupant.
    struct Announcement {
        var nickname: String
        var id: OccupantID
        var kind: Presence.Kind = .available
        /// What the occupant said himself.
        var presence: Presence
        /// With the full address, which not everybody is shown.
        var item: RoomItem
        var statuses: [RoomStatus] = []
        /// For the occupant himself, besides `self`.
        var ownStatuses: [RoomStatus] = []
        var destruction: RoomDestruction?
    }

    /// One client that hears an announcement.
    struct Listener: Hashable {
        let address: JID
        /// Whether the announcement is about its own occupant.
        let isSelf: Bool
        let seesAddresses: Bool
    }

    /// Whether an occupant is shown full addresses.
    func seesAddresses(_ occupant: Occupant) -> Bool {
        self.configuration.isNonAnonymous || occupant.role == .moderator
    }

    /// One client as a listener to what is said about `nickname`.
    func listener(_ address: JID, about nickname: String) -> Listener? {
        guard let occupant = self.occupant(at: address) else { return nil }
        return Listener(
            address: address, isSelf: occupant.nickname == nickname,
            seesAddresses: self.seesAddresses(occupant))
    }

    /// All clients in the room as listeners to what is said about `nickname`.
    func listeners(about nickname: String) -> [Listener] {
        self.sessions.compactMap { self.listener($0, about: nickname) }
    }

    /// The clients of one occupant.
    func ownListeners(_ occupant: Occupant) -> [Listener] {
        occupant.sessions.map { session in
            Listener(
                address: session.address, isSelf: true, seesAddresses: self.seesAddresses(occupant))
        }
    }

    /// The occupant as he is now.
    func announcement(of occupant: Occupant) -> Announcement {
        Announcement(
            nickname: occupant.nickname, id: occupant.id,
            presence: occupant.shown?.presence ?? Presence(to: nil),
            item: RoomItem(
                affiliation: occupant.affiliation, role: occupant.role, address: occupant.shown?.address))
    }

    /// The occupant as one who is not there any more.
    func farewell(
        of occupant: Occupant, _ statuses: [RoomStatus], actor: RoomItem.Actor? = nil, reason: String? = nil
    ) -> Announcement {
        var announcement = self.announcement(of: occupant)
        announcement.kind = .unavailable
        announcement.presence = Presence(to: nil)
        announcement.item.role = RoomRole.absent
        announcement.item.actor = actor
        announcement.item.reason = reason
        announcement.statuses = statuses
        return announcement
    }

    /// Says it to those of `listeners` who may hear it, each in his version.
    ///
    /// - Parameter role: the one that decides whether others hear it at all (`muc#roomconfig_presencebroadcast`).
    func say(_ announcement: Announcement, of role: RoomRole, to listeners: [Listener]) -> [Stanza] {
        let isShown = self.configuration.shownRoles.contains(role)
        var versions: [[Element]?] = [nil, nil, nil, nil]
        return listeners.compactMap { listener in
            guard isShown || listener.isSelf else { return nil }
            let index = (listener.isSelf ? 2 : 0) + (listener.seesAddresses ? 1 : 0)
            let payloads = versions[index] ?? Self.payloads(of: announcement, for: listener)
            versions[index] = payloads
            return .presence(
                Presence(
                    to: listener.address, from: self.occupantAddress(announcement.nickname),
                    id: listener.isSelf ? announcement.presence.id : nil,
                    language: announcement.presence.language, kind: announcement.kind, payloads: payloads))
        }
    }

    private static func payloads(of announcement: Announcement, for listener: Listener) -> [Element] {
        var item = announcement.item
        if !listener.seesAddresses {
            item.address = nil
            item.actor?.address = nil
        }
        let own: [RoomStatus] = listener.isSelf ? announcement.ownStatuses + [.isSelf] : []
        let notice = RoomNotice(
            item: item, statuses: (announcement.statuses + own).sorted(),
            destruction: announcement.destruction)
        return announcement.presence.payloads + [announcement.id.element, notice.element]
    }

    /// Tells everybody what the occupant is now.
    ///
    /// - Parameter before: the role everybody knew: who was shown and is not any more is gone for the others.
    func sayNow(
        _ nickname: String, before: RoomRole, reason: String? = nil, actor: RoomItem.Actor? = nil
    )
        -> [Stanza]
    {
        guard let occupant = self.occupants[nickname] else { return [] }
        var announcement = self.announcement(of: occupant)
        announcement.item.reason = reason
        announcement.item.actor = actor
        let listeners = self.listeners(about: nickname)
        let stanzas = self.say(announcement, of: occupant.role, to: listeners)
        let shown = self.configuration.shownRoles
        guard shown.contains(before), !shown.contains(occupant.role) else { return stanzas }
        let others = listeners.filter { !$0.isSelf }
        return stanzas + self.say(self.farewell(of: occupant, []), of: before, to: others)
    }
}

extension Presence {
    /// What the room passes on of a client's presence: all but what only rooms may say (XEP-0045 §17.3, XEP-0421 §3).
    var sanitized: Presence {
        var presence = self
        presence.to = nil
        presence.from = nil
        presence.payloads.removeAll { payload in
            RoomNotice.matches(payload) || RoomEntry.matches(payload) || OccupantID.matches(payload)
        }
        return presence
    }
}
