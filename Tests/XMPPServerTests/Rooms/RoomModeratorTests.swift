import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Moderators and admins")
struct RoomModeratorTests {
    typealias Bench = RoomBench

    static func list(_ bench: inout RoomBench, _ item: RoomItem, for asker: JID) throws -> [RoomItem]? {
        guard
            case .result(let element?) = bench.ask(
                .get(RoomAdministration(items: [item]).element), from: asker)
        else { return nil }
        return try RoomAdministration(parsing: element).items
    }

    @Test("XEP-0045 §8.2: the kicked hears it first, then the moderator, then the others")
    func kick() {
        var bench = Bench.coven()
        let item = RoomItem(role: RoomRole.absent, nickname: "thirdwitch", reason: "Avaunt")
        #expect(bench.change(item, by: Bench.admin) == nil)
        let sent = bench.takeAll()
        #expect(sent.map(\.to) == [Bench.hag, Bench.admin, Bench.owner, Bench.admin])
        #expect(sent[0].statuses == [.isSelf, .kicked])
        #expect(sent[0].notice?.item?.reason == "Avaunt")
        #expect(sent[0].notice?.item?.actor?.nickname == "secondwitch")
        // The kicked is no moderator and sees no addresses.
        #expect(sent[0].notice?.item?.actor?.address == nil)
        #expect(sent[1].iqValue != nil)
        #expect(sent[2].presenceValue?.kind == .unavailable)
        #expect(sent[2].statuses == [.kicked])
        #expect(sent[2].notice?.item?.role == RoomRole.absent)
        #expect(sent[2].notice?.item?.actor?.address == Bench.admin.bare)
        #expect(bench.room?.occupants["thirdwitch"] == nil)
        // He may come again.
        #expect(bench.enter(Bench.hag, as: "thirdwitch").last?.subjectText == "")
    }

    @Test("XEP-0045 §8.2: an admin does not kick an owner; who is no moderator kicks nobody")
    func kickRefused() {
        var bench = Bench.coven()
        #expect(
            bench.change(.init(role: RoomRole.absent, nickname: "firstwitch"), by: Bench.admin) == .notAllowed
        )
        #expect(
            bench.change(.init(role: RoomRole.absent, nickname: "secondwitch"), by: Bench.hag) == .forbidden)
        #expect(bench.change(.init(role: RoomRole.absent, nickname: "x"), by: Bench.stranger) == .forbidden)
        #expect(
            bench.change(.init(role: RoomRole.absent, nickname: "nobody"), by: Bench.owner) == .itemNotFound)
        #expect(bench.room?.occupants.count == 3)
    }

    @Test("XEP-0045 §8.3, §8.4: voice is granted and revoked, and everybody sees it")
    func voice() {
        var bench = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        for role in [RoomRole.participant, .visitor] {
            #expect(
                bench.change(.init(role: role, nickname: "thirdwitch", reason: "r"), by: Bench.admin) == nil)
            for listener in [Bench.owner, Bench.hag] {
                let heard = bench.take(listener)
                #expect(heard.map { $0.notice?.item?.role } == [role])
                #expect(heard.first?.notice?.item?.reason == "r")
                #expect(heard.first?.presenceValue?.kind == .available)
            }
        }
    }

    @Test("XEP-0045 §5.1: voice outlasts a visit, and so does the want of it")
    func rememberedVoice() {
        var moderated = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        #expect(moderated.change(.init(role: .participant, nickname: "thirdwitch"), by: Bench.owner) == nil)
        moderated.leave(Bench.hag, "thirdwitch")
        moderated.enter(Bench.hag, as: "oldhag")
        #expect(moderated.room?.occupants["oldhag"]?.role == .participant)
        var open = Bench.coven()
        #expect(open.change(.init(role: .visitor, nickname: "thirdwitch"), by: Bench.owner) == nil)
        open.leave(Bench.hag, "thirdwitch")
        open.enter(Bench.user("hag66", "phone"), as: "oldhag")
        #expect(open.room?.occupants["oldhag"]?.role == .visitor)
        // Voice that is granted again is remembered as well, and a moderator is so for one visit.
        #expect(open.change(.init(role: .moderator, nickname: "oldhag"), by: Bench.owner) == nil)
        open.leave(Bench.user("hag66", "phone"), "oldhag")
        open.enter(Bench.hag, as: "thirdwitch")
        #expect(open.room?.occupants["thirdwitch"]?.role == .participant)
    }

    @Test("XEP-0045 §5.1: a role that is not shown takes its bearer out of sight, and voice brings him back")
    func visibility() {
        let fields = ["muc#roomconfig_presencebroadcast": ["participant", "moderator"]]
        var bench = Bench.coven(fields)
        #expect(bench.change(.init(role: .visitor, nickname: "thirdwitch"), by: Bench.owner) == nil)
        #expect(bench.take(Bench.admin).map { $0.presenceValue?.kind } == [.unavailable])
        #expect(bench.take(Bench.hag).map { $0.presenceValue?.kind } == [.available])
        #expect(bench.change(.init(role: .participant, nickname: "thirdwitch"), by: Bench.owner) == nil)
        #expect(bench.take(Bench.admin).map { $0.presenceValue?.kind } == [.available])
    }

    @Test(
        "XEP-0045 §8.5, §9.8: the lists of roles are for moderators, with nickname, role, affiliation and address"
    )
    func roleLists() throws {
        var bench = Bench.coven()
        #expect(
            try Self.list(&bench, .init(role: .participant), for: Bench.admin)
                == [
                    .init(
                        affiliation: RoomAffiliation.unaffiliated, role: .participant, address: Bench.hag,
                        nickname: "thirdwitch")
                ])
        let moderators = try Self.list(&bench, .init(role: .moderator), for: Bench.admin)
        #expect(moderators?.map(\.nickname) == ["firstwitch", "secondwitch"])
        #expect(try Self.list(&bench, .init(role: .participant), for: Bench.hag) == nil)
        #expect(try Self.list(&bench, .init(role: .participant), for: Bench.stranger) == nil)
    }

    @Test("XEP-0045 §17.4: an item that changes role and affiliation, or neither, is a bad request")
    func ambiguous() {
        var bench = Bench.coven()
        let both = RoomItem(
            affiliation: .member, role: .participant, address: Bench.hag.bare, nickname: "thirdwitch")
        #expect(bench.change(both, by: Bench.owner) == .badRequest)
        #expect(bench.change(.init(nickname: "thirdwitch"), by: Bench.owner) == .badRequest)
        #expect(bench.change(.init(role: .visitor), by: Bench.owner) == .badRequest)
        #expect(bench.change(.init(affiliation: .member), by: Bench.owner) == .badRequest)
        #expect(bench.change([], by: Bench.owner) == .badRequest)
    }

    // MARK: Admins

    @Test("XEP-0045 §9.1: the banned is removed, told why, and on the list")
    func ban() throws {
        var bench = Bench.coven()
        let item = RoomItem(affiliation: .outcast, address: Bench.hag.bare, reason: "Treason")
        #expect(bench.change(item, by: Bench.admin) == nil)
        let own = bench.take(Bench.hag)
        #expect(own.map { $0.presenceValue?.kind } == [.unavailable])
        #expect(own.first?.statuses == [.isSelf, .banned])
        #expect(own.first?.notice?.item?.affiliation == .outcast)
        #expect(own.first?.notice?.item?.role == RoomRole.absent)
        #expect(own.first?.notice?.item?.reason == "Treason")
        let heard = bench.take(Bench.owner)
        #expect(heard.map(\.statuses) == [[.banned]])
        #expect(
            try Self.list(&bench, .init(affiliation: .outcast), for: Bench.admin)
                == [.init(affiliation: .outcast, address: Bench.hag.bare, reason: "Treason")])
        #expect(
            bench.change(
                .init(affiliation: RoomAffiliation.unaffiliated, address: Bench.hag.bare), by: Bench.admin)
                == nil)
        #expect(bench.enter(Bench.hag, as: "thirdwitch").last?.subjectText == "")
    }

    @Test("XEP-0045 §9.1: the banned loses his reserved nickname")
    func banTakesNickname() {
        var bench = Bench.coven()
        let member = RoomItem(affiliation: .member, address: Bench.stranger.bare, nickname: "hecate")
        #expect(bench.change(member, by: Bench.admin) == nil)
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.stranger.bare), by: Bench.admin) == nil)
        #expect(bench.room?.affiliations.reservedNickname(of: Bench.stranger) == nil)
    }

    @Test("XEP-0045 §9.1: an admin does not ban an owner or admin, nor anybody himself")
    func banRefused() {
        var bench = Bench.coven()
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.owner.bare), by: Bench.admin)
                == .notAllowed)
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.admin.bare), by: Bench.admin)
                == .conflict)
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.owner.bare), by: Bench.owner)
                == .conflict)
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.owner.bare), by: Bench.hag) == .forbidden
        )
        #expect(bench.room?.occupants.count == 3)
    }

    @Test("XEP-0045 §9.2: if one item is refused, none is applied")
    func allOrNothing() {
        var bench = Bench.coven()
        let items = [
            RoomItem(affiliation: .outcast, address: Bench.hag.bare),
            RoomItem(affiliation: .outcast, address: Bench.owner.bare),
        ]
        #expect(bench.change(items, by: Bench.admin) == .notAllowed)
        #expect(bench.room?.affiliations[Bench.hag] == RoomAffiliation.unaffiliated)
        #expect(bench.room?.occupants["thirdwitch"] != nil)
    }

    @Test("XEP-0045 §9.3, §9.4: membership is granted and revoked, and everybody sees it")
    func membership() {
        var bench = Bench.coven()
        for affiliation in [RoomAffiliation.member, .unaffiliated] {
            #expect(bench.change(.init(affiliation: affiliation, address: Bench.hag), by: Bench.admin) == nil)
            #expect(bench.take(Bench.owner).map { $0.notice?.item?.affiliation } == [affiliation])
        }
        #expect(bench.room?.affiliations.entries[Bench.hag.bare] == nil)
    }

    @Test("XEP-0045 §9.4: who is no member any more leaves a members-only room, and hears only that")
    func membersOnlyRemoval() {
        var bench = Bench.coven()
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.admin) == nil)
        #expect(bench.configure(["muc#roomconfig_membersonly": ["1"]]) == nil)
        _ = bench.takeAll()
        #expect(
            bench.change(
                .init(affiliation: RoomAffiliation.unaffiliated, address: Bench.hag.bare), by: Bench.admin)
                == nil)
        let own = bench.take(Bench.hag)
        #expect(own.map { $0.presenceValue?.kind } == [.unavailable])
        #expect(own.first?.statuses == [.isSelf, .removedByAffiliation])
        #expect(bench.take(Bench.owner).map(\.statuses) == [[.removedByAffiliation]])
    }

    @Test("XEP-0045 §9.5: a new member of a members-only room is invited")
    func newMemberIsInvited() {
        var bench = Bench.opened(["muc#roomconfig_membersonly": ["1"]])
        #expect(
            bench.change(.init(affiliation: .member, address: Bench.stranger.bare), by: Bench.owner) == nil)
        #expect(bench.take(Bench.stranger.bare).first?.notice?.invitations.count == 1)
    }

    @Test("XEP-0045 §9.5: a reserved nickname is given and taken back; one in use is a conflict")
    func memberNicknames() {
        var bench = Bench.coven()
        let address = Bench.stranger.bare
        let taken = RoomItem(affiliation: .member, address: address, nickname: "thirdwitch")
        #expect(bench.change(taken, by: Bench.admin) == .conflict)
        #expect(
            bench.change(.init(affiliation: .member, address: address, nickname: "hecate"), by: Bench.admin)
                == nil)
        #expect(bench.room?.affiliations.reservedNickname(of: address) == "hecate")
        #expect(
            bench.change(.init(affiliation: .member, address: address, nickname: ""), by: Bench.admin) == nil)
        #expect(bench.room?.affiliations.reservedNickname(of: address) == nil)
    }

    @Test("XEP-0045 §9.6, §9.7: moderators are made and unmade by admins, and admins are not unmade")
    func moderators() {
        var bench = Bench.coven()
        #expect(bench.change(.init(role: .moderator, nickname: "thirdwitch"), by: Bench.admin) == nil)
        #expect(bench.take(Bench.owner).map { $0.notice?.item?.role } == [.moderator])
        #expect(
            bench.change(.init(role: .participant, nickname: "secondwitch"), by: Bench.hag) == .notAllowed)
        #expect(
            bench.change(.init(role: .participant, nickname: "firstwitch"), by: Bench.admin) == .notAllowed)
        #expect(
            bench.change(.init(role: .participant, nickname: "secondwitch"), by: Bench.owner) == .notAllowed)
        #expect(bench.change(.init(role: .participant, nickname: "thirdwitch"), by: Bench.admin) == nil)
        #expect(bench.room?.occupants["thirdwitch"]?.role == .participant)
    }

    @Test("CVE-2021-37601: who is nothing to a semi-anonymous room gets none of its lists")
    func listsForStrangers() throws {
        var bench = Bench.coven()
        for affiliation in [RoomAffiliation.owner, .admin, .member, .outcast] {
            #expect(try Self.list(&bench, .init(affiliation: affiliation), for: Bench.stranger) == nil)
            #expect(try Self.list(&bench, .init(affiliation: affiliation), for: Bench.hag) == nil)
        }
        #expect(try Self.list(&bench, .init(affiliation: .owner), for: Bench.admin) == nil)
        let owners = try Self.list(&bench, .init(affiliation: .owner), for: Bench.owner)
        // §17.4: the bare address and no role.
        #expect(owners == [.init(affiliation: .owner, address: Bench.owner.bare)])
        #expect(try Self.list(&bench, .init(affiliation: .owner), for: Bench.stranger) == nil)
    }
}
