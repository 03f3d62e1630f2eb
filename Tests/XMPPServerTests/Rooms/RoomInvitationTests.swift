import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Invitations and voice")
struct RoomInvitationTests {
    typealias Bench = RoomBench

    static func invite(
        _ bench: inout RoomBench, _ invited: [JID], by inviter: JID, reason: String? = "Hey Hecate"
    ) {
        let notice = RoomNotice(invitations: invited.map { .init(to: $0, reason: reason) })
        bench.send(
            .message(
                Message(to: Bench.room, from: inviter, id: "i", kind: .normal, payloads: [notice.element])))
    }

    @Test("XEP-0045 §7.8.2: the room sends the invitation on, with the reason and the room's password")
    func mediated() {
        var bench = Bench.coven()
        #expect(
            bench.configure([
                "muc#roomconfig_passwordprotectedroom": ["1"], "muc#roomconfig_roomsecret": ["cauldron"],
            ]) == nil)
        _ = bench.takeAll()
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        let got = bench.take(Bench.stranger.bare)
        #expect(got.map(\.from) == [Bench.room])
        #expect(got.first?.messageValue?.kind == .normal)
        #expect(
            got.first?.notice?.invitations == [
                .init(from: Bench.occupant("thirdwitch"), reason: "Hey Hecate")
            ])
        #expect(got.first?.notice?.password == "cauldron")
    }

    @Test("XEP-0045 §7.8.2: a room that shows addresses names the inviter's")
    func mediatedOpenly() {
        var bench = Bench.coven(["muc#roomconfig_whois": ["anyone"]])
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        #expect(bench.take(Bench.stranger.bare).first?.notice?.invitations.first?.from == Bench.hag)
    }

    @Test("XEP-0045 §7.8.2: only who is in the room invites; nobody invites an outcast")
    func notAllowed() {
        var bench = Bench.coven()
        Self.invite(&bench, [Bench.hag.bare], by: Bench.stranger)
        #expect(bench.take(Bench.stranger).map(\.errorCondition) == [.notAcceptable])
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.stranger.bare), by: Bench.owner) == nil)
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.notAllowed])
        #expect(bench.take(Bench.stranger.bare).isEmpty)
    }

    @Test("XEP-0045 §9.5: in a members-only room admins invite, and who is invited becomes a member")
    func membersOnly() {
        var bench = Bench.coven()
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.owner) == nil)
        #expect(bench.configure(["muc#roomconfig_membersonly": ["1"]]) == nil)
        _ = bench.takeAll()
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.forbidden])
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.admin)
        #expect(bench.room?.affiliations[Bench.stranger] == .member)
        #expect(bench.take(Bench.stranger.bare).count == 1)
        #expect(bench.enter(Bench.stranger, as: "hecate").first?.errorCondition == nil)
    }

    @Test(
        "XEP-0045 §9.5: members may invite if the room is configured so; in an open room nobody becomes a member"
    )
    func membersMayInvite() {
        var bench = Bench.coven()
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        #expect(bench.room?.affiliations[Bench.stranger] == RoomAffiliation.unaffiliated)
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.owner) == nil)
        let fields = ["muc#roomconfig_membersonly": ["1"], "muc#roomconfig_allowinvites": ["1"]]
        #expect(bench.configure(fields) == nil)
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        #expect(bench.room?.affiliations[Bench.stranger] == .member)
    }

    @Test("XEP-0045 §7.8.2: a refusal comes to the inviter, once, from who was invited and nobody else")
    func decline() {
        var bench = Bench.coven()
        Self.invite(&bench, [Bench.stranger.bare], by: Bench.hag)
        _ = bench.takeAll()
        func decline(_ bench: inout RoomBench, _ from: JID, to inviter: JID) {
            let notice = RoomNotice(decline: .init(to: inviter, reason: "busy"))
            bench.send(
                .message(Message(to: Bench.room, from: from, kind: .normal, payloads: [notice.element])))
        }
        decline(&bench, Bench.user("bard"), to: Bench.hag.bare)
        #expect(bench.take(Bench.user("bard")).map(\.errorCondition) == [.itemNotFound])
        decline(&bench, Bench.stranger, to: Bench.owner.bare)
        #expect(bench.take(Bench.owner.bare).isEmpty)
        _ = bench.takeAll()
        decline(&bench, Bench.stranger, to: Bench.occupant("thirdwitch"))
        let got = bench.take(Bench.hag)
        #expect(got.map(\.from) == [Bench.room])
        #expect(got.first?.notice?.decline == .init(from: Bench.stranger.bare, reason: "busy"))
        decline(&bench, Bench.stranger, to: Bench.hag.bare)
        #expect(bench.take(Bench.hag).isEmpty)
    }

    @Test("XEP-0045 §7.9: what an invitation continues is passed on")
    func continuation() {
        var bench = Bench.coven()
        let notice = RoomNotice(
            invitations: [.init(to: Bench.stranger, continuation: .init(thread: "e0ffe42b"))])
        bench.send(
            .message(Message(to: Bench.room, from: Bench.hag, kind: .normal, payloads: [notice.element])))
        #expect(
            bench.take(Bench.stranger).first?.notice?.invitations.first?.continuation?.thread == "e0ffe42b")
    }

    // MARK: Voice

    static func form(_ fields: [String: String]) -> Element {
        let given = fields.sorted { $0.key < $1.key }.map { DataForm.Field($0.key, values: [$0.value]) }
        let type = DataForm.Field(DataForm.formTypeField, values: [Room.voiceFormType])
        return DataForm(.submit, fields: [type] + given).element
    }

    static func sendForm(_ bench: inout RoomBench, _ fields: [String: String], from address: JID) {
        bench.send(
            .message(
                Message(to: Bench.room, from: address, kind: .normal, payloads: [Self.form(fields)])))
    }

    @Test("XEP-0045 §7.13, §8.6: a visitor asks, the moderators get a form, and one of them grants voice")
    func voice() throws {
        var bench = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        Self.sendForm(&bench, ["muc#role": "participant"], from: Bench.hag)
        for moderator in [Bench.owner, Bench.admin] {
            let got = bench.take(moderator)
            #expect(got.map(\.from) == [Bench.room])
            let form = try got.first?.messageValue?.payloads.first(DataForm.self)
            #expect(form?.kind == .form)
            #expect(form?.value("muc#jid") == Bench.hag.description)
            #expect(form?.value("muc#roomnick") == "thirdwitch")
            #expect(form?.field("muc#request_allow")?.flag == false)
        }
        #expect(bench.take(Bench.hag).isEmpty)
        let grant = ["muc#role": "participant", "muc#roomnick": "thirdwitch", "muc#request_allow": "true"]
        Self.sendForm(&bench, grant, from: Bench.admin)
        #expect(bench.room?.occupants["thirdwitch"]?.role == .participant)
        for listener in [Bench.owner, Bench.hag] {
            #expect(bench.take(listener).map { $0.notice?.item?.role } == [.participant])
        }
    }

    @Test("XEP-0045 §8.6: only moderators grant voice, and a no changes nothing")
    func voiceRefused() {
        var bench = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        var grant = ["muc#role": "participant", "muc#roomnick": "thirdwitch", "muc#request_allow": "true"]
        Self.sendForm(&bench, grant, from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.forbidden])
        grant["muc#request_allow"] = "false"
        Self.sendForm(&bench, grant, from: Bench.owner)
        #expect(bench.room?.occupants["thirdwitch"]?.role == .visitor)
        grant["muc#roomnick"] = "nobody"
        Self.sendForm(&bench, grant, from: Bench.owner)
        #expect(bench.take(Bench.owner).map(\.errorCondition) == [.itemNotFound])
    }

    @Test("XEP-0045 §7.13: nothing but voice can be asked for, by who has none, from inside")
    func voiceErrors() {
        var bench = Bench.coven(["muc#roomconfig_moderatedroom": ["1"]])
        Self.sendForm(&bench, ["muc#role": "moderator"], from: Bench.hag)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.badRequest])
        Self.sendForm(&bench, ["muc#role": "participant"], from: Bench.admin)
        #expect(bench.take(Bench.admin).map(\.errorCondition) == [.badRequest])
        Self.sendForm(&bench, ["muc#role": "participant"], from: Bench.stranger)
        #expect(bench.take(Bench.stranger).map(\.errorCondition) == [.notAcceptable])
    }
}
