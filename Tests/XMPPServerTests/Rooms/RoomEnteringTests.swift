import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Entering a room")
struct RoomEnteringTests {
    typealias Bench = RoomBench

    @Test("XEP-0045 §7.1: occupants, oneself, history, subject, in this order")
    func order() {
        var bench = Bench.coven()
        bench.say("Thrice the brinded cat hath mew'd.", from: Bench.owner)
        bench.setSubject("Fire burn", from: Bench.owner)
        let got = bench.enter(Bench.stranger, as: "hecate")
        #expect(
            got.map(\.from?.resource)
                == ["firstwitch", "secondwitch", "thirdwitch", "hecate", "firstwitch", "firstwitch"])
        #expect(got.prefix(4).allSatisfy { $0.presenceValue?.kind == .available })
        #expect(got.prefix(3).allSatisfy { !$0.statuses.contains(.isSelf) })
        #expect(got[3].statuses.contains(.isSelf))
        #expect(got[4].messageValue?.body == "Thrice the brinded cat hath mew'd.")
        #expect(got[4].delay?[attribute: "from"] == Bench.room.description)
        #expect(got[5].subjectText == "Fire burn")
        #expect(got[5].messageValue?.body == nil)
    }

    @Test("XEP-0045 §7.2.1: without a nickname, jid-malformed")
    func noNickname() {
        var bench = Bench.opened()
        bench.send(
            .presence(Presence(to: Bench.room, from: Bench.hag, payloads: [RoomEntry().element])))
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.jidMalformed])
    }

    @Test("XEP-0045 §7.2.1, §17.3: a client that enters again is told everything again")
    func synchronization() {
        var bench = Bench.coven()
        let first = bench.enter(Bench.hag, as: "thirdwitch")
        #expect(first.compactMap(\.presenceValue).count == 3)
        #expect(first.last?.subjectText == "")
        // The others have nothing new to hear, unless the presence differs.
        #expect(bench.take(Bench.owner).isEmpty)
        let away = Element("show", namespace: Namespace.client, text: "away")
        bench.enter(Bench.hag, as: "thirdwitch", payloads: [away])
        #expect(bench.take(Bench.owner).compactMap(\.presenceValue?.show) == [.away])
    }

    @Test("XEP-0045 §7.2.2: everybody is told of the newcomer, with role and affiliation")
    func broadcast() {
        var bench = Bench.opened()
        let got = bench.enter(Bench.hag, as: "thirdwitch")
        #expect(got.first?.notice?.item?.affiliation == .owner)
        #expect(got.first?.notice?.item?.role == .moderator)
        let heard = bench.take(Bench.owner)
        #expect(heard.map(\.from) == [Bench.occupant("thirdwitch")])
        #expect(heard.first?.notice?.item?.affiliation == RoomAffiliation.unaffiliated)
        #expect(heard.first?.notice?.item?.role == .participant)
        #expect(heard.first?.presenceValue?.payloads.filter(RoomNotice.matches).count == 1)
    }

    @Test("XEP-0045 §7.2.2: whose role is not shown is told only of himself")
    func hiddenRoles() {
        var bench = Bench.opened(["muc#roomconfig_presencebroadcast": ["moderator"]])
        #expect(bench.enter(Bench.hag, as: "thirdwitch").compactMap(\.presenceValue).count == 2)
        #expect(bench.take(Bench.owner).isEmpty)
        // Nor is he shown to those who come later.
        let got = bench.enter(Bench.stranger, as: "hecate")
        #expect(got.compactMap { $0.presenceValue?.from?.resource } == ["firstwitch", "hecate"])
    }

    @Test("XEP-0045 §7.2.3: a room that shows addresses says so and shows them to all")
    func nonAnonymous() {
        var bench = Bench.opened(["muc#roomconfig_whois": ["anyone"]])
        let got = bench.enter(Bench.hag, as: "thirdwitch")
        #expect(got.first?.notice?.item?.address == Bench.owner)
        #expect(got[1].statuses == [.nonAnonymous, .isSelf])
        #expect(!got[0].statuses.contains(.nonAnonymous))
        #expect(bench.take(Bench.owner).first?.notice?.item?.address == Bench.hag)
    }

    @Test("XEP-0045 §7.2.4: a semi-anonymous room shows addresses to moderators alone")
    func semiAnonymous() {
        var bench = Bench.coven()
        let got = bench.enter(Bench.stranger, as: "hecate")
        #expect(got.allSatisfy { $0.notice?.item?.address == nil })
        #expect(got.allSatisfy { !$0.statuses.contains(.nonAnonymous) })
        #expect(bench.take(Bench.owner).first?.notice?.item?.address == Bench.stranger)
        #expect(bench.take(Bench.admin).first?.notice?.item?.address == Bench.stranger)
        #expect(bench.take(Bench.hag).first?.notice?.item?.address == nil)
    }

    @Test("XEP-0045 §7.2.5: without the right password, not-authorized")
    func password() {
        var bench = Bench.opened([
            "muc#roomconfig_passwordprotectedroom": ["1"], "muc#roomconfig_roomsecret": ["cauldron"],
        ])
        let refusal = bench.enter(Bench.hag, as: "thirdwitch")
        #expect(refusal.map(\.errorCondition) == [.notAuthorized])
        #expect(refusal.first?.from == Bench.occupant("thirdwitch"))
        #expect(refusal.first?.presenceValue?.payloads.first == RoomEntry().element)
        #expect(
            bench.enter(Bench.hag, as: "thirdwitch", password: "kettle").map(\.errorCondition)
                == [.notAuthorized])
        #expect(bench.enter(Bench.hag, as: "thirdwitch", password: "cauldron").count == 3)
    }

    @Test("XEP-0045 §7.2.6: who is no member is told registration-required")
    func membersOnly() {
        var bench = Bench.opened(["muc#roomconfig_membersonly": ["1"]])
        #expect(bench.enter(Bench.hag, as: "thirdwitch").map(\.errorCondition) == [.registrationRequired])
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.owner) == nil)
        _ = bench.takeAll()
        #expect(bench.enter(Bench.hag, as: "thirdwitch").count == 3)
    }

    @Test("XEP-0045 §7.2.7: who is banned is told forbidden")
    func banned() {
        var bench = Bench.opened()
        #expect(bench.change(.init(affiliation: .outcast, address: Bench.hag.bare), by: Bench.owner) == nil)
        #expect(bench.enter(Bench.hag, as: "thirdwitch").map(\.errorCondition) == [.forbidden])
    }

    @Test("XEP-0045 §9.2: a banned domain is all its people, but for those who are named")
    func bannedDomain() throws {
        var bench = Bench.opened()
        let rome = Bench.stranger.domainJID
        let friend = try JID("bard@rome.test/desk")
        #expect(bench.change(.init(affiliation: .member, address: friend.bare), by: Bench.owner) == nil)
        #expect(bench.change(.init(affiliation: .outcast, address: rome), by: Bench.owner) == nil)
        #expect(bench.enter(Bench.stranger, as: "hecate").map(\.errorCondition) == [.forbidden])
        #expect(bench.enter(friend, as: "bard").first?.errorCondition == nil)
        // To be an owner, admin or member is for one address alone.
        #expect(bench.change(.init(affiliation: .owner, address: rome), by: Bench.owner) == nil)
        #expect(bench.room?.affiliations[Bench.stranger] == RoomAffiliation.unaffiliated)
    }

    @Test(
        "XEP-0045 §7.2.8: a nickname that is taken, in whatever capitals or blanks, is a conflict",
        arguments: ["thirdwitch", "ThirdWitch", "thirdwitch ", " thirdwitch"])
    func conflict(nickname: String) {
        var bench = Bench.coven()
        #expect(bench.enter(Bench.stranger, as: nickname).map(\.errorCondition) == [.conflict])
    }

    @Test("XEP-0045 §7.2.8: a nickname that another has reserved is a conflict")
    func reservedConflict() {
        var bench = Bench.opened()
        let member = RoomItem(affiliation: .member, address: Bench.hag.bare, nickname: "thirdwitch")
        #expect(bench.change(member, by: Bench.owner) == nil)
        #expect(bench.enter(Bench.stranger, as: "thirdwitch").map(\.errorCondition) == [.conflict])
        #expect(bench.enter(Bench.hag, as: "thirdwitch").count == 3)
    }

    @Test("XEP-0045 §7.2.8: one person may have one nickname on two clients, and both hear everything")
    func twoClients() {
        var bench = Bench.coven()
        let phone = Bench.user("hag66", "phone")
        let got = bench.enter(phone, as: "thirdwitch")
        #expect(
            got.compactMap { $0.presenceValue?.from?.resource } == [
                "firstwitch", "secondwitch", "thirdwitch",
            ])
        #expect(got[2].statuses == [.isSelf])
        #expect(bench.room?.occupants.count == 3)
        _ = bench.takeAll()
        bench.say("from the phone", from: phone)
        #expect(bench.take(Bench.hag).map(\.from) == [Bench.occupant("thirdwitch")])
        #expect(bench.take(phone).count == 1)
    }

    @Test("XEP-0045 §7.2.9: a full room says service-unavailable, but lets admins and owners in")
    func full() {
        var bench = Bench.opened(["muc#roomconfig_maxusers": ["10"]])
        #expect(bench.change(.init(affiliation: .admin, address: Bench.admin.bare), by: Bench.owner) == nil)
        for number in 2...10 {
            #expect(bench.enter(Bench.user("user\(number)"), as: "user\(number)").last?.subjectText == "")
        }
        #expect(bench.enter(Bench.hag, as: "thirdwitch").map(\.errorCondition) == [.serviceUnavailable])
        #expect(bench.enter(Bench.admin, as: "secondwitch").last?.subjectText == "")
    }

    @Test("XEP-0045 §7.2.10: a locked room is item-not-found for others")
    func locked() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        #expect(bench.enter(Bench.hag, as: "thirdwitch").map(\.errorCondition) == [.itemNotFound])
        #expect(bench.configure() == nil)
        #expect(bench.enter(Bench.hag, as: "thirdwitch").count == 3)
    }

    @Test("XEP-0045 §7.2.11, §10.1.1: a room that is not there is made, if the user may make rooms")
    func creation() {
        var bench = Bench(creators: .accounts(of: ["paris.test"]))
        let got = bench.enter(Bench.owner, as: "firstwitch")
        #expect(got.first?.statuses == [.isSelf, .created])
        #expect(got.first?.notice?.item?.affiliation == .owner)
        #expect(got.first?.notice?.item?.role == .moderator)
        let elsewhere = JID(preparedLocal: "cave", domain: "rooms.paris.test", resource: nil)
        #expect(
            bench.enter(Bench.stranger, as: "hecate", in: elsewhere).map(\.errorCondition) == [.notAllowed])
        #expect(bench.service.rooms.keys.sorted() == ["coven"])
    }

    @Test("XEP-0045 §7.2.18: presence of one who is not in the room is answered with a kick")
    func notInside() {
        var bench = Bench.opened()
        bench.present(Bench.hag, as: "thirdwitch")
        let got = bench.take(Bench.hag)
        #expect(got.map { $0.presenceValue?.kind } == [.unavailable])
        #expect(got.first?.statuses == [.isSelf, .kicked, .removedByError])
        #expect(got.first?.from == Bench.occupant("thirdwitch"))
        #expect(bench.room?.occupants.count == 1)
    }

    @Test(
        "XEP-0045 §17.3: presence with a type is no wish to enter",
        arguments: [Presence.Kind.probe, .subscribe, .subscribed, .unsubscribe, .unsubscribed, .unavailable])
    func typedPresence(kind: Presence.Kind) {
        var bench = Bench.opened()
        bench.send(
            .presence(
                Presence(
                    to: Bench.occupant("thirdwitch"), from: Bench.hag, kind: kind,
                    payloads: [RoomEntry().element])))
        #expect(bench.take(Bench.hag).isEmpty)
        #expect(bench.room?.occupants.count == 1)
    }

    @Test(
        "XEP-0045 §17.1: nicknames of which nothing can be seen are refused",
        arguments: [" ", "   ", "\u{200B}", "\u{00AD} "])
    func invisible(nickname: String) {
        var bench = Bench.opened()
        #expect(bench.enter(Bench.hag, as: nickname).map(\.errorCondition) == [.jidMalformed])
    }

    @Test("XEP-0045 §17.3: what only the room may say is not passed on")
    func forgedPresence() {
        var bench = Bench.coven()
        let forged = RoomNotice(item: RoomItem(affiliation: .owner, role: .moderator), statuses: [.kicked])
        bench.present(Bench.hag, as: "thirdwitch", [forged.element, OccupantID(id: "forged").element])
        let heard = bench.take(Bench.owner)
        #expect(heard.first?.presenceValue?.payloads.filter(RoomNotice.matches).count == 1)
        #expect(heard.first?.notice?.item?.affiliation == RoomAffiliation.unaffiliated)
        #expect(heard.first?.statuses == [])
        #expect(heard.first?.occupantIDs.count == 1)
        #expect(heard.first?.occupantIDs != ["forged"])
    }

    @Test("XEP-0045 §7.7: a change of availability is shown to all")
    func availability() {
        var bench = Bench.coven()
        bench.present(
            Bench.hag, as: "thirdwitch", [Element("show", namespace: Namespace.client, text: "xa")])
        for listener in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(listener)
            #expect(heard.map { $0.presenceValue?.show } == [.extendedAway])
            #expect(heard.first?.notice?.item?.role == .participant)
            #expect(heard.first?.statuses == (listener == Bench.hag ? [.isSelf] : []))
        }
    }
}
