import CloudModel
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

    enum OnEnter: Hashable, Sendable {
        /// Send presence to this address.
        case enter(JID)
        case alreadyThere
        case tooMany
    }

    enum OnPresence: Hashable, Sendable {
        case nothing
        /// We are inside, for the first time.
        case entered(JID)
        /// We are inside again.
        case returned(JID)
        /// Try this address instead.
        case enter(JID)
        /// We are out of the room for now, and will enter again.
        case away(JID, String)
        /// We are out of the room, and it is forgotten.
        case gone(JID, String)
        /// The room was no more, and our entering has made another: say goodbye to this address, and forget it.
        case leave(JID, String)
    }

    enum OnMessage: Hashable, Sendable {
        /// No room of ours: somebody else's affair.
        case elsewhere
        /// Not for us.
        case nothing
        case line(ChatLine)
    }

    var rooms: [JID: ChatRoom] = [:]

    /// Whether the address is that of a room we are in, enter or mean to enter again, or of somebody in it.
    func isRoom(_ address: JID) -> Bool { self.rooms[address.bare] != nil }

    mutating func enter(
        _ room: JID, as nickname: String, isTrusted: Bool, now: Instant
    ) -> OnEnter {
        if let known = self.rooms[room] {
            // Whoever asks for it now does not have to wait for the end of the pause.
            guard case .away = known.standing else { return .alreadyThere }
            self.rooms[room]?.standing = .entering(since: now)
            return .enter(room.appending(resource: known.nickname))
        }
        guard self.rooms.count < Self.roomsLimit else { return .tooMany }
        self.rooms[room] = ChatRoom(
            nickname: nickname, standing: .entering(since: now), isTrusted: isTrusted)
        return .enter(room.appending(resource: nickname))
    }

    /// Forgets the room; the address to say goodbye to, nil if it is none of ours.
    ///
    /// One that we are away from is told too: it may have let us in after we had stopped waiting for it.
    mutating func leave(_ room: JID) -> JID? {
        self.rooms.removeValue(forKey: room).map { room.appending(resource: $0.nickname) }
    }

    /// The addresses to say goodbye to when the process ends.
    var occupied: [JID] {
        self.rooms.sorted { $0.key < $1.key }.filter { $0.value.isInside }.map { address, room in
            address.appending(resource: room.nickname)
        }
    }

    // MARK: Presence

    mutating func handle(
        _ presence: Presence, from sender: JID, now: Instant, using random: inout some RandomNumberGenerator
    ) -> OnPresence {
        guard let room = self.rooms[sender.bare] else { return .nothing }
        switch presence.kind {
        case .error: return self.refused(presence, sender.bare, room, now, &random)
        case .available: return self.available(Self.notice(presence.payloads), sender, room, now)
        case .unavailable:
            return self.unavailable(Self.notice(presence.payloads), sender, room, now, &random)
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe: return .nothing
        }
    }

    /// XEP-0045 §7.2.8: a nickname that is taken is answered with another; anything else ends it, unless we have been inside
    /// and the reason may pass.
    private mutating func refused(
        _ presence: Presence, _ address: JID, _ room: ChatRoom, _ now: Instant,
        _ random: inout some RandomNumberGenerator
    ) -> OnPresence {
        let condition = presence.error?.condition
        let reason = condition?.rawValue ?? "refused"
        switch room.standing {
        case .away: return .nothing
        case .entering where condition == .conflict && room.nicknamesTried < Self.nicknamesTried:
            self.rooms[address]?.nicknamesTried += 1
            self.rooms[address]?.nickname += "_"
            return .enter(address.appending(resource: room.nickname + "_"))
        case .entering, .inside: break
        }
        guard room.isKept, let condition, Self.passing.contains(condition) else {
            self.rooms[address] = nil
            return .gone(address, reason)
        }
        self.failed(address, now: now, using: &random)
        return .away(address, reason)
    }

    private mutating func available(
        _ notice: RoomNotice?, _ sender: JID, _ room: ChatRoom, _ now: Instant
    ) -> OnPresence {
        guard let nickname = sender.resource else { return .nothing }
        if case .away = room.standing { return .nothing }
        self.rooms[sender.bare]?.gaveSign(at: now)
        // Only the room says which presence is ours (§7.2.2): a nickname proves nothing.
        guard notice?.statuses.contains(.isSelf) == true else {
            let address = notice?.item?.address?.bare
            let isRoomLeft = room.people[nickname] != nil || room.people.count < Self.occupantsLimit
            self.rooms[sender.bare]?.people[nickname] = isRoomLeft ? address : nil
            return .nothing
        }
        if room.isKept, !room.isInside, notice?.statuses.contains(.created) == true {
            self.rooms[sender.bare] = nil
            return .leave(sender, "the room was no more")
        }
        // The service may have chosen another nickname (§7.2.3).
        self.rooms[sender.bare]?.nickname = nickname
        self.rooms[sender.bare]?.standing = .inside(sign: now)
        self.rooms[sender.bare]?.isKept = true
        self.rooms[sender.bare]?.failures = 0
        if notice?.statuses.contains(.nonAnonymous) == true {
            self.rooms[sender.bare]?.isNonAnonymous = true
        }
        guard !room.isInside else { return .nothing }
        return room.isKept ? .returned(sender.bare) : .entered(sender.bare)
    }

    private mutating func unavailable(
        _ notice: RoomNotice?, _ sender: JID, _ room: ChatRoom, _ now: Instant,
        _ random: inout some RandomNumberGenerator
    ) -> OnPresence {
        guard let nickname = sender.resource else { return .nothing }
        guard nickname == room.nickname else {
            self.rooms[sender.bare]?.people[nickname] = nil
            return .nothing
        }
        if notice?.statuses.contains(.nicknameChanged) == true, let other = notice?.item?.nickname {
            self.rooms[sender.bare]?.nickname = other
            return .nothing
        }
        let statuses = notice?.statuses.filter { $0 != .isSelf } ?? []
        let reason = statuses.first.map { "status \($0.rawValue)" } ?? "left"
        guard room.isKept, notice?.destruction == nil, Self.isFailure(statuses) else {
            self.rooms[sender.bare] = nil
            return .gone(sender.bare, notice?.destruction == nil ? reason : "the room was destroyed")
        }
        // What we have asked for is still on its way, or has its time already.
        guard room.isInside else { return .nothing }
        self.failed(sender.bare, now: now, using: &random)
        return .away(sender.bare, reason)
    }

    /// Whether we were taken out by no decision of anybody: the service ends, or could not reach us (§9.1, §17.2), or says
    /// nothing, as one does that has lost our connection.
    private static func isFailure(_ statuses: [RoomStatus]) -> Bool {
        statuses.isEmpty || statuses.contains(.serviceShutsDown) || statuses.contains(.removedByError)
    }

    // MARK: Messages

    /// What a message that may come from a room is to us; history, our own words and what is not for us are nothing.
    mutating func hear(_ message: Message, from sender: JID, now: Instant) -> OnMessage {
        guard let room = self.rooms[sender.bare] else { return .elsewhere }
        if message.kind == .groupchat { self.rooms[sender.bare]?.gaveSign(at: now) }
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

    /// Nil for several at once: one of them may be what an occupant has put there himself.
    private static func notice(_ payloads: [Element]) -> RoomNotice? {
        let notices = payloads.filter(RoomNotice.matches)
        guard let element = notices.first, notices.count == 1 else { return nil }
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
