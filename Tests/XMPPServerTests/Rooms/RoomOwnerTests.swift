import CloudModel
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Owners")
struct RoomOwnerTests {
    typealias Bench = RoomBench

    static func form(_ bench: inout RoomBench, for asker: JID = Bench.owner) throws -> DataForm? {
        guard case .result(let element?) = bench.ask(.get(RoomOwnership().element), from: asker) else {
            return nil
        }
        return try RoomOwnership(parsing: element).form
    }

    @Test("XEP-0045 §10.1.1: a room that nobody may make is not-allowed")
    func restricted() {
        var bench = Bench(creators: .only([Bench.admin.bare]))
        #expect(bench.enter(Bench.owner, as: "firstwitch").map(\.errorCondition) == [.notAllowed])
        #expect(bench.enter(Bench.admin, as: "secondwitch").first?.statuses == [.isSelf, .created])
    }

    @Test("XEP-0045 §10.1.2: an empty submission makes an instant room and unlocks it")
    func instant() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        #expect(bench.configure() == nil)
        #expect(bench.room?.lockedSince == nil)
        #expect(bench.room?.configuration == RoomConfiguration())
    }

    @Test("XEP-0045 §10.1.3: a reserved room is configured by its form")
    func reservedRoom() throws {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        let form = try Self.form(&bench)
        #expect(form?.kind == .form)
        #expect(form?.formType == RoomConfiguration.formType)
        #expect(form?.value("muc#roomconfig_roomowners") == Bench.owner.bare.description)
        #expect(
            bench.configure([
                DataForm.formTypeField: [RoomConfiguration.formType],
                "muc#roomconfig_roomname": ["A Dark Cave"], "muc#roomconfig_roomdesc": ["The place"],
                "muc#roomconfig_lang": ["en"], "muc#roomconfig_persistentroom": ["true"],
                "muc#roomconfig_publicroom": ["0"], "muc#roomconfig_membersonly": ["1"],
                "muc#roomconfig_moderatedroom": ["1"], "muc#roomconfig_passwordprotectedroom": ["1"],
                "muc#roomconfig_roomsecret": ["cauldron"], "muc#roomconfig_whois": ["anyone"],
                "muc#roomconfig_changesubject": ["1"], "muc#roomconfig_allowinvites": ["1"],
                "muc#roomconfig_allowpm": ["moderators"], "muc#roomconfig_maxusers": ["20"],
                "muc#roomconfig_presencebroadcast": ["moderator", "participant"],
                "muc#maxhistoryfetch": ["50"],
                "muc#roomconfig_roomadmins": ["wiccarocks@paris.test", "hecate@rome.test"],
            ]) == nil)
        #expect(
            bench.room?.configuration
                == RoomConfiguration(
                    name: "A Dark Cave", description: "The place", language: "en", isPersistent: true,
                    isPublic: false, isMembersOnly: true, isModerated: true, password: "cauldron",
                    isNonAnonymous: true, participantsMayChangeSubject: true, membersMayInvite: true,
                    privateMessages: .moderators, shownRoles: [.moderator, .participant],
                    maximumOccupants: 20, historyStanzas: 50))
        #expect(
            bench.room?.affiliations.addresses(.admin) == [Bench.stranger.bare, Bench.admin.bare].sorted())
        #expect(bench.room?.affiliations[Bench.owner] == .owner)
    }

    @Test(
        "XEP-0045 §10.1.3: what the service does not allow is not-acceptable, what is no answer a bad request"
    )
    func wrongConfiguration() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        #expect(bench.configure(["muc#roomconfig_passwordprotectedroom": ["1"]]) == .notAcceptable)
        #expect(bench.configure(["muc#maxhistoryfetch": ["101"]]) == .notAcceptable)
        #expect(bench.configure(["muc#maxhistoryfetch": ["-1"]]) == .notAcceptable)
        #expect(bench.configure(["muc#roomconfig_maxusers": ["0"]]) == .badRequest)
        #expect(bench.configure(["muc#roomconfig_whois": ["nobody"]]) == .badRequest)
        #expect(bench.configure(["muc#roomconfig_roomadmins": ["@@"]]) == .badRequest)
        #expect(bench.configure([DataForm.formTypeField: ["urn:other"]]) == .badRequest)
        let long = String(repeating: "x", count: 1_025)
        #expect(bench.configure(["muc#roomconfig_roomname": [long]]) == .notAcceptable)
        #expect(bench.configure(["muc#roomconfig_roomname": [String(long.dropLast())]]) == nil)
        #expect(bench.room?.lockedSince == nil)
    }

    @Test("XEP-0045 §10.1.3: cancelling the first configuration ends the room")
    func cancelled() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        #expect(bench.configure(kind: .cancel) == nil)
        #expect(bench.take(Bench.owner).first?.notice?.destruction != nil)
        #expect(bench.service.rooms.isEmpty)
    }

    @Test("XEP-0045 §10.1.3: leaving before configuring ends the room")
    func abandoned() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        bench.leave(Bench.owner, "firstwitch")
        #expect(bench.take(Bench.owner).first?.notice?.destruction != nil)
        #expect(bench.service.rooms.isEmpty)
    }

    @Test("XEP-0045 §10.2: only owners get the form and submit it; it holds the current values")
    func laterConfiguration() throws {
        var bench = Bench.coven(["muc#roomconfig_roomname": ["A Dark Cave"]])
        for asker in [Bench.admin, Bench.hag, Bench.stranger] {
            #expect(try Self.form(&bench, for: asker) == nil)
            #expect(bench.configure(by: asker) == .forbidden)
        }
        #expect(try Self.form(&bench)?.value("muc#roomconfig_roomname") == "A Dark Cave")
        // An owner need not be in the room.
        bench.leave(Bench.owner, "firstwitch")
        #expect(try Self.form(&bench) != nil)
    }

    @Test("XEP-0045 §10.2: a later cancellation leaves everything as it was")
    func laterCancellation() {
        var bench = Bench.coven()
        #expect(bench.configure(["muc#roomconfig_roomname": ["x"]], kind: .cancel) == nil)
        #expect(bench.room?.configuration == RoomConfiguration())
    }

    @Test("XEP-0045 §10.2: whoever gains or loses a place on the lists is seen to")
    func lists() {
        var bench = Bench.coven()
        let admins = "muc#roomconfig_roomadmins"
        let owners = "muc#roomconfig_roomowners"
        #expect(bench.configure([admins: [Bench.hag.bare.description]]) == nil)
        let heard = bench.take(Bench.owner).compactMap(\.presenceValue).map(Stanza.presence)
        #expect(heard.map { $0.from?.resource } == ["secondwitch", "thirdwitch"])
        #expect(heard.map { $0.notice?.item?.affiliation } == [RoomAffiliation.unaffiliated, .admin])
        #expect(heard.map { $0.notice?.item?.role } == [.participant, .moderator])
        let both = [Bench.owner.bare.description, Bench.hag.bare.description]
        #expect(bench.configure([owners: both, admins: []]) == nil)
        #expect(bench.room?.affiliations[Bench.hag] == .owner)
        // §10.2: an owner who loses that is an admin.
        #expect(bench.configure([owners: [Bench.owner.bare.description]]) == nil)
        #expect(bench.room?.affiliations[Bench.hag] == .admin)
        #expect(bench.room?.occupants["thirdwitch"]?.role == .moderator)
    }

    @Test("XEP-0045 §10.2, §10.4: the last owner stays one")
    func lastOwner() {
        var bench = Bench.coven()
        #expect(bench.configure(["muc#roomconfig_roomowners": []]) == .conflict)
        #expect(
            bench.change(.init(affiliation: .admin, address: Bench.owner.bare), by: Bench.owner) == .conflict)
        #expect(bench.change(.init(affiliation: .owner, address: Bench.hag.bare), by: Bench.owner) == nil)
        #expect(bench.change(.init(affiliation: .admin, address: Bench.owner.bare), by: Bench.owner) == nil)
        #expect(bench.room?.affiliations[Bench.owner] == .admin)
        #expect(bench.room?.occupants["firstwitch"]?.role == .moderator)
    }

    @Test("XEP-0045 §10.2: a room that becomes members-only keeps no others, and says why")
    func becomesMembersOnly() {
        var bench = Bench.coven()
        #expect(bench.configure(["muc#roomconfig_membersonly": ["1"]]) == nil)
        #expect(bench.take(Bench.hag).map(\.statuses) == [[.isSelf, .removedAsNonMember]])
        let heard = bench.take(Bench.admin)
        #expect(heard.first?.statuses == [.removedAsNonMember])
        #expect(heard.last?.statuses == [.configurationChanged])
        #expect(bench.room?.occupants.count == 2)
    }

    @Test(
        "XEP-0045 §10.2.1: everybody is told what was configured, by code",
        arguments: [
            ("muc#roomconfig_whois", "anyone", RoomStatus.becameNonAnonymous),
            ("muc#roomconfig_roomname", "x", .configurationChanged),
        ])
    func notices(field: String, value: String, status: RoomStatus) {
        var bench = Bench.coven()
        #expect(bench.configure([field: [value]]) == nil)
        for listener in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(listener)
            #expect(heard.map(\.statuses) == [[status]])
            #expect(heard.first?.from == Bench.room)
            #expect(heard.first?.messageValue?.kind == .groupchat)
        }
        #expect(bench.configure(["muc#roomconfig_whois": ["moderators"]]) == nil)
        #expect(
            bench.take(Bench.hag).map(\.statuses)
                == (status == .becameNonAnonymous ? [[.becameSemiAnonymous]] : []))
    }

    @Test("XEP-0045 §10.3, §10.6, §10.7: owners make owners and admins; nobody else does")
    func affiliations() {
        var bench = Bench.coven()
        for affiliation in [RoomAffiliation.owner, .admin] {
            let item = RoomItem(affiliation: affiliation, address: Bench.hag)
            #expect(bench.change(item, by: Bench.admin) == .forbidden)
            #expect(bench.change(item, by: Bench.user("wizard")) == .forbidden)
            #expect(bench.change(item, by: Bench.owner) == nil)
            #expect(bench.room?.affiliations.entries[Bench.hag.bare]?.affiliation == affiliation)
            let heard = bench.take(Bench.hag).compactMap(\.presenceValue).map(Stanza.presence)
            #expect(heard.last?.notice?.item?.affiliation == affiliation)
            #expect(heard.last?.notice?.item?.role == .moderator)
        }
        let none = RoomItem(affiliation: RoomAffiliation.unaffiliated, address: Bench.hag)
        #expect(bench.change(none, by: Bench.admin) == .forbidden)
        #expect(bench.change(none, by: Bench.owner) == nil)
        #expect(bench.room?.occupants["thirdwitch"]?.role == .participant)
    }

    @Test("XEP-0045 §10.9: an owner ends the room; everybody is told, with where to go instead")
    func destruction() throws {
        var bench = Bench.coven(["muc#roomconfig_persistentroom": ["1"]])
        let destruction = RoomDestruction(
            alternative: try JID("cave@rooms.rome.test"), password: "open", reason: "Macbeth doth come.")
        let query = RoomOwnership(destruction: destruction).element
        for asker in [Bench.admin, Bench.hag, Bench.stranger] {
            #expect(RoomNicknameTests.condition(bench.ask(.set(query), from: asker)) == .forbidden)
        }
        bench.send(.iq(IQ(to: Bench.room, from: Bench.owner, id: "d", body: .set(query))))
        for listener in [Bench.owner, Bench.admin, Bench.hag] {
            let heard = bench.take(listener).compactMap(\.presenceValue)
            #expect(heard.map(\.kind) == [.unavailable])
            let notice = heard.first.map(Stanza.presence)?.notice
            #expect(notice?.destruction == destruction)
            #expect(notice?.item?.role == RoomRole.absent)
            #expect(notice?.item?.affiliation == RoomAffiliation.unaffiliated)
        }
        #expect(bench.service.rooms.isEmpty)
        #expect(bench.writes.last == .delete(room: "coven"))
    }

    @Test("XEP-0045 §10.1.1: a room that is never configured opens with what it is after a while")
    func lockTimeout() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        bench.now = bench.now.advanced(by: .milliseconds(599_999))
        #expect(bench.enter(Bench.hag, as: "thirdwitch").map(\.errorCondition) == [.itemNotFound])
        bench.now = bench.now.advanced(by: .milliseconds(1))
        #expect(bench.enter(Bench.hag, as: "thirdwitch").last?.subjectText == "")
    }
}
