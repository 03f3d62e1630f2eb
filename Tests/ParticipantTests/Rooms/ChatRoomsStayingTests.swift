import CloudModel
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Staying in rooms")
struct ChatRoomsStayingTests {
    private static let room = JID(preparedLocal: "ops", domain: "rooms.paris.test", resource: nil)
    private static let alice = JID(preparedLocal: "alice", domain: "paris.test", resource: "desk")
    private static let own = room.appending(resource: "paris")
    private static let start = Instant(millisecondsSinceEpoch: 1_795_352_300_000)

    private static func after(_ duration: Duration) -> Instant { self.start.advanced(by: duration) }

    private static func presence(
        _ kind: Presence.Kind = .available, statuses: [RoomStatus] = [.isSelf], address: JID? = nil,
        destruction: RoomDestruction? = nil
    ) -> Presence {
        let notice = RoomNotice(
            item: RoomItem(affiliation: .member, role: .participant, address: address), statuses: statuses,
            destruction: destruction)
        return Presence(to: nil, kind: kind, payloads: [notice.element])
    }

    private static func refusal(_ condition: StanzaError.Condition) -> Presence {
        Presence(to: nil, kind: .error, payloads: [StanzaError(condition).element])
    }

    private static func said(_ text: String) -> Message { Message(to: nil, kind: .groupchat, body: text) }

    /// A room that has let us in at `start`.
    private static var inside: ChatRooms {
        var rooms = ChatRooms()
        _ = rooms.enter(self.room, as: "paris", isTrusted: true, now: self.start)
        _ = rooms.handle(
            self.presence(statuses: [], address: self.alice), from: self.room.appending(resource: "alice"),
            now: self.start)
        let presence = self.presence(statuses: [.isSelf, .nonAnonymous])
        #expect(rooms.handle(presence, from: self.own, now: self.start) == .entered(self.room))
        return rooms
    }

    private static func restored() -> ChatRooms {
        var rooms = ChatRooms()
        rooms.restore([self.room], as: "paris", now: self.start) { _ in true }
        return rooms
    }

    @Test("Rooms that are remembered are entered again at the start, as many as there may be")
    func remembered() {
        var rooms = Self.restored()
        #expect(rooms.tick(now: Self.start) == [.enter(Self.own)])
        #expect(rooms.tick(now: Self.start) == [])
        #expect(
            rooms.handle(Self.presence(), from: Self.own, now: Self.start) == .returned(Self.room))
        let many = (0...ChatRooms.roomsLimit).map {
            JID(preparedLocal: "r\($0)", domain: "rooms.paris.test", resource: nil)
        }
        var full = ChatRooms()
        full.restore(many, as: "paris", now: Self.start) { _ in false }
        #expect(full.tick(now: Self.start).count == ChatRooms.roomsLimit)
        #expect(full.enter(Self.room, as: "paris", isTrusted: true, now: Self.start) == .tooMany)
    }

    @Test("On a new connection every room is entered again, and until then nobody there is known")
    func newConnection() {
        var rooms = Self.inside
        rooms.lostAll(now: Self.after(.seconds(60)))
        let alice = Self.room.appending(resource: "alice")
        #expect(rooms.hear(Self.said("paris: help"), from: alice, now: Self.after(.seconds(60))) == .nothing)
        #expect(rooms.tick(now: Self.after(.seconds(60))) == [.enter(Self.own)])
        let back = rooms.handle(
            Self.presence(statuses: [.isSelf]), from: Self.own, now: Self.after(.seconds(61)))
        #expect(back == .returned(Self.room))
        guard
            case .line(let line) = rooms.hear(
                Self.said("paris: help"), from: alice, now: Self.after(.seconds(62)))
        else {
            Issue.record("it does not hear")
            return
        }
        #expect(line.person == nil, "whoever was alice may be another one now")
    }

    @Test("XEP-0410 §2: without a sign for five minutes, the room is asked; any sign puts that off")
    func asks() {
        let period = ChatRooms.checkPeriod
        var rooms = Self.inside
        #expect(rooms.tick(now: Self.after(period - .milliseconds(1))) == [])
        #expect(rooms.tick(now: Self.after(period)) == [.ask(Self.own)])
        #expect(rooms.tick(now: Self.after(period)) == [], "once a period")
        let alice = Self.room.appending(resource: "alice")
        for sign in 0..<2 {
            var rooms = Self.inside
            let now = Self.after(.seconds(200))
            if sign == 0 {
                _ = rooms.hear(Self.said("good morning"), from: alice, now: now)
            } else {
                _ = rooms.handle(Self.presence(statuses: [], address: Self.alice), from: alice, now: now)
            }
            #expect(rooms.tick(now: Self.after(period)) == [])
            #expect(rooms.tick(now: Self.after(period + .seconds(200))) == [.ask(Self.own)])
        }
    }

    @Test(
        "XEP-0410 §3: what comes back says whether we are there, or nothing",
        arguments: [
            (.serviceUnavailable, false), (.featureNotImplemented, false), (.itemNotFound, false),
            (.remoteServerNotFound, false), (.remoteServerTimeout, false), (.notAcceptable, true),
            (.notAllowed, true), (.badRequest, true),
        ] as [(StanzaError.Condition, Bool)])
    func answers(condition: StanzaError.Condition, isOut: Bool) {
        var rooms = Self.inside
        let now = Self.after(ChatRooms.checkPeriod)
        let saw = ChatRooms.Sight(StanzaError(condition))
        #expect(rooms.looked(Self.room, saw: saw, now: now) == isOut)
        #expect(rooms.tick(now: now) == (isOut ? [.enter(Self.own)] : [.ask(Self.own)]))
    }

    @Test("XEP-0045 §9.1, §17.2: out by a failure of the service is out for a while only")
    func failures() {
        let reasons: [[RoomStatus]] = [
            [.isSelf, .serviceShutsDown], [.isSelf, .kicked, .removedByError], [.isSelf],
        ]
        for statuses in reasons {
            var rooms = Self.inside
            let out = rooms.handle(
                Self.presence(.unavailable, statuses: statuses), from: Self.own, now: Self.start)
            guard case .away(Self.room, _) = out else {
                Issue.record("\(statuses): \(out)")
                continue
            }
            #expect(rooms.tick(now: Self.after(ChatRooms.shortestPause - .milliseconds(1))) == [])
            #expect(rooms.tick(now: Self.after(ChatRooms.shortestPause)) == [.enter(Self.own)])
        }
    }

    @Test("XEP-0045 §10.9: a destroyed room is left for good, and one that has vanished is not made anew")
    func destroyed() {
        var rooms = Self.inside
        let out = rooms.handle(
            Self.presence(.unavailable, destruction: RoomDestruction()), from: Self.own, now: Self.start)
        #expect(out == .gone(Self.room, "the room was destroyed"))
        var again = Self.restored()
        _ = again.tick(now: Self.start)
        let made = again.handle(
            Self.presence(statuses: [.isSelf, .created]), from: Self.own, now: Self.start)
        #expect(made == .leave(Self.own, "the room was no more"))
        #expect(!again.isRoom(Self.room))
    }

    @Test(
        "XEP-0045 §7.2: entering again is tried ever more seldom while it fails, and ends when the room says no"
    )
    func tries() {
        var rooms = Self.restored()
        var now = Self.start
        var pauses: [Duration] = []
        for _ in 0..<9 {
            #expect(rooms.tick(now: now) == [.enter(Self.own)])
            let out = rooms.handle(Self.refusal(.remoteServerNotFound), from: Self.own, now: now)
            #expect(out == .away(Self.room, "remote-server-not-found"))
            var pause: Duration = .zero
            while rooms.rooms[Self.room]?.standing != .away(until: now.advanced(by: pause)) {
                pause += .seconds(10)
                guard pause <= ChatRooms.longestPause else { break }
            }
            pauses.append(pause)
            now = now.advanced(by: pause)
        }
        let seconds: [Int64] = [10, 20, 40, 80, 160, 320, 600, 600, 600]
        #expect(pauses == seconds.map { .seconds($0) })
        _ = rooms.tick(now: now)
        let no = rooms.handle(Self.refusal(.registrationRequired), from: Self.own, now: now)
        #expect(no == .gone(Self.room, "registration-required"))
        #expect(ChatRooms.pause(after: .max) == ChatRooms.longestPause)
    }

    @Test(
        "The pause is drawn from its upper half: those whom a room's server has lost do not come back together",
        arguments: [(.first, 2), (.last, 1)] as [(EndDraw, Int)])
    func jitter(draw: EndDraw, part: Int) {
        var draw = draw
        for failures in 0..<9 {
            let pause = ChatRooms.pause(after: failures) / part
            for isRefused in [false, true] {
                var rooms = Self.inside
                rooms.rooms[Self.room]?.failures = failures
                let reason = isRefused ? Self.refusal(.internalServerError) : Self.presence(.unavailable)
                _ = rooms.handle(reason, from: Self.own, now: Self.start, using: &draw)
                #expect(rooms.rooms[Self.room]?.standing == .away(until: Self.after(pause)))
            }
            var silent = Self.inside
            silent.rooms[Self.room]?.failures = failures
            silent.rooms[Self.room]?.standing = .entering(since: Self.start)
            let late = Self.after(ChatRooms.entryTime)
            #expect(silent.tick(now: late, using: &draw) == [])
            #expect(silent.rooms[Self.room]?.standing == .away(until: late.advanced(by: pause)))
        }
    }

    @Test("A room that says nothing is asked again if it has let us in once, and given up if not")
    func silence() {
        let late = Self.after(ChatRooms.entryTime)
        var rooms = Self.restored()
        _ = rooms.tick(now: Self.start)
        #expect(rooms.tick(now: late) == [])
        #expect(rooms.tick(now: late.advanced(by: ChatRooms.shortestPause)) == [.enter(Self.own)])
        var fresh = ChatRooms()
        _ = fresh.enter(Self.room, as: "paris", isTrusted: true, now: Self.start)
        #expect(fresh.tick(now: late.advanced(by: .milliseconds(-1))) == [])
        #expect(fresh.tick(now: late) == [.gone(Self.room, "no answer")])
        #expect(!fresh.isRoom(Self.room))
    }

    @Test("Whoever asks for a room that is away does not wait for the end of the pause")
    func asked() {
        var rooms = Self.inside
        _ = rooms.handle(
            Self.presence(.unavailable, statuses: [.serviceShutsDown]), from: Self.own, now: Self.start)
        #expect(
            rooms.enter(Self.room, as: "paris", isTrusted: true, now: Self.start) == .enter(Self.own))
        #expect(rooms.enter(Self.room, as: "paris", isTrusted: true, now: Self.start) == .alreadyThere)
        #expect(rooms.occupied == [])
        _ = rooms.handle(Self.presence(), from: Self.own, now: Self.start)
        #expect(rooms.occupied == [Self.own])
    }
}
