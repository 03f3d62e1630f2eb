import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Limits of rooms, at their edges")
struct RoomLimitTests {
    typealias Bench = RoomBench

    static func room(_ number: Int) -> JID {
        JID(preparedLocal: "room\(number)", domain: "rooms.paris.test", resource: nil)
    }

    static func error(_ stanzas: [Stanza]) -> StanzaError.Condition? { stanzas.first?.errorCondition }

    @Test("Bytes of a reason, wherever one is given")
    func reasons() {
        var bench = Bench.coven(limits: RoomLimits(textBytes: 8))
        let long = "ääää" + "x"
        func reason(_ text: String?) -> Bool { text == "ääää" }
        #expect(
            bench.change(
                .init(affiliation: .member, address: Bench.hag.bare, reason: long), by: Bench.owner) == nil)
        #expect(reason(bench.room?.affiliations.entries[Bench.hag.bare]?.reason))
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.owner, reason: long)
        #expect(reason(bench.take(Bench.stranger.bare).first?.notice?.invitations.first?.reason))
        _ = bench.takeAll()
        let decline = RoomNotice(decline: .init(to: nil, reason: long))
        bench.send(
            .message(
                Message(to: Bench.room, from: Bench.stranger, kind: .normal, payloads: [decline.element])))
        #expect(reason(bench.take(Bench.owner).first?.notice?.decline?.reason))
        #expect(
            bench.change(.init(role: .absent, nickname: "thirdwitch", reason: long), by: Bench.owner) == nil)
        #expect(reason(bench.take(Bench.hag).first?.notice?.item?.reason))
        let destruction = RoomDestruction(password: long, reason: long)
        _ = bench.ask(.set(RoomOwnership(destruction: destruction).element), from: Bench.owner)
        let end = bench.take(Bench.admin).last?.notice?.destruction
        #expect(reason(end?.reason) && reason(end?.password))
    }

    @Test("Bytes of an invitation, and of whatever else is written to the room itself")
    func requestBytes() throws {
        let empty = RoomNotice(invitations: [.init(to: Bench.stranger.bare, reason: "")])
        let payloads = [empty.element]
        let weight = Stanza.message(Message(to: nil, payloads: payloads)).weight
        var bench = Bench.coven(limits: RoomLimits(messageBytes: weight + 3))
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.owner, reason: "abc")
        #expect(bench.take(Bench.owner).isEmpty)
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.owner, reason: "abcd")
        #expect(Self.error(bench.take(Bench.owner)) == .policyViolation)
    }

    @Test("People whose rates are kept count of: one more has to wait until somebody is at rest")
    func watchedUsers() {
        var bench = Bench.coven(limits: RoomLimits(watchedUsers: 3))
        bench.now = bench.now.advanced(by: .seconds(60))
        for address in [Bench.owner, Bench.admin, Bench.hag] {
            bench.say("hello", from: address)
            #expect(bench.take(address).allSatisfy { $0.errorCondition == nil })
        }
        bench.say("me too", from: Bench.stranger)
        #expect(Self.error(bench.take(Bench.stranger)) == .policyViolation)
        bench.now = bench.now.advanced(by: .seconds(1))
        bench.say("me too", from: Bench.stranger)
        #expect(Self.error(bench.take(Bench.stranger)) == .notAcceptable)
    }

    @Test("Rooms of the service")
    func rooms() {
        var bench = Bench(limits: RoomLimits(rooms: 3))
        for number in 1...3 {
            #expect(Self.error(bench.enter(Bench.user("u\(number)"), as: "a", in: Self.room(number))) == nil)
        }
        #expect(Self.error(bench.enter(Bench.hag, as: "a", in: Self.room(4))) == .resourceConstraint)
        #expect(bench.service.rooms.count == 3)
    }

    @Test("Rooms that one person owns")
    func owned() {
        var bench = Bench(limits: RoomLimits(ownedPerUser: 2))
        #expect(Self.error(bench.enter(Bench.hag, as: "a", in: Self.room(1))) == nil)
        #expect(Self.error(bench.enter(Bench.user("hag66", "phone"), as: "a", in: Self.room(2))) == nil)
        #expect(Self.error(bench.enter(Bench.hag, as: "a", in: Self.room(3))) == .resourceConstraint)
        #expect(Self.error(bench.enter(Bench.admin, as: "a", in: Self.room(3))) == nil)
    }

    @Test("Rooms that one person is in")
    func entered() {
        var bench = Bench(limits: RoomLimits(enteredPerUser: 2))
        for number in 1...3 {
            bench.enter(Bench.user("u\(number)"), as: "a", in: Self.room(number))
            #expect(bench.configure(by: Bench.user("u\(number)"), room: Self.room(number)) == nil)
        }
        #expect(Self.error(bench.enter(Bench.hag, as: "b", in: Self.room(1))) == nil)
        #expect(Self.error(bench.enter(Bench.hag, as: "b", in: Self.room(2))) == nil)
        // Another client of the same person in a room he is in is no further room.
        #expect(Self.error(bench.enter(Bench.user("hag66", "phone"), as: "b", in: Self.room(2))) == nil)
        #expect(Self.error(bench.enter(Bench.hag, as: "b", in: Self.room(3))) == .resourceConstraint)
    }

    @Test("Occupants of a room, and admins beyond them")
    func occupants() {
        var bench = Bench.opened(limits: RoomLimits(occupantsPerRoom: 2, adminsBeyondFull: 1))
        for name in ["a", "b"] {
            let item = RoomItem(affiliation: .admin, address: Bench.user(name).bare)
            #expect(bench.change(item, by: Bench.owner) == nil)
        }
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == nil)
        #expect(Self.error(bench.enter(Bench.stranger, as: "hecate")) == .serviceUnavailable)
        #expect(Self.error(bench.enter(Bench.user("a"), as: "a")) == nil)
        #expect(Self.error(bench.enter(Bench.user("b"), as: "b")) == .serviceUnavailable)
        #expect(bench.room?.occupants.count == 3)
    }

    @Test("Clients under one nickname")
    func sessions() {
        var bench = Bench.opened(limits: RoomLimits(sessionsPerOccupant: 2))
        for resource in ["one", "two"] {
            #expect(Self.error(bench.enter(Bench.user("hag66", resource), as: "hag")) == nil)
        }
        #expect(Self.error(bench.enter(Bench.user("hag66", "three"), as: "hag")) == .resourceConstraint)
        #expect(Self.error(bench.enter(Bench.user("hag66", "three"), as: "other")) == nil)
        _ = bench.takeAll()
        bench.present(Bench.user("hag66", "three"), as: "hag")
        #expect(bench.take(Bench.user("hag66", "three")).map(\.errorCondition) == [.resourceConstraint])
    }

    @Test("Affiliations of a room, and items of a request")
    func affiliations() {
        var bench = Bench.opened(limits: RoomLimits(affiliationsPerRoom: 3, itemsPerRequest: 2))
        func members(_ numbers: ClosedRange<Int>) -> [RoomItem] {
            numbers.map { RoomItem(affiliation: .member, address: Bench.user("m\($0)").bare) }
        }
        #expect(bench.change(members(1...3), by: Bench.owner) == .policyViolation)
        #expect(bench.change(members(1...2), by: Bench.owner) == nil)
        #expect(bench.change(members(3...3), by: Bench.owner) == .resourceConstraint)
        #expect(
            bench.change(
                members(2...2).map { .init(affiliation: .admin, address: $0.address) }, by: Bench.owner)
                == nil)
        let admins = (1...3).map { Bench.user("a\($0)").bare.description }
        #expect(bench.configure(["muc#roomconfig_roomadmins": admins]) == .resourceConstraint)
    }

    @Test("Length of a nickname")
    func nicknames() {
        var bench = Bench.opened(limits: RoomLimits(nicknameBytes: 10))
        #expect(Self.error(bench.enter(Bench.hag, as: "elevenchars")) == .jidMalformed)
        #expect(Self.error(bench.enter(Bench.hag, as: "tencharact")) == nil)
    }

    @Test("Size of a message and of a presence")
    func sizes() {
        var bench = Bench.coven(limits: RoomLimits(messageBytes: 200, presenceBytes: 400))
        let overhead = Stanza.message(Message(to: nil, kind: .groupchat, body: "")).weight
        let text = String(repeating: "x", count: 200 - overhead)
        bench.say(text, from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [nil])
        bench.say(text + "x", from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.policyViolation])
        bench.send(.message(Message(to: Bench.occupant("firstwitch"), from: Bench.hag, body: text + "x")))
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.policyViolation])
        _ = bench.takeAll()
        let status = Element("status", namespace: Namespace.client, text: String(repeating: "x", count: 400))
        bench.present(Bench.hag, as: "thirdwitch", [status])
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.policyViolation])
        #expect(bench.take(Bench.owner).isEmpty)
    }

    @Test("Invitations at once, and invitations that can be declined")
    func invitations() {
        var bench = Bench.coven(limits: RoomLimits(invitationsPerMessage: 2, openInvitations: 3))
        let people = (1...4).map { Bench.user("p\($0)").bare }
        RoomInvitationTests.invite(&bench, Array(people[..<3]), by: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.policyViolation])
        RoomInvitationTests.invite(&bench, Array(people[..<2]), by: Bench.hag)
        RoomInvitationTests.invite(&bench, Array(people[2...]), by: Bench.hag)
        #expect(bench.room?.invitations.map(\.invited) == Array(people[1...]))
    }

    static let slow = FloodGate.Rate(burst: 3, every: .seconds(1))

    @Test("Attempts to enter: a burst, then one for each interval")
    func entries() {
        var bench = Bench.opened()
        bench = Bench(limits: RoomLimits(entries: Self.slow))
        bench.enter(Bench.owner, as: "firstwitch")
        #expect(bench.configure() == nil)
        for _ in 1...3 { #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == nil) }
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == .policyViolation)
        bench.now = bench.now.advanced(by: .seconds(1))
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == nil)
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == .policyViolation)
        // Others do not notice.
        #expect(Self.error(bench.enter(Bench.stranger, as: "hecate")) == nil)
    }

    @Test("Presence, messages and requests of one person")
    func rates() {
        var bench = Bench.coven(
            limits: RoomLimits(presences: Self.slow, messages: Self.slow, requests: Self.slow))
        for number in 1...4 {
            bench.present(Bench.hag, as: "thirdwitch")
            bench.say("x", from: Bench.hag)
            let answer = bench.ask(.get(Ping().element), from: Bench.hag)
            #expect((RoomNicknameTests.condition(answer) == .policyViolation) == (number == 4))
            let got = bench.take(Bench.hag).map(\.errorCondition)
            #expect(got == (number == 4 ? [.policyViolation, .policyViolation] : [nil, nil]))
        }
        _ = bench.takeAll()
        bench.say("x", from: Bench.user("hag66", "phone"))
        #expect(bench.take(Bench.user("hag66", "phone")).map(\.errorCondition) == [.policyViolation])
        // To leave is always possible.
        bench.leave(Bench.hag, "thirdwitch")
        #expect(bench.room?.occupants["thirdwitch"] == nil)
    }

    @Test("What waits for the disk is counted once")
    func durableRequests() {
        var bench = Bench.opened(["muc#roomconfig_persistentroom": ["1"]])
        let rate = FloodGate.Rate(burst: 2, every: .seconds(1))
        bench = Bench(
            limits: RoomLimits(requests: rate), rooms: [bench.room?.snapshot()].compactMap { $0 })
        for _ in 1...2 {
            let item = RoomItem(affiliation: .member, address: Bench.hag.bare)
            let iq = IQ(
                to: Bench.room, from: Bench.owner, id: "x",
                body: .set(RoomAdministration(items: [item]).element))
            guard case .durable = bench.service.handle(.iq(iq), at: bench.now) else {
                Issue.record("not durable")
                return
            }
        }
        #expect(bench.ask(.get(Ping().element), from: Bench.owner) == .result(nil))
    }

    @Test("What changes a persistent room counts too, whether or not the disk takes it")
    func durableRates() {
        var bench = Bench.opened(["muc#roomconfig_persistentroom": ["1"]])
        let rate = FloodGate.Rate(burst: 3, every: .seconds(1))
        bench = Bench(
            limits: RoomLimits(messages: rate, requests: rate),
            rooms: [bench.room?.snapshot()].compactMap { $0 })
        bench.enter(Bench.owner, as: "firstwitch")
        _ = bench.takeAll()
        let expected: [StanzaError.Condition?] = [nil, .internalServerError, nil, .policyViolation]
        for number in 1...4 {
            bench.isDiskFull = number == 2
            let item = RoomItem(affiliation: .member, address: Bench.user("u\(number)").bare)
            #expect(bench.change(item, by: Bench.owner) == expected[number - 1])
            bench.setSubject("\(number)", from: Bench.owner)
            let told = bench.take(Bench.owner).compactMap(\.errorCondition)
            #expect(told.first == expected[number - 1])
        }
        bench.now = bench.now.advanced(by: .seconds(1))
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.owner) == nil)
    }

    @Test("How long a new room may stay without a configuration: to the millisecond")
    func lockedFor() {
        var bench = Bench(limits: RoomLimits(lockedFor: .seconds(600)))
        bench.enter(Bench.owner, as: "firstwitch")
        bench.now = bench.now.advanced(by: .milliseconds(599_999))
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == .itemNotFound)
        bench.now = bench.now.advanced(by: .milliseconds(1))
        #expect(Self.error(bench.enter(Bench.hag, as: "thirdwitch")) == nil)
    }

    @Test("Bytes of history: the oldest goes when one byte too many is kept")
    func historyBytes() {
        let message = Message(to: nil, from: Bench.occupant("firstwitch"), kind: .groupchat, body: "hail")
        let weight = Stanza.message(message).weight
        for (bytes, kept) in [(2 * weight, 2), (2 * weight - 1, 1), (weight - 1, 0)] {
            var history = RoomHistory(stanzas: 10, bytes: bytes)
            for _ in 1...3 { history.remember(message, at: Instant(millisecondsSinceEpoch: 0)) }
            #expect(history.entries.count == kept)
        }
    }

    @Test("Requests from occupant to occupant that wait: the oldest is forgotten when one too many does")
    func relayedRequests() {
        var relays = RelayedRequests(limit: 2)
        let ids = ["a", "b", "c"].map { id in
            relays.add(
                IQ(to: Bench.occupant("firstwitch"), id: id, body: .get(Ping().element)), asker: Bench.hag,
                asked: Bench.occupant("firstwitch"), recipient: Bench.owner)
        }
        #expect(relays.waiting.map(\.askerID) == ["b", "c"])
        #expect(relays.take(ids[0], from: Bench.owner) == nil)
        #expect(relays.take(ids[1], from: Bench.hag) == nil, "only who was asked answers")
        #expect(relays.take(ids[1], from: Bench.owner)?.askerID == "b")
    }

    @Test("People whose role is remembered: the first who left is forgotten when one too many is")
    func rememberedRoles() {
        var roles = RememberedRoles(limit: 2)
        let people = (1...3).map { Bench.user("u\($0)").bare }
        for person in people { roles.remember(.participant, of: person, usual: .visitor) }
        #expect(people.map { roles[$0] } == [nil, .participant, .participant])
        roles.remember(.visitor, of: people[1], usual: .visitor)
        #expect(roles.count == 1, "the usual role is not remembered")
    }
}
