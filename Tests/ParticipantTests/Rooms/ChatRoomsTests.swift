import CloudModel
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Being in rooms")
struct ChatRoomsTests {
    private static let room = JID(preparedLocal: "ops", domain: "rooms.paris.test", resource: nil)
    private static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "desk")

    private static let now = Instant(millisecondsSinceEpoch: 0)

    private static func occupant(_ nickname: String) -> JID { self.room.appending(resource: nickname) }

    private static func presence(
        _ kind: Presence.Kind = .available, address: JID? = nil, nickname: String? = nil,
        statuses: [RoomStatus] = []
    ) -> Presence {
        let notice = RoomNotice(
            item: RoomItem(affiliation: .member, role: .participant, address: address, nickname: nickname),
            statuses: statuses)
        return Presence(to: nil, kind: kind, payloads: [notice.element])
    }

    /// A room that we have entered, with alice in it.
    private static func entered(isTrusted: Bool = true, statuses: [RoomStatus] = [.nonAnonymous]) -> ChatRooms
    {
        var rooms = ChatRooms()
        _ = rooms.enter(self.room, as: "paris.test", isTrusted: isTrusted, now: Self.now)
        _ = rooms.handle(self.presence(address: self.alice), from: self.occupant("alice"), now: Self.now)
        let own = rooms.handle(
            self.presence(statuses: statuses + [.isSelf]), from: self.occupant("paris.test"), now: Self.now)
        #expect(own == .entered(self.room))
        return rooms
    }

    private static func said(_ text: String, kind: Message.Kind = .groupchat, more: [Element] = []) -> Message
    {
        var message = Message(to: nil, kind: kind, body: text)
        message.payloads += more
        return message
    }

    private static func line(_ rooms: inout ChatRooms, _ text: String) -> ChatLine? {
        guard case .line(let line) = rooms.hear(self.said(text), from: self.occupant("alice"), now: Self.now)
        else {
            return nil
        }
        return line
    }

    @Test(
        "XEP-0045 §7.4: in a room only what begins with our nickname is for us",
        arguments: [
            ("paris.test: help", "help"), ("Paris.Test, help", "help"),
            ("@paris.test machine list", "machine list"),
            ("paris.test:help", "help"), ("help", nil), ("paris.test help", nil),
            ("ask paris.test: help", nil),
            ("paris.tests: help", nil), ("paris.test:", nil), ("paris.test", nil), ("", nil),
        ] as [(String, String?)])
    func addressed(text: String, line: String?) {
        #expect(ChatRooms.addressed(text, to: "paris.test") == line)
        var rooms = Self.entered()
        #expect(Self.line(&rooms, text)?.text == line)
    }

    @Test("XEP-0045 §7.2.13, §7.4: history and our own words are nothing to us")
    func ownAndOld() {
        var rooms = Self.entered()
        let delay = Delay(time: DateTime(millisecondsSinceEpoch: 0)).element
        let text = "paris.test: help"
        #expect(
            rooms.hear(Self.said(text, more: [delay]), from: Self.occupant("alice"), now: Self.now)
                == .nothing)
        #expect(rooms.hear(Self.said(text), from: Self.occupant("paris.test"), now: Self.now) == .nothing)
        #expect(
            rooms.hear(Self.said(text, kind: .error), from: Self.occupant("alice"), now: Self.now) == .nothing
        )
        #expect(
            rooms.hear(Self.said(text, kind: .headline), from: Self.occupant("alice"), now: Self.now)
                == .nothing)
        #expect(rooms.hear(Self.said(text), from: Self.room, now: Self.now) == .nothing)
        #expect(rooms.hear(Self.said(text), from: Self.alice, now: Self.now) == .elsewhere)
    }

    @Test(
        "XEP-0045 §7.2.3, §13.1: somebody acts under his own name where the room shows it, and its service is trusted"
    )
    func identity() {
        var open = Self.entered()
        #expect(Self.line(&open, "paris.test: help")?.person == Self.alice.bare)
        var hidden = Self.entered(statuses: [])
        #expect(Self.line(&hidden, "paris.test: help")?.text == "help")
        #expect(Self.line(&hidden, "paris.test: help")?.person == nil, "seen as a moderator only")
        var foreign = Self.entered(isTrusted: false)
        #expect(Self.line(&foreign, "paris.test: help")?.text == "help")
        #expect(Self.line(&foreign, "paris.test: help")?.person == nil)
    }

    @Test("XEP-0045 §7.2.2: only a room's word says which presence is ours, and of two words neither counts")
    func forgedSelf() {
        var rooms = ChatRooms()
        _ = rooms.enter(Self.room, as: "paris.test", isTrusted: true, now: Self.now)
        _ = rooms.handle(Self.presence(), from: Self.occupant("paris.test"), now: Self.now)
        #expect(rooms.rooms[Self.room]?.isInside == false)
        var open = Self.entered()
        var double = Self.presence(address: Self.alice)
        double.payloads += Self.presence(address: Self.alice).payloads
        _ = open.handle(Self.presence(), from: Self.occupant("alice"), now: Self.now)
        _ = open.handle(double, from: Self.occupant("alice"), now: Self.now)
        #expect(Self.line(&open, "paris.test: help")?.person == nil)
    }

    @Test("XEP-0045 §10.2.1: a room that begins to hide people, or to show them")
    func changes() {
        var rooms = Self.entered()
        let hides = RoomNotice(statuses: [.becameSemiAnonymous]).element
        _ = rooms.hear(Message(to: nil, kind: .groupchat, payloads: [hides]), from: Self.room, now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == nil)
        let shows = RoomNotice(statuses: [.becameNonAnonymous]).element
        // Only the room itself says so.
        _ = rooms.hear(
            Message(to: nil, kind: .groupchat, payloads: [shows]), from: Self.occupant("alice"), now: Self.now
        )
        _ = rooms.handle(Self.presence(address: Self.alice), from: Self.occupant("alice"), now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == nil)
        _ = rooms.hear(Message(to: nil, kind: .groupchat, payloads: [shows]), from: Self.room, now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == Self.alice.bare)
    }

    @Test("XEP-0045 §7.14: whoever has gone, or whose nickname somebody else has, is that person no more")
    func departures() {
        var rooms = Self.entered()
        _ = rooms.handle(
            Self.presence(.unavailable, address: Self.alice), from: Self.occupant("alice"), now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == nil)
        let mallory = JID(preparedLocal: "mallory", domain: "evil.test", resource: "x")
        _ = rooms.handle(Self.presence(address: mallory), from: Self.occupant("alice"), now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == mallory.bare)
        _ = rooms.handle(Self.presence(), from: Self.occupant("alice"), now: Self.now)
        #expect(Self.line(&rooms, "paris.test: help")?.person == nil)
    }

    @Test("XEP-0045 §7.2.8: a nickname that is taken is changed, three times at most")
    func conflicts() {
        var rooms = ChatRooms()
        #expect(rooms.enter(Self.room, as: "p", isTrusted: true, now: Self.now) == .enter(Self.occupant("p")))
        #expect(rooms.enter(Self.room, as: "p", isTrusted: true, now: Self.now) == .alreadyThere)
        let taken = Presence(to: nil, kind: .error, payloads: [StanzaError(.conflict).element])
        #expect(rooms.handle(taken, from: Self.occupant("p"), now: Self.now) == .enter(Self.occupant("p_")))
        #expect(rooms.handle(taken, from: Self.occupant("p_"), now: Self.now) == .enter(Self.occupant("p__")))
        #expect(
            rooms.handle(taken, from: Self.occupant("p__"), now: Self.now) == .gone(Self.room, "conflict"))
        #expect(!rooms.isRoom(Self.room))
        _ = rooms.enter(Self.room, as: "p", isTrusted: true, now: Self.now)
        let refused = Presence(to: nil, kind: .error, payloads: [StanzaError(.registrationRequired).element])
        #expect(
            rooms.handle(refused, from: Self.occupant("p"), now: Self.now)
                == .gone(Self.room, "registration-required"))
    }

    @Test("XEP-0045 §8.2, §9.1, §10.9: out is out; a new nickname is still in")
    func removals() {
        for status in [RoomStatus.kicked, .banned, .removedByAffiliation, .removedAsNonMember] {
            var rooms = Self.entered()
            let gone = rooms.handle(
                Self.presence(.unavailable, statuses: [.isSelf, status]), from: Self.occupant("paris.test"),
                now: Self.now)
            #expect(gone == .gone(Self.room, "status \(status.rawValue)"))
            #expect(
                rooms.hear(Self.said("paris.test: help"), from: Self.occupant("alice"), now: Self.now)
                    == .elsewhere)
        }
        var rooms = Self.entered()
        let renamed = Self.presence(.unavailable, nickname: "bot", statuses: [.isSelf, .nicknameChanged])
        #expect(rooms.handle(renamed, from: Self.occupant("paris.test"), now: Self.now) == .nothing)
        #expect(Self.line(&rooms, "bot: help")?.text == "help")
        #expect(rooms.leave(Self.room) == Self.occupant("bot"))
        #expect(rooms.leave(Self.room) == nil)
    }

    @Test("Rooms are limited, and the people of one; the next is nobody in particular")
    func limits() {
        var rooms = ChatRooms()
        for number in 0..<ChatRooms.roomsLimit {
            let room = JID(preparedLocal: "r\(number)", domain: "rooms.paris.test", resource: nil)
            #expect(rooms.enter(room, as: "p", isTrusted: true, now: Self.now) != .tooMany)
        }
        #expect(rooms.enter(Self.room, as: "p", isTrusted: true, now: Self.now) == .tooMany)
        var full = Self.entered()
        for number in 1..<ChatRooms.occupantsLimit {
            _ = full.handle(
                Self.presence(address: Self.alice), from: Self.occupant("n\(number)"), now: Self.now)
        }
        _ = full.handle(Self.presence(address: Self.alice), from: Self.occupant("late"), now: Self.now)
        let text = Self.said("paris.test: help")
        func person(_ nickname: String) -> JID? {
            guard case .line(let line) = full.hear(text, from: Self.occupant(nickname), now: Self.now) else {
                return nil
            }
            return line.person
        }
        #expect(person("n\(ChatRooms.occupantsLimit - 1)") == Self.alice.bare)
        #expect(person("late") == nil)
    }
}
