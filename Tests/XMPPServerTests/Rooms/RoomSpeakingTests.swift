import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Speaking in a room")
struct RoomSpeakingTests {
    typealias Bench = RoomBench

    @Test("XEP-0045 §7.4: a message comes to everybody from the speaker's occupant address, with its id")
    func everybody() {
        var bench = Bench.coven()
        bench.say("Harpier cries", from: Bench.hag, id: "hysf1v37")
        for listener in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(listener)
            #expect(heard.map(\.from) == [Bench.occupant("thirdwitch")])
            #expect(heard.first?.id == "hysf1v37")
            #expect(heard.first?.messageValue?.kind == .groupchat)
            #expect(heard.first?.messageValue?.body == "Harpier cries")
        }
    }

    @Test("XEP-0045 §7.4: a visitor has no voice and is told forbidden; nobody hears it")
    func visitor() {
        var bench = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        #expect(bench.room?.occupants["thirdwitch"]?.role == .visitor)
        bench.say("let me", from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.forbidden])
        #expect(bench.take(Bench.owner).isEmpty)
        #expect(bench.room?.history.entries.isEmpty == true)
    }

    @Test("XEP-0045 §7.4: who is not in the room is told not-acceptable")
    func outsider() {
        var bench = Bench.coven()
        bench.say("hello", from: Bench.stranger)
        #expect(bench.take(Bench.stranger).map(\.errorCondition) == [.notAcceptable])
        #expect(bench.take(Bench.owner).isEmpty)
    }

    @Test("XEP-0045 §17.2: in a room that is not there or is locked, item-not-found")
    func nowhere() {
        var bench = Bench()
        bench.say("hello", from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.itemNotFound])
        bench.enter(Bench.owner, as: "firstwitch")
        bench.say("hello", from: Bench.owner)
        #expect(bench.take(Bench.owner).map(\.errorCondition) == [.itemNotFound])
    }

    @Test("XEP-0045 §17.2: a message to the room that is not of type groupchat is a bad request")
    func untyped() {
        var bench = Bench.coven()
        bench.send(.message(Message(to: Bench.room, from: Bench.hag, kind: .chat, body: "psst")))
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.badRequest])
        bench.send(.message(Message(to: Bench.room, from: Bench.stranger, kind: .normal, body: "psst")))
        #expect(bench.take(Bench.stranger).map(\.errorCondition) == [.notAcceptable])
        #expect(bench.take(Bench.owner).isEmpty)
    }

    @Test("XEP-0045 §17.2: extensions are passed on, but not what only the room may say")
    func extensions() {
        var bench = Bench.coven()
        let state = Element("active", namespace: "http://jabber.org/protocol/chatstates")
        let forged = [
            RoomNotice(statuses: [.kicked]).element, OccupantID(id: "forged").element,
            Element("stanza-id", namespace: "urn:xmpp:sid:0", ["by": Bench.room.description, "id": "1"]),
            Delay(time: DateTime(millisecondsSinceEpoch: 0), from: Bench.room).element,
        ]
        let foreign = Element("stanza-id", namespace: "urn:xmpp:sid:0", ["by": "rome.test", "id": "1"])
        bench.say("x", from: Bench.hag, payloads: [state, foreign] + forged)
        let payloads = bench.take(Bench.owner).first?.messageValue?.payloads ?? []
        #expect(payloads.contains(state))
        #expect(payloads.contains(foreign))
        #expect(payloads.filter { $0.matches("stanza-id", "urn:xmpp:sid:0") }.count == 1)
        #expect(!payloads.contains(where: RoomNotice.matches))
        #expect(!payloads.contains(where: Delay.matches))
    }

    // MARK: Private messages

    @Test("XEP-0045 §7.5: a private message comes from the sender's occupant address, marked as one")
    func whisper() {
        var bench = Bench.coven()
        bench.send(
            .message(Message(to: Bench.occupant("secondwitch"), from: Bench.hag, id: "p", body: "psst")))
        let heard = bench.take(Bench.admin)
        #expect(heard.map(\.from) == [Bench.occupant("thirdwitch")])
        #expect(heard.first?.to == Bench.admin)
        #expect(heard.first?.messageValue?.kind == .chat)
        #expect(heard.first?.notice == RoomNotice())
        #expect(bench.take(Bench.owner).isEmpty)
    }

    @Test("XEP-0045 §7.2.8, §7.5: a private message goes to all clients of the recipient")
    func whisperToAll() {
        var bench = Bench.coven()
        let phone = Bench.user("hag66", "phone")
        bench.enter(phone, as: "thirdwitch")
        _ = bench.takeAll()
        bench.send(.message(Message(to: Bench.occupant("thirdwitch"), from: Bench.owner, body: "psst")))
        #expect(bench.take(Bench.hag).count == 1)
        #expect(bench.take(phone).count == 1)
    }

    @Test(
        "XEP-0045 §7.5: of type groupchat, bad-request; to nobody, item-not-found; from outside, not-acceptable"
    )
    func whisperErrors() {
        var bench = Bench.coven()
        let second = Bench.occupant("secondwitch")
        bench.send(.message(Message(to: second, from: Bench.hag, kind: .groupchat, body: "x")))
        bench.send(.message(Message(to: Bench.occupant("nobody"), from: Bench.hag, body: "x")))
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.badRequest, .itemNotFound])
        bench.send(.message(Message(to: second, from: Bench.stranger, body: "x")))
        #expect(bench.take(Bench.stranger).map(\.errorCondition) == [.notAcceptable])
        #expect(bench.take(Bench.admin).isEmpty)
    }

    @Test(
        "XEP-0045 §7.5: who may send private messages is configured",
        arguments: [
            ("anyone", true, true), ("participants", true, false), ("moderators", false, false),
            ("none", false, false),
        ])
    func whisperPolicy(value: String, participant: Bool, visitor: Bool) {
        var bench = Bench.coven(["muc#roomconfig_allowpm": [value]])
        func isRefused(_ bench: inout RoomBench) -> Bool {
            bench.send(.message(Message(to: Bench.occupant("firstwitch"), from: Bench.hag, body: "x")))
            return bench.take(Bench.hag).map(\.errorCondition) == [.forbidden]
        }
        #expect(isRefused(&bench) == !participant)
        #expect(bench.change(.init(role: .visitor, nickname: "thirdwitch"), by: Bench.owner) == nil)
        _ = bench.takeAll()
        #expect(isRefused(&bench) == !visitor)
        bench.send(.message(Message(to: Bench.occupant("thirdwitch"), from: Bench.owner, body: "x")))
        #expect((bench.take(Bench.owner).first?.errorCondition == nil) == (value != "none"))
    }

    // MARK: Subject

    @Test("XEP-0045 §8.1: a moderator changes the subject, and everybody hears it from him")
    func subject() {
        var bench = Bench.coven()
        bench.setSubject("Fire burn", from: Bench.admin)
        for listener in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(listener)
            #expect(heard.map(\.subjectText) == ["Fire burn"])
            #expect(heard.first?.from == Bench.occupant("secondwitch"))
        }
        let got = bench.enter(Bench.stranger, as: "hecate")
        #expect(got.last?.subjectText == "Fire burn")
        #expect(got.last?.delay?[attribute: "from"] == Bench.room.description)
    }

    @Test("XEP-0045 §8.1: who may not change the subject is told forbidden")
    func subjectForbidden() {
        var bench = Bench.coven()
        bench.setSubject("mine", from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.forbidden])
        #expect(bench.room?.subject == nil)
        #expect(bench.configure(["muc#roomconfig_changesubject": ["1"]]) == nil)
        _ = bench.takeAll()
        bench.setSubject("mine", from: Bench.hag)
        #expect(bench.take(Bench.owner).map(\.subjectText) == ["mine"])
    }

    @Test(
        "XEP-0045 §8.1: with a body or a thread it is a message and no new subject",
        arguments: ["body", "thread"])
    func subjectWithBody(other: String) {
        var bench = Bench.coven()
        let payloads = ["subject", other].map { Element($0, namespace: Namespace.client, text: "x") }
        bench.send(
            .message(Message(to: Bench.room, from: Bench.hag, kind: .groupchat, payloads: payloads)))
        #expect(bench.take(Bench.owner).map(\.subjectText) == ["x"])
        #expect(bench.room?.subject == nil)
    }

    @Test("XEP-0045 §7.2.15: without a subject an empty one is sent; an emptied one is sent with its time")
    func emptySubject() {
        var bench = Bench.coven()
        let before = bench.enter(Bench.stranger, as: "hecate").last
        #expect(before?.subjectText == "")
        #expect(before?.delay == nil)
        #expect(before?.from == Bench.room)
        bench.leave(Bench.stranger, "hecate")
        bench.setSubject("Fire", from: Bench.owner)
        bench.setSubject("", from: Bench.owner)
        _ = bench.takeAll()
        let after = bench.enter(Bench.stranger, as: "hecate").last
        #expect(after?.subjectText == "")
        #expect(after?.delay != nil)
    }
}
