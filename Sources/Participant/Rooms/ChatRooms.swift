import XML
import XMPP

/// The rooms this process is in, and who of those there is who (XEP-0045).
///
/// A value: stanzas of rooms go in, what to do comes out. An address in a room says nothing about who is behind it. The
/// room may say so: that is believed only of a service the owner trusts, and only while the room tells everybody (so that
/// nobody who writes there is surprised to act under his own name).
struct ChatRooms: Sendable {
    /// Rooms one process may be in.
    static let roomsLimit = 16
    /// People of one room whose addresses are remembered; the others are nobody in particular.
    static let occupantsLimit = 1_000
    /// Nicknames that are tried where the first is taken.
    static let nicknamesTried = 3

    struct Room: Hashable, Sendable {
        fileprivate(set) var nickname: String
        /// Whether the room has let us in.
        fileprivate(set) var isInside = false
        /// Whether its service is believed about who is there.
        let isTrusted: Bool
        fileprivate var isNonAnonymous = false
        fileprivate var people: [String: JID] = [:]
        fileprivate var attempts = 1

        /// Whether people there act under their own names.
        var isActedIn: Bool { self.isTrusted && self.isNonAnonymous }
    }

    enum OnEnter: Hashable, Sendable {
        /// Send presence to this address.
        case enter(JID)
        case alreadyThere
        case tooMany
    }

    enum OnPresence: Hashable, Sendable {
        case nothing
        case entered(JID)
        /// Try this address instead.
        case enter(JID)
        /// We are out of the room.
        case gone(JID, String)
    }

    enum OnMessage: Hashable, Sendable {
        /// No room of ours: somebody else's affair.
        case elsewhere
        /// Not for us.
        case nothing
        case line(ChatLine)
    }

    private(set) var rooms: [JID: Room] = [:]

    /// Whether the address is that of a room we are in or enter, or of somebody in it.
    func isRoom(_ address: JID) -> Bool { self.rooms[address.bare] != nil }

    mutating func enter(_ room: JID, as nickname: String, isTrusted: Bool) -> OnEnter {
        guard self.rooms[room] == nil else { return .alreadyThere }
        guard self.rooms.count < Self.roomsLimit else { return .tooMany }
        self.rooms[room] = Room(nickname: nickname, isTrusted: isTrusted)
        return .enter(room.appending(resource: nickname))
    }

    /// Forgets the room; the address to say goodbye to, nil if we are not there.
    mutating func leave(_ room: JID) -> JID? {
        self.rooms.removeValue(forKey: room).map { room.appending(resource: $0.nickname) }
    }

    // MARK: Presence

    mutating func handle(_ presence: Presence, from sender: JID) -> OnPresence {
        guard let room = self.rooms[sender.bare] else { return .nothing }
        switch presence.kind {
        case .error: return self.refused(presence, sender.bare, room)
        case .available: return self.available(Self.notice(presence.payloads), sender, room)
        case .unavailable: return self.unavailable(Self.notice(presence.payloads), sender, room)
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe: return .nothing
        }
    }

    /// XEP-0045 §7.2.8: a nickname that is taken is answered with another; anything else ends it.
    private mutating func refused(_ presence: Presence, _ address: JID, _ room: Room) -> OnPresence {
        let condition = presence.error?.condition
        guard condition == .conflict, !room.isInside, room.attempts < Self.nicknamesTried else {
            self.rooms[address] = nil
            return .gone(address, condition?.rawValue ?? "refused")
        }
        self.rooms[address]?.attempts += 1
        self.rooms[address]?.nickname += "_"
        return .enter(address.appending(resource: room.nickname + "_"))
    }

    private mutating func available(_ notice: RoomNotice?, _ sender: JID, _ room: Room) -> OnPresence {
        guard let nickname = sender.resource else { return .nothing }
        guard notice?.statuses.contains(.isSelf) == true || nickname == room.nickname else {
            let address = notice?.item?.address?.bare
            let isRoomLeft = room.people[nickname] != nil || room.people.count < Self.occupantsLimit
            self.rooms[sender.bare]?.people[nickname] = isRoomLeft ? address : nil
            return .nothing
        }
        // The service may have chosen another nickname (§7.2.3).
        self.rooms[sender.bare]?.nickname = nickname
        self.rooms[sender.bare]?.isInside = true
        if notice?.statuses.contains(.nonAnonymous) == true {
            self.rooms[sender.bare]?.isNonAnonymous = true
        }
        return room.isInside ? .nothing : .entered(sender.bare)
    }

    private mutating func unavailable(_ notice: RoomNotice?, _ sender: JID, _ room: Room) -> OnPresence {
        guard let nickname = sender.resource else { return .nothing }
        guard nickname == room.nickname else {
            self.rooms[sender.bare]?.people[nickname] = nil
            return .nothing
        }
        if notice?.statuses.contains(.nicknameChanged) == true, let other = notice?.item?.nickname {
            self.rooms[sender.bare]?.nickname = other
            return .nothing
        }
        self.rooms[sender.bare] = nil
        let status = notice?.statuses.first { $0 != .isSelf }
        return .gone(sender.bare, status.map { "status \($0.rawValue)" } ?? "left")
    }

    // MARK: Messages

    /// What a message that may come from a room is to us; history, our own words and what is not for us are nothing.
    mutating func hear(_ message: Message, from sender: JID) -> OnMessage {
        guard let room = self.rooms[sender.bare] else { return .elsewhere }
        guard let speaker = sender.resource else {
            self.noteConfiguration(message, sender)
            return .nothing
        }
        guard room.isInside, speaker != room.nickname, let body = message.body, !body.isEmpty,
            !message.payloads.contains(where: Delay.matches)
        else { return .nothing }
        let person = room.isActedIn ? room.people[speaker] : nil
        switch message.kind {
        case .groupchat:
            guard let text = Self.addressed(body, to: room.nickname) else { return .nothing }
            return .line(
                ChatLine(
                    message: message, sender: sender, text: text, person: person,
                    place: .room(speaker: speaker, ours: room.nickname)))
        case .chat, .normal:
            return .line(
                ChatLine(message: message, sender: sender, text: body, person: person, place: .aside))
        case .headline, .error: return .nothing
        }
    }

    /// Whether people are told who is there may change while we are in the room (§10.2.1, statuses 172 to 174).
    private mutating func noteConfiguration(_ message: Message, _ sender: JID) {
        guard message.kind == .groupchat, let notice = Self.notice(message.payloads) else { return }
        if notice.statuses.contains(.becameNonAnonymous) {
            self.rooms[sender]?.isNonAnonymous = true
        } else if notice.statuses.contains(.becameSemiAnonymous) {
            self.rooms[sender]?.isNonAnonymous = false
            self.rooms[sender]?.people = [:]
        }
    }

    /// What follows our nickname at the start of a line: `paris: help`, `paris, help`, `@paris help`.
    static func addressed(_ text: String, to nickname: String) -> String? {
        var rest = Substring(text)
        let isMention = rest.first == "@"
        if isMention { rest = rest.dropFirst() }
        guard rest.lowercased().hasPrefix(nickname.lowercased()) else { return nil }
        rest = rest.dropFirst(nickname.count)
        guard let mark = rest.first, mark == ":" || mark == "," || (isMention && mark.isWhitespace) else {
            return nil
        }
        let line = rest.dropFirst().drop(while: \.isWhitespace)
        return line.isEmpty ? nil : String(line)
    }

    private static func notice(_ payloads: [Element]) -> RoomNotice? {
        guard let element = payloads.first(where: RoomNotice.matches) else { return nil }
        do {
            return try RoomNotice(parsing: element)
        } catch {
            // What cannot be read says nothing about anybody.
            return nil
        }
    }
}

extension JID {
    /// The address of somebody in a room.
    func appending(resource: String) -> JID {
        JID(preparedLocal: self.local, domain: self.domain, resource: resource)
    }
}
