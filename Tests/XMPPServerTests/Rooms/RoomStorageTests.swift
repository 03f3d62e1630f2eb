import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Rooms that stay")
struct RoomStorageTests {
    typealias Bench = RoomBench

    /// A bench whose writes are carried to a real database.
    static func perform(_ writes: [RoomWrite], in store: RoomStore) async throws {
        for write in writes { try await store.perform(write) }
    }

    static let persistent = ["muc#roomconfig_persistentroom": ["1"]]

    @Test("A temporary room never touches the disk")
    func temporary() {
        var bench = Bench.coven()
        bench.setSubject("Fire", from: Bench.owner)
        #expect(bench.change(.init(affiliation: .member, address: Bench.hag.bare), by: Bench.owner) == nil)
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.owner)
        bench.leave(Bench.owner, "firstwitch")
        #expect(bench.writes.isEmpty)
    }

    @Test("XEP-0045 §9.1: A ban made while a room is first written is written after it")
    func banMeanwhile() {
        var bench = Bench.coven()
        let form = DataForm(
            .submit, fields: Self.persistent.map { .init($0.key, values: $0.value) })
        let iq = IQ(
            to: Bench.room, from: Bench.owner, id: "c", body: .set(RoomOwnership(form: form).element))
        guard case .durable(let change) = bench.service.handle(.iq(iq), at: bench.now) else {
            Issue.record("nothing is written")
            return
        }
        #expect(bench.change(.init(affiliation: .outcast, address: Bench.hag.bare), by: Bench.owner) == nil)
        #expect(bench.writes.isEmpty)
        _ = bench.service.apply(change, at: bench.now)
        guard case .save(let snapshot) = bench.service.overdue(after: change) else {
            Issue.record("nothing more is written")
            return
        }
        #expect(snapshot.affiliations[Bench.hag] == .outcast)
        #expect(snapshot.configuration.isPersistent)
        // Where nothing happened meanwhile, nothing is written again.
        var quiet = Bench.coven()
        #expect(quiet.configure(Self.persistent) == nil)
        #expect(quiet.writes.count == 1)
        if case .durable(let change) = quiet.service.handle(.iq(iq), at: quiet.now) {
            _ = quiet.service.apply(change, at: quiet.now)
            #expect(quiet.service.overdue(after: change) == nil)
        }
    }

    @Test("Configuration, affiliations, nicknames and subject survive a restart; occupants do not")
    func restart() async throws {
        var bench = Bench.coven()
        #expect(
            bench.configure([
                "muc#roomconfig_persistentroom": ["1"], "muc#roomconfig_roomname": ["A Dark Cave"],
                "muc#roomconfig_roomdesc": ["The place"], "muc#roomconfig_lang": ["en"],
                "muc#roomconfig_publicroom": ["0"], "muc#roomconfig_moderatedroom": ["1"],
                "muc#roomconfig_passwordprotectedroom": ["1"], "muc#roomconfig_roomsecret": ["x"],
                "muc#roomconfig_whois": ["anyone"], "muc#roomconfig_changesubject": ["1"],
                "muc#roomconfig_allowinvites": ["1"], "muc#roomconfig_allowpm": ["participants"],
                "muc#roomconfig_presencebroadcast": ["moderator"], "muc#roomconfig_maxusers": ["50"],
                "muc#maxhistoryfetch": ["7"],
            ]) == nil)
        bench.setSubject("Fire & burn", from: Bench.owner)
        let member = RoomItem(affiliation: .member, address: Bench.hag.bare, nickname: "hag", reason: "r")
        #expect(bench.change(member, by: Bench.admin) == nil)
        let outcast = RoomItem(affiliation: .outcast, address: Bench.stranger.bare, reason: "Treason")
        #expect(bench.change(outcast, by: Bench.admin) == nil)
        #expect(
            bench.change(.init(affiliation: .unaffiliated, address: Bench.admin.bare), by: Bench.owner) == nil
        )

        let store = RoomStore(database: try Database())
        try await Self.perform(bench.writes, in: store)
        let snapshots = try await store.rooms().map(RoomSnapshot.init)
        #expect(snapshots == [bench.room?.snapshot()])
        let again = Bench(rooms: snapshots)
        #expect(again.room?.isEmpty == true)
        #expect(again.room?.lockedSince == nil)
        #expect(again.room?.affiliations == bench.room?.affiliations)
        #expect(again.room?.subject?.text == "Fire & burn")
        #expect(again.room?.occupantID(of: Bench.hag) == bench.room?.occupantID(of: Bench.hag))
    }

    @Test("A room that becomes temporary, or is destroyed, leaves the disk")
    func removal() async throws {
        for ending in [true, false] {
            var bench = Bench.opened(Self.persistent)
            let store = RoomStore(database: try Database())
            if ending {
                #expect(bench.configure(["muc#roomconfig_persistentroom": ["0"]]) == nil)
            } else {
                let query = RoomOwnership(destruction: RoomDestruction()).element
                #expect(bench.ask(.set(query), from: Bench.owner) == .result(nil))
            }
            try await Self.perform(Array(bench.writes.dropLast()), in: store)
            #expect(try await store.rooms().count == 1)
            try await Self.perform(Array(bench.writes.suffix(1)), in: store)
            #expect(try await store.rooms().isEmpty)
        }
    }

    @Test("What cannot be written does not happen, and who wanted it is told")
    func diskFull() {
        var bench = Bench.coven(Self.persistent)
        bench.isDiskFull = true
        #expect(bench.configure(["muc#roomconfig_roomname": ["x"]]) == .internalServerError)
        #expect(
            bench.change(.init(affiliation: .outcast, address: Bench.hag.bare), by: Bench.owner)
                == .internalServerError)
        bench.setSubject("Fire", from: Bench.owner)
        #expect(bench.take(Bench.owner).map(\.errorCondition) == [.internalServerError])
        let query = RoomOwnership(destruction: RoomDestruction()).element
        #expect(
            RoomNicknameTests.condition(bench.ask(.set(query), from: Bench.owner)) == .internalServerError)
        #expect(
            RoomNicknameTests.condition(
                bench.ask(.set(RoomNicknameTests.submission("first")), from: Bench.owner))
                == .internalServerError)
        #expect(bench.room?.occupants.count == 3)
        #expect(bench.room?.configuration.name == "")
        #expect(bench.room?.subject == nil)
        #expect(bench.room?.affiliations[Bench.hag] == .unaffiliated)
        #expect(bench.room?.affiliations.reservedNickname(of: Bench.owner) == nil)
    }

    @Test("An invitation that makes a member waits for the disk")
    func invitation() {
        var bench = Bench.coven(
            Self.persistent.merging(["muc#roomconfig_membersonly": ["1"]]) { first, _ in first })
        bench.isDiskFull = true
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.admin)
        #expect(bench.take(Bench.admin).map(\.errorCondition) == [.internalServerError])
        #expect(bench.take(Bench.stranger.bare).isEmpty)
        bench.isDiskFull = false
        RoomInvitationTests.invite(&bench, [Bench.stranger.bare], by: Bench.admin)
        #expect(bench.take(Bench.stranger.bare).count == 1)
        #expect(bench.room?.affiliations[Bench.stranger] == .member)
    }

    @Test("A room that everybody left while it was being written is there afterwards")
    func leftMeanwhile() {
        var bench = Bench()
        bench.enter(Bench.owner, as: "firstwitch")
        let form = DataForm(.submit, fields: [.init("muc#roomconfig_persistentroom", values: ["1"])])
        let iq = IQ(to: Bench.room, from: Bench.owner, id: "c", body: .set(RoomOwnership(form: form).element))
        guard case .durable(let change) = bench.service.handle(.iq(iq), at: bench.now) else {
            Issue.record("not durable")
            return
        }
        bench.leave(Bench.owner, "firstwitch")
        #expect(bench.service.rooms.isEmpty)
        bench.deliver(bench.service.apply(change, at: bench.now))
        #expect(bench.room?.configuration.isPersistent == true)
        #expect(bench.room?.lockedSince == nil)
        #expect(bench.room?.affiliations[Bench.owner] == .owner)
    }
}
