import TestRandomness
import Testing
import XML
import XMPP

@testable import XMPPServer

/// What one client believes of the room, from nothing but what it was sent (XEP-0045 §7.2.2).
private struct ClientView {
    struct Person: Hashable {
        var role: RoomRole?
        var affiliation: RoomAffiliation?
    }

    private(set) var people: [String: Person] = [:]
    private(set) var isInside = false
    private var before: [String: Person] = [:]

    /// The client asks to come in: whatever it knew, it will be told again.
    mutating func begin() {
        self.before = self.people
        self.people = [:]
    }

    mutating func take(_ presence: Presence) {
        guard let nickname = presence.from?.resource else { return }
        let notice = Stanza.presence(presence).notice
        let isSelf = notice?.statuses.contains(.isSelf) == true
        switch presence.kind {
        case .available:
            if isSelf { self.isInside = true }
            self.people[nickname] = Person(role: notice?.item?.role, affiliation: notice?.item?.affiliation)
        case .unavailable:
            self.people[nickname] = nil
            if isSelf, notice?.statuses.contains(.nicknameChanged) != true {
                self.isInside = false
                self.people = [:]
            }
        // Refused: nothing has changed.
        case .error: if self.people.isEmpty { self.people = self.before }
        case .subscribe, .subscribed, .unsubscribe, .unsubscribed, .probe: break
        }
    }
}

/// A few people who do whatever comes to their minds in one room.
private struct Crowd {
    var bench = RoomBench.opened()
    var views: [JID: ClientView] = [:]
    var random: SeededGenerator

    static let people = ["crone1", "ann", "ben", "cat"]
    static let clients = Self.people.flatMap { [RoomBench.user($0, "one"), RoomBench.user($0, "two")] }
    static let nicknames = ["firstwitch", "a", "A", "b", "c", "d", "e"]

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        var owner = ClientView()
        self.bench.enter(RoomBench.owner, as: "firstwitch").forEach {
            $0.presenceValue.map { owner.take($0) }
        }
        self.views[RoomBench.owner] = owner
        _ = self.bench.takeAll()
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value? {
        values.randomElement(using: &self.random)
    }

    private mutating func flip() -> String { Bool.random(using: &self.random) ? "1" : "0" }

    mutating func step() {
        guard let client = self.pick(Self.clients), let nickname = self.pick(Self.nicknames) else { return }
        switch Int.random(in: 0..<14, using: &self.random) {
        case 0...4:
            self.views[client, default: ClientView()].begin()
            self.bench.send(
                .presence(
                    Presence(
                        to: RoomBench.occupant(nickname), from: client, payloads: [RoomEntry().element])))
        case 5: self.bench.leave(client, nickname)
        case 6, 7: self.bench.present(client, as: nickname)
        case 8: self.bench.say("x", from: client)
        case 9:
            let roles: [RoomRole] = [.absent, .visitor, .participant, .moderator]
            guard let role = self.pick(roles) else { return }
            self.change(RoomItem(role: role, nickname: nickname), by: client)
        case 10, 11:
            guard let person = self.pick(Self.people), let affiliation = self.pick(RoomAffiliation.allCases)
            else { return }
            self.change(RoomItem(affiliation: affiliation, address: RoomBench.user(person).bare), by: client)
        case 12: self.configure()
        default:
            self.bench.send(
                .message(
                    Message(
                        to: RoomBench.occupant(nickname), from: client, kind: .error,
                        payloads: [StanzaError(.recipientUnavailable).element])))
        }
        for stanza in self.bench.takeAll() {
            guard let to = stanza.to, let presence = stanza.presenceValue else { continue }
            self.views[to, default: ClientView()].take(presence)
        }
    }

    private mutating func change(_ item: RoomItem, by client: JID) {
        let actor = Bool.random(using: &self.random) ? RoomBench.owner : client
        self.bench.send(
            .iq(
                IQ(
                    to: RoomBench.room, from: actor, id: "c",
                    body: .set(RoomAdministration(items: [item]).element))))
    }

    private mutating func configure() {
        let shown = ["visitor", "participant", "moderator"].filter { _ in self.flip() == "1" }
        let fields = [
            DataForm.Field("muc#roomconfig_membersonly", values: [self.flip()]),
            DataForm.Field("muc#roomconfig_moderatedroom", values: [self.flip()]),
            DataForm.Field("muc#roomconfig_presencebroadcast", values: shown),
            DataForm.Field("muc#roomconfig_persistentroom", values: [self.flip()]),
        ]
        self.bench.send(
            .iq(
                IQ(
                    to: RoomBench.room, from: RoomBench.owner, id: "f",
                    body: .set(RoomOwnership(form: DataForm(.submit, fields: fields)).element))))
    }

    /// What should be true of the room at any time and is not.
    var faults: [String] {
        guard let room = self.bench.room else { return [] }
        var faults: [String] = []
        func demand(_ isTrue: Bool, _ what: String) { if !isTrue { faults.append(what) } }
        demand(!room.affiliations.addresses(.owner).isEmpty, "the room has an owner")
        let sessions = room.occupants.values.flatMap { occupant in
            occupant.sessions.map { ($0.address, occupant.nickname) }
        }
        demand(
            Dictionary(sessions, uniquingKeysWith: { first, _ in first }) == room.nicknames
                && sessions.count == room.nicknames.count,
            "each client is one occupant")
        demand(room.sessions.sorted() == room.nicknames.keys.sorted(), "each client is listed once")
        for (nickname, occupant) in room.occupants {
            demand(occupant.nickname == nickname, "occupants are found by nickname")
            demand(!occupant.sessions.isEmpty, "an occupant has a client")
            demand(
                occupant.sessions.allSatisfy { $0.address.bare == occupant.user },
                "an occupant is one person")
            demand(occupant.affiliation == room.affiliations[occupant.user], "affiliations are known")
            demand(occupant.affiliation != .outcast && occupant.role != .absent, "who is out is out")
            demand(occupant.affiliation < .admin || occupant.role == .moderator, "admins moderate")
            demand(
                occupant.affiliation >= .member || !room.configuration.isMembersOnly,
                "a members-only room has no others")
            demand(room.isOccupied(by: occupant.user), "people are counted")
        }
        return faults + self.views.keys.sorted().flatMap { self.errors(of: $0, in: room) }
    }

    /// Where a client does not know who is in the room and as what, or knows more.
    private func errors(of client: JID, in room: Room) -> [String] {
        guard let view = self.views[client] else { return [] }
        guard let own = room.occupant(at: client) else {
            return view.isInside ? ["\(client) believes to be in the room"] : []
        }
        guard view.isInside else { return ["\(client) does not know that it is in the room"] }
        let visible = room.occupants.filter { nickname, occupant in
            nickname == own.nickname || room.configuration.shownRoles.contains(occupant.role)
        }
        let truth = visible.mapValues { ClientView.Person(role: $0.role, affiliation: $0.affiliation) }
        return view.people == truth ? [] : ["\(client) sees \(view.people) instead of \(truth)"]
    }
}

@Suite("Rooms, whatever people do")
struct RoomPropertyTests {
    @Test("Everybody in a room always knows who is there and as what", arguments: 0 as UInt64..<100)
    func views(seed: UInt64) {
        var crowd = Crowd(seed: seed)
        for _ in 0..<60 where crowd.bench.room != nil {
            crowd.step()
            #expect(crowd.faults == [])
        }
    }
}
