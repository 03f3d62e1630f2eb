import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Discovering rooms")
struct RoomDiscoveryTests {
    typealias Bench = RoomBench

    static func info(
        _ bench: inout RoomBench, node: String? = nil, of address: JID = Bench.room,
        for asker: JID = Bench.stranger
    ) throws -> DiscoInfo? {
        guard
            case .result(let element?) = bench.ask(
                .get(DiscoInfo(node: node).element), from: asker, to: address)
        else { return nil }
        return try DiscoInfo(parsing: element)
    }

    static func items(
        _ bench: inout RoomBench, of address: JID, for asker: JID = Bench.stranger
    ) throws -> [DiscoItems.Item]? {
        guard case .result(let element?) = bench.ask(.get(DiscoItems().element), from: asker, to: address)
        else { return nil }
        return try DiscoItems(parsing: element).items
    }

    @Test("XEP-0045 §6.2: the service says what it is and can do")
    func service() throws {
        var bench = Bench()
        let info = try Self.info(&bench, of: Bench.domain)
        #expect(info?.identities == [.init(category: "conference", type: "text", name: "Rooms")])
        #expect(info?.features.contains(Namespace.rooms) == true)
        #expect(info?.features.contains(Namespace.occupantID) == true)
        #expect(info?.features.contains("http://jabber.org/protocol/muc#stable_id") == true)
    }

    @Test("XEP-0045 §6.3: public rooms are listed by name; hidden and locked ones are not")
    func rooms() throws {
        var bench = Bench.opened(["muc#roomconfig_roomname": ["A Dark Cave"]])
        for (name, isPublic) in [("hidden", "0"), ("plain", "1")] {
            let room = JID(preparedLocal: name, domain: "rooms.paris.test", resource: nil)
            bench.enter(Bench.owner, as: "firstwitch", in: room)
            #expect(bench.configure(["muc#roomconfig_publicroom": [isPublic]], room: room) == nil)
        }
        let locked = JID(preparedLocal: "locked", domain: "rooms.paris.test", resource: nil)
        bench.enter(Bench.owner, as: "firstwitch", in: locked)
        #expect(
            try Self.items(&bench, of: Bench.domain)?.map(\.name) == ["A Dark Cave", "plain"])
        #expect(try Self.info(&bench, of: locked) == nil)
    }

    @Test("XEP-0045 §6.4: a room says what kind it is, and who may know it how many are in it")
    func room() throws {
        var bench = Bench.coven()
        bench.setSubject("Fire burn", from: Bench.owner)
        let open = try Self.info(&bench)
        #expect(
            Set(open?.features.filter { $0.hasPrefix("muc_") } ?? [])
                == [
                    "muc_public", "muc_temporary", "muc_open", "muc_unmoderated", "muc_semianonymous",
                    "muc_unsecured",
                ])
        #expect(open?.forms.first?.formType == "http://jabber.org/protocol/muc#roominfo")
        #expect(open?.forms.first?.value("muc#roominfo_occupants") == "3")
        #expect(open?.forms.first?.value("muc#roominfo_subject") == "Fire burn")
        let fields = [
            "muc#roomconfig_publicroom": ["0"], "muc#roomconfig_persistentroom": ["1"],
            "muc#roomconfig_membersonly": ["1"], "muc#roomconfig_moderatedroom": ["1"],
            "muc#roomconfig_whois": ["anyone"], "muc#roomconfig_passwordprotectedroom": ["1"],
            "muc#roomconfig_roomsecret": ["x"],
        ]
        #expect(bench.configure(fields) == nil)
        let closed = try Self.info(&bench)
        #expect(
            Set(closed?.features.filter { $0.hasPrefix("muc_") } ?? [])
                == [
                    "muc_hidden", "muc_persistent", "muc_membersonly", "muc_moderated", "muc_nonanonymous",
                    "muc_passwordprotected",
                ])
        // §14.4: strangers learn neither the subject nor how many are there.
        #expect(closed?.forms.first?.field("muc#roominfo_occupants") == nil)
        #expect(closed?.forms.first?.field("muc#roominfo_subject") == nil)
        #expect(
            try Self.info(&bench, for: Bench.admin)?.forms.first?.value("muc#roominfo_occupants") == "2")
    }

    @Test("XEP-0045 §6.5: who is in a room is for those who are in it; others get an empty list")
    func occupants() throws {
        var bench = Bench.coven()
        #expect(try Self.items(&bench, of: Bench.room) == [])
        #expect(
            try Self.items(&bench, of: Bench.room, for: Bench.hag)?.map(\.address.resource)
                == ["firstwitch", "secondwitch", "thirdwitch"])
    }

    @Test("XEP-0045 §6.6: who is not in the room and asks about an occupant is told bad-request")
    func occupantQuery() {
        var bench = Bench.coven()
        let body = bench.ask(
            .get(DiscoInfo().element), from: Bench.stranger, to: Bench.occupant("thirdwitch"))
        #expect(RoomNicknameTests.condition(body) == .badRequest)
    }

    @Test(
        "XEP-0045 §18.1.1: nothing is kept out, so the traffic node is service-unavailable; others are not found"
    )
    func nodes() {
        var bench = Bench.coven()
        func condition(_ bench: inout RoomBench, _ node: String, _ address: JID) -> StanzaError.Condition? {
            RoomNicknameTests.condition(
                bench.ask(.get(DiscoInfo(node: node).element), from: Bench.stranger, to: address))
        }
        #expect(condition(&bench, Room.trafficNode, Bench.room) == .serviceUnavailable)
        #expect(condition(&bench, "urn:other", Bench.room) == .itemNotFound)
        #expect(condition(&bench, "urn:other", Bench.domain) == .itemNotFound)
    }

    @Test("A room that is not there, and what no room understands")
    func unknown() {
        var bench = Bench.opened()
        let nowhere = JID(preparedLocal: "nowhere", domain: "rooms.paris.test", resource: nil)
        let info = DiscoInfo().element
        #expect(
            RoomNicknameTests.condition(bench.ask(.get(info), from: Bench.hag, to: nowhere)) == .itemNotFound)
        let other = Element("query", namespace: "urn:example:other")
        for address in [Bench.room, Bench.domain] {
            #expect(
                RoomNicknameTests.condition(bench.ask(.get(other), from: Bench.hag, to: address))
                    == .serviceUnavailable)
            #expect(
                RoomNicknameTests.condition(bench.ask(.set(other), from: Bench.hag, to: address))
                    == .serviceUnavailable)
            #expect(bench.ask(.get(Ping().element), from: Bench.hag, to: address) == .result(nil))
        }
    }

    // MARK: From occupant to occupant

    @Test("XEP-0410: who is in the room hears so from the room itself; who is not, not-acceptable")
    func selfPing() {
        var bench = Bench.coven()
        let third = Bench.occupant("thirdwitch")
        #expect(bench.ask(.get(Ping().element), from: Bench.hag, to: third) == .result(nil))
        #expect(bench.take(Bench.hag).isEmpty)
        let stranger = bench.ask(.get(Ping().element), from: Bench.stranger, to: third)
        #expect(RoomNicknameTests.condition(stranger) == .notAcceptable)
        let other = bench.ask(.get(Ping().element), from: Bench.user("hag66", "phone"), to: third)
        #expect(RoomNicknameTests.condition(other) == .notAcceptable)
        let gone = bench.ask(.get(Ping().element), from: Bench.hag, to: Bench.occupant("oldhag"))
        #expect(RoomNicknameTests.condition(gone) == .itemNotFound)
    }

    @Test("XEP-0045 §17.4: a request goes to the occupant and its answer back, and neither sees an address")
    func relay() {
        var bench = Bench.coven()
        let second = Bench.occupant("secondwitch")
        bench.send(.iq(IQ(to: second, from: Bench.hag, id: "v", body: .get(SoftwareVersion().element))))
        let asked = bench.take(Bench.admin)
        #expect(asked.map(\.from) == [Bench.occupant("thirdwitch")])
        #expect(asked.first?.id != "v")
        let answer = SoftwareVersion(name: "x", version: "1").element
        // Nobody else can answer for him.
        bench.send(
            .iq(
                IQ(
                    to: Bench.occupant("thirdwitch"), from: Bench.owner, id: asked.first?.id ?? "",
                    body: .result(answer))))
        #expect(bench.take(Bench.hag).isEmpty)
        for _ in 0..<2 {
            bench.send(
                .iq(
                    IQ(
                        to: Bench.occupant("thirdwitch"), from: Bench.admin, id: asked.first?.id ?? "",
                        body: .result(answer))))
        }
        #expect(
            bench.take(Bench.hag) == [.iq(IQ(to: Bench.hag, from: second, id: "v", body: .result(answer)))])
    }

    @Test("XEP-0045 §17.4: who asked hears it if the one he asked leaves")
    func missedAnswer() {
        var bench = Bench.coven()
        let second = Bench.occupant("secondwitch")
        bench.send(.iq(IQ(to: second, from: Bench.hag, id: "v", body: .get(SoftwareVersion().element))))
        bench.leave(Bench.admin, "secondwitch")
        let answers = bench.take(Bench.hag).compactMap(\.iqValue).map(Stanza.iq)
        #expect(answers.map(\.errorCondition) == [.recipientUnavailable])
        #expect(answers.map(\.from) == [second])
        #expect(answers.map(\.id) == ["v"])
    }

    @Test("XEP-0045 §17.4: a card is asked of the account, not of the client")
    func card() {
        var bench = Bench.coven()
        let card = Element("vCard", namespace: "vcard-temp")
        bench.send(.iq(IQ(to: Bench.occupant("secondwitch"), from: Bench.hag, id: "v", body: .get(card))))
        let asked = bench.take(Bench.admin.bare)
        #expect(asked.count == 1)
        bench.send(
            .iq(
                IQ(
                    to: Bench.occupant("thirdwitch"), from: Bench.admin.bare, id: asked.first?.id ?? "",
                    body: .result(card))))
        #expect(bench.take(Bench.hag).map(\.from) == [Bench.occupant("secondwitch")])
    }

    // MARK: Occupant ids

    @Test("XEP-0421: one person has one id in a room, whatever he is called; others have others")
    func occupantIDs() {
        var bench = Bench.coven()
        bench.present(Bench.hag, as: "oldhag")
        bench.say("x", from: Bench.hag)
        bench.leave(Bench.hag, "oldhag")
        bench.enter(Bench.user("hag66", "phone"), as: "again")
        let heard = bench.take(Bench.owner)
        #expect(heard.allSatisfy { $0.occupantIDs.count == 1 })
        #expect(Set(heard.flatMap(\.occupantIDs)).count == 1)
        bench.say("y", from: Bench.admin)
        #expect(bench.take(Bench.owner).first?.occupantIDs != heard.first?.occupantIDs)
        // Another room, another id.
        let cave = JID(preparedLocal: "cave", domain: "rooms.paris.test", resource: nil)
        let elsewhere = bench.enter(Bench.hag, as: "thirdwitch", in: cave)
        #expect(elsewhere.first?.occupantIDs != heard.first?.occupantIDs)
    }

    @Test("XEP-0421: whatever ids a sender attaches are replaced, and history and subject carry theirs")
    func forgedIDs() {
        var bench = Bench.coven()
        let forged = [OccupantID(id: "a").element, OccupantID(id: "b").element]
        bench.say("x", from: Bench.hag, payloads: forged)
        let id = bench.room?.occupants["thirdwitch"]?.id.id ?? ""
        #expect(bench.take(Bench.owner).first?.occupantIDs == [id])
        bench.send(
            .message(
                Message(
                    to: Bench.occupant("firstwitch"), from: Bench.hag,
                    payloads: [Element("body", namespace: Namespace.client, text: "x")] + forged)))
        #expect(bench.take(Bench.owner).first?.occupantIDs == [id])
        bench.setSubject("s", from: Bench.owner)
        let got = bench.enter(Bench.stranger, as: "hecate").compactMap(\.messageValue).map(Stanza.message)
        #expect(got.map(\.occupantIDs.count) == [1, 1])
        #expect(got.first?.occupantIDs == [id])
    }
}
