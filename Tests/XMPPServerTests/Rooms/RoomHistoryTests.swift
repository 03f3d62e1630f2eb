import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Discussion history")
struct RoomHistoryTests {
    typealias Bench = RoomBench

    /// A room in which "m1" to "m10" were said, one each minute, the last a minute ago.
    static func talked(_ fields: [String: [String]] = [:]) -> RoomBench {
        var bench = Bench.opened(fields)
        for number in 1...10 {
            bench.say("m\(number)", from: Bench.owner)
            bench.now = bench.now.advanced(by: .seconds(60))
        }
        _ = bench.takeAll()
        return bench
    }

    static func bodies(_ stanzas: [Stanza]) -> [String] { stanzas.compactMap { $0.messageValue?.body } }

    @Test("XEP-0045 §7.2.13: history is stamped, from the occupants, and comes before the subject")
    func stamped() {
        var bench = Self.talked()
        let got = bench.enter(Bench.hag, as: "thirdwitch").compactMap(\.messageValue)
        #expect(got.compactMap(\.body) == (1...10).map { "m\($0)" })
        #expect(got.allSatisfy { $0.from == Bench.occupant("firstwitch") || $0.body == nil })
        #expect(got.dropLast().allSatisfy { $0.payloads.filter(Delay.matches).count == 1 })
        #expect(got.allSatisfy { $0.kind == .groupchat && $0.to == Bench.hag })
        #expect(got.last.map(Stanza.message)?.subjectText == "")
    }

    @Test("XEP-0045 §7.2.13: subjects are no part of history")
    func subjects() {
        var bench = Self.talked()
        bench.setSubject("one", from: Bench.owner)
        bench.setSubject("two", from: Bench.owner)
        let got = bench.enter(Bench.hag, as: "thirdwitch")
        #expect(got.compactMap(\.subjectText) == ["two"])
    }

    @Test(
        "XEP-0045 §7.2.14: of all wishes the strictest holds",
        arguments: [
            (RoomEntry.History(stanzas: 3), 3), (RoomEntry.History(stanzas: 0), 0),
            (RoomEntry.History(stanzas: 99), 10), (RoomEntry.History(seconds: 180), 3),
            (RoomEntry.History(seconds: 59), 0), (RoomEntry.History(seconds: .max), 10),
            (RoomEntry.History(stanzas: 2, seconds: 180), 2),
            (RoomEntry.History(stanzas: 5, seconds: 180), 3),
            (RoomEntry.History(characters: 0), 0), (RoomEntry.History(characters: 1_000_000), 10),
            (RoomEntry.History(since: DateTime(millisecondsSinceEpoch: 1_000_000_000 + 8 * 60_000)), 2),
            (RoomEntry.History(since: DateTime(millisecondsSinceEpoch: 0)), 10),
        ])
    func wishes(wish: RoomEntry.History, count: Int) {
        var bench = Self.talked()
        let got = Self.bodies(bench.enter(Bench.hag, as: "thirdwitch", history: wish))
        #expect(got == (1...10).map { "m\($0)" }.suffix(count))
    }

    @Test("XEP-0045 §7.2.14: characters are those of whole stanzas, and no stanza is cut")
    func characters() throws {
        var bench = Self.talked()
        let last = bench.enter(Bench.hag, as: "thirdwitch", history: .init(stanzas: 1))
            .first { $0.messageValue?.body != nil }
        let length = try last?.element().serializedText().unicodeScalars.count ?? 0
        bench.leave(Bench.hag, "thirdwitch")
        #expect(
            Self.bodies(bench.enter(Bench.hag, as: "thirdwitch", history: .init(characters: length))) == [
                "m10"
            ])
        bench.leave(Bench.hag, "thirdwitch")
        #expect(
            Self.bodies(bench.enter(Bench.hag, as: "thirdwitch", history: .init(characters: length - 1)))
                == [])
    }

    @Test("XEP-0045 §7.2.14: the room's own limit holds for everybody")
    func roomLimit() {
        var bench = Self.talked(["muc#maxhistoryfetch": ["4"]])
        #expect(Self.bodies(bench.enter(Bench.hag, as: "thirdwitch")) == ["m7", "m8", "m9", "m10"])
        bench.leave(Bench.hag, "thirdwitch")
        #expect(Self.bodies(bench.enter(Bench.hag, as: "thirdwitch", history: .init(stanzas: 9))).count == 4)
    }

    @Test("What asks not to be kept is not, nor typing notices")
    func notKept() {
        var bench = Bench.opened()
        for hint in ["no-store", "no-permanent-store"] {
            bench.say("x", from: Bench.owner, payloads: [Element(hint, namespace: "urn:xmpp:hints")])
        }
        let state = Element("composing", namespace: "http://jabber.org/protocol/chatstates")
        bench.send(
            .message(Message(to: Bench.room, from: Bench.owner, kind: .groupchat, payloads: [state])))
        #expect(bench.room?.history.entries.isEmpty == true)
        let store = Element("store", namespace: "urn:xmpp:hints")
        bench.send(
            .message(Message(to: Bench.room, from: Bench.owner, kind: .groupchat, payloads: [state, store])))
        #expect(bench.room?.history.entries.count == 1)
    }

    @Test("Limits: messages and bytes that a room remembers")
    func bounds() {
        func message(_ text: String) -> Message { Message(to: nil, kind: .groupchat, body: text) }
        var history = RoomHistory(stanzas: 3, bytes: 10_000)
        for number in 1...4 {
            history.remember(message("m\(number)"), at: Instant(millisecondsSinceEpoch: 0))
        }
        #expect(history.entries.map(\.message.body) == ["m2", "m3", "m4"])
        let weight = Stanza.message(message("m1")).weight
        var small = RoomHistory(stanzas: 100, bytes: 2 * weight)
        for number in 1...3 {
            small.remember(message("m\(number)"), at: Instant(millisecondsSinceEpoch: 0))
        }
        #expect(small.entries.map(\.message.body) == ["m2", "m3"])
        small.remember(
            message(String(repeating: "x", count: 2 * weight)), at: Instant(millisecondsSinceEpoch: 0))
        #expect(small.entries.isEmpty)
    }

    @Test("Limits: people whose voice is remembered")
    func roles() {
        var roles = RememberedRoles(limit: 2)
        let users = (1...3).map { Bench.user("u\($0)").bare }
        for user in users { roles.remember(.visitor, of: user, usual: .participant) }
        #expect(users.map { roles[$0] } == [nil, .visitor, .visitor])
        roles.remember(.participant, of: users[1], usual: .participant)
        roles.remember(.moderator, of: users[0], usual: .participant)
        #expect(roles.count == 1)
    }

    @Test("Limits: requests that wait from occupant to occupant")
    func relays() {
        var relays = RelayedRequests(limit: 2)
        let iq = IQ(to: nil, id: "x", body: .get(Ping().element))
        let ids = (1...3).map { _ in
            relays.add(
                iq, asker: Bench.hag, asked: Bench.occupant("firstwitch"), recipient: Bench.owner)
        }
        #expect(Set(ids).count == 3)
        #expect(relays.take(ids[0], from: Bench.owner) == nil)
        #expect(relays.take(ids[1], from: Bench.stranger) == nil)
        #expect(relays.take(ids[1], from: Bench.owner)?.askerID == "x")
        #expect(relays.take(ids[1], from: Bench.owner) == nil)
        #expect(relays.waiting.count == 1)
    }
}
