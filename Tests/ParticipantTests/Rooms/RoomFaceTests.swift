import Operations
import TestSupport
import Testing
import XML
import XMPP

@testable import Participant

@Suite("Chat in rooms")
struct RoomFaceTests {
    private let bench = FaceBench()
    private static let room = JID(preparedLocal: "ops", domain: "rooms.paris.test", resource: nil)

    private static func occupant(_ nickname: String, of room: JID = room) -> JID {
        room.appending(resource: nickname)
    }

    /// Invites us directly (XEP-0249).
    private static func invitation(from inviter: JID, to room: JID = room) -> Message {
        Message(
            to: FaceBench.site, from: inviter, kind: .normal,
            payloads: [DirectInvitation(room: room).element])
    }

    /// Invites us through the room (XEP-0045 §7.8.2).
    private static func mediated(by inviter: JID, through room: JID) -> Message {
        let notice = RoomNotice(invitations: [.init(from: inviter)])
        return Message(to: FaceBench.site, from: room, kind: .normal, payloads: [notice.element])
    }

    private static func seen(
        _ nickname: String, of room: JID = room, address: JID?, statuses: [RoomStatus] = []
    ) -> Presence {
        let notice = RoomNotice(
            item: RoomItem(affiliation: .member, role: .participant, address: address), statuses: statuses)
        return Presence(
            to: FaceBench.site, from: self.occupant(nickname, of: room), payloads: [notice.element])
    }

    private static func said(_ text: String, by nickname: String, kind: Message.Kind = .groupchat) -> Message
    {
        Message(to: FaceBench.site, from: self.occupant(nickname), id: "m1", kind: kind, body: text)
    }

    /// Alice has invited us, and we are in the room with her and bob.
    private func enter(_ face: ChatFace, statuses: [RoomStatus] = [.nonAnonymous]) async throws {
        #expect(await face.take(invitation: Self.invitation(from: FaceBench.alice)))
        let entry = try await self.bench.presences.next()
        #expect(entry.to == Self.occupant("paris.test"))
        #expect(entry.from == JID(preparedLocal: nil, domain: "paris.test", resource: "tradewind"))
        #expect(try RoomEntry(parsing: try #require(entry.payloads.first)).history?.stanzas == 0)
        await face.rooms.receive(Self.seen("alice", address: FaceBench.alice))
        await face.rooms.receive(Self.seen("bob", address: FaceBench.bob))
        await face.rooms.receive(Self.seen("paris.test", address: nil, statuses: statuses + [.isSelf]))
    }

    @Test("XEP-0249 §2: whoever has the grant for it invites us; the others are not even answered")
    func direct() async throws {
        try await self.bench.chat { face async throws in
            #expect(await face.take(invitation: Self.invitation(from: FaceBench.bob)))
            try await self.enter(face)
            let list = face.rooms.list
            #expect(list.array?.count == 1)
            #expect(list.array?.first?.object?["state"] == "inside")
        }
    }

    @Test("XEP-0045 §7.8.2: whom a room names as the inviter is believed of trusted services only")
    func mediated() async throws {
        let far = JID(preparedLocal: "trap", domain: "rooms.evil.test", resource: nil)
        let near = JID(preparedLocal: "ops", domain: "chat.rooms.example", resource: nil)
        try await self.bench.chat { face async throws in
            #expect(await face.take(invitation: Self.mediated(by: FaceBench.alice, through: far)))
            #expect(await face.take(invitation: Self.mediated(by: FaceBench.bob, through: near)))
            #expect(await face.take(invitation: Self.mediated(by: FaceBench.alice, through: near)))
            #expect(try await self.bench.presences.next().to == Self.occupant("paris.test", of: near))
        }
    }

    @Test(
        "XEP-0045 §13.1: an account that says what a room says is no room, and lends nobody an administrator's name",
        arguments: ["paris.test", "example", "people.paris.test"])
    func forged(domain: String) async throws {
        let account = JID(preparedLocal: "bob", domain: domain, resource: nil)
        let (desk, other) = (account.appending(resource: "paris.test"), account.appending(resource: "alice"))
        try await self.bench.chat { face async throws in
            for sender in [account, desk] {
                _ = await face.take(invitation: Self.mediated(by: FaceBench.alice, through: sender))
            }
            // Nor by an invitation of his own, had he the grant for it.
            _ = await face.take(invitation: Self.invitation(from: FaceBench.alice, to: account))
            await face.rooms.receive(
                Self.seen("paris.test", of: account, address: nil, statuses: [.isSelf, .nonAnonymous]))
            await face.rooms.receive(Self.seen("alice", of: account, address: FaceBench.alice))
            #expect(face.rooms.list == .array([]))
            await face.receive(
                Message(to: FaceBench.site, from: other, id: "m1", kind: .chat, body: "version"))
            await face.receive(FaceBench.line("machine list"))
            #expect(try await self.bench.performed.next() == "machine.list by alice@paris.test")
        }
        await #expect(throws: Recorder<Presence>.NothingHappened.self) {
            try await self.bench.presences.next(within: 0)
        }
    }

    @Test("XEP-0045 §7.8.2: a room invites by itself; who has a resource there, or at an account, does not")
    func invitedByOccupant() async throws {
        try await self.bench.chat { face async throws in
            let occupant = Self.occupant("mallory")
            #expect(await face.take(invitation: Self.mediated(by: FaceBench.alice, through: occupant)))
            #expect(face.rooms.list == .array([]))
        }
    }

    @Test("XEP-0045 §7.4: addressed, it answers the person, with that person's grants, before everybody")
    func answers() async throws {
        try await self.bench.chat { face async throws in
            try await self.enter(face)
            await face.receive(Self.said("host list please", by: "alice"))
            await face.receive(Self.said("paris.test: version", by: "alice"))
            let answer = try await self.bench.sent.next()
            #expect(answer.to == Self.room && answer.kind == .groupchat)
            #expect(answer.from == JID(preparedLocal: nil, domain: "paris.test", resource: "tradewind"))
            #expect(answer.body == "alice: paris.test: version is done")
            #expect(answer.chatState == nil)
            await face.receive(Self.said("paris.test: version", by: "bob"))
            #expect(try await self.bench.sent.next().body?.contains("no grant") == true)
            #expect(try await self.bench.performed.next() == "version by alice@paris.test")
        }
    }

    @Test("XEP-0045 §7.5: aside, through the room, it answers aside")
    func aside() async throws {
        try await self.bench.chat { face async throws in
            try await self.enter(face)
            await face.receive(Self.said("version", by: "alice", kind: .chat))
            let answer = try await self.bench.sent.next()
            #expect(answer.to == Self.occupant("alice") && answer.kind == .chat)
            #expect(answer.payloads.contains(RoomNotice().element))
            #expect(answer.body == "paris.test: version is done")
        }
    }

    @Test("XEP-0045 §13.1: where the room hides who is there, it does nothing for anybody")
    func strangers() async throws {
        try await self.bench.chat { face async throws in
            try await self.enter(face, statuses: [])
            for text in ["paris.test: version", "paris.test: help"] {
                await face.receive(Self.said(text, by: "alice"))
                #expect(
                    try await self.bench.sent.next().body?.contains("Write to paris.test directly") == true)
            }
            await face.receive(Self.said("version", by: "alice", kind: .chat))
            #expect(try await self.bench.sent.next().body?.contains("Write to paris.test directly") == true)
        }
    }

    @Test("XEP-0045 §7.5: what comes through a room that we are not in is nobody's")
    func elsewhere() async throws {
        try await self.bench.chat { face async throws in
            var message = Self.said("version", by: "alice", kind: .chat)
            message.payloads.append(RoomNotice().element)
            await face.receive(message)
            await face.receive(Self.said("paris.test: version", by: "alice"))
            await face.receive(FaceBench.line("machine list", from: FaceBench.bob))
            #expect(try await self.bench.sent.next().to == FaceBench.bob)
        }
    }

    @Test("XEP-0439 §4.1: in a room a button says our name too, for we would not hear it otherwise")
    func buttons() async throws {
        try await self.bench.chat { face async throws in
            try await self.enter(face)
            await face.receive(Self.said("paris.test: machine delete web-1", by: "alice"))
            let question = try await self.bench.sent.next()
            let response = try #require(question.payloads.first(where: QuickResponse.matches))
            let value = try QuickResponse(parsing: response).value
            #expect(value.hasPrefix("paris.test: confirm "))
            await face.receive(Self.said(value, by: "bob"))
            #expect(try await self.bench.sent.next().body?.contains("nothing to confirm") == true)
            await face.receive(Self.said(value, by: "alice"))
            #expect(try await self.bench.sent.next().body == "alice: paris.test: machine.delete is done")
        }
    }

    @Test("XEP-0045 §7.14: asked by whoever may, it leaves; asked by another, it says why not")
    func leaves() async throws {
        try await self.bench.chat { face async throws in
            try await self.enter(face)
            await face.receive(Self.said("paris.test: leave", by: "bob"))
            #expect(try await self.bench.sent.next().body?.contains("no grant") == true)
            await face.receive(Self.said("paris.test: leave", by: "alice"))
            let goodbye = try await self.bench.presences.next()
            #expect(goodbye.kind == .unavailable && goodbye.to == Self.occupant("paris.test"))
            #expect(face.rooms.list == .array([]))
        }
    }
}
