import Testing
import XML
import XMPP

@Suite("Payloads of rooms and their golden files")
struct RoomPayloadTests {
    @Test("Entering")
    func entering() throws {
        try GoldenFile.check(
            "RoomEntry",
            RoomEntry(
                password: "cauldron & burn",
                history: .init(
                    characters: 65_000, stanzas: 20, seconds: 180,
                    since: DateTime(millisecondsSinceEpoch: 0))))
        try GoldenFile.check("RoomEntry-plain", RoomEntry())
        try GoldenFile.check("OccupantID", OccupantID(id: "dd72603deec90a38ba552f7c68cbcc61bca202cd"))
    }

    @Test("What rooms say")
    func notices() throws {
        try GoldenFile.check(
            "RoomNotice",
            RoomNotice(
                item: RoomItem(
                    affiliation: .owner, role: .moderator, address: try JID("crone@paris.test/desk"),
                    nickname: "oldhag",
                    actor: .init(address: try JID("wicca@paris.test"), nickname: "second"),
                    reason: "Avaunt, you cullion!"),
                statuses: [.isSelf, .nicknameChanged]))
        try GoldenFile.check(
            "RoomNotice-invitation",
            RoomNotice(
                invitations: [
                    .init(
                        to: try JID("hecate@rome.test"), from: try JID("crone@paris.test/desk"),
                        reason: "Hey Hecate", continuation: .init(thread: "t1")),
                    .init(to: try JID("bard@rome.test")),
                ],
                password: "cauldron"))
        try GoldenFile.check(
            "RoomNotice-decline",
            RoomNotice(
                decline: .init(
                    to: try JID("crone@paris.test"), from: try JID("hecate@rome.test"), reason: "Too busy")))
        try GoldenFile.check(
            "RoomNotice-destroyed",
            RoomNotice(
                item: RoomItem(affiliation: RoomAffiliation.unaffiliated, role: RoomRole.absent),
                destruction: .init(
                    alternative: try JID("coven@rooms.rome.test"), password: "open",
                    reason: "Macbeth doth come.")))
    }

    @Test("Managing rooms")
    func managing() throws {
        try GoldenFile.check(
            "RoomAdministration",
            RoomAdministration(items: [
                .init(affiliation: .outcast, address: try JID("earl@rome.test"), reason: "Treason"),
                .init(role: RoomRole.absent, nickname: "pistol"),
                .init(affiliation: .member, address: try JID("hag@paris.test"), nickname: ""),
            ]))
        try GoldenFile.check("RoomOwnership-question", RoomOwnership())
        try GoldenFile.check("RoomOwnership", RoomOwnership(form: DataForm(.submit)))
        try GoldenFile.check(
            "RoomOwnership-destroy",
            RoomOwnership(
                destruction: .init(
                    alternative: try JID("coven@rooms.rome.test"), reason: "Macbeth doth come.")))
    }

    @Test("Direct invitations")
    func invitations() throws {
        let room = try JID("coven@rooms.paris.test")
        try GoldenFile.check(
            "DirectInvitation",
            DirectInvitation(
                room: room, password: "cauldron", reason: "Hey", continuation: .init(thread: "t1")))
        try GoldenFile.check("DirectInvitation-plain", DirectInvitation(room: room))
    }

    @Test(
        "What is plainly wrong is refused",
        arguments: ["maxchars='-1'", "maxstanzas='many'", "seconds=''", "since='yesterday'"])
    func wrongHistory(attribute: String) throws {
        let text = "<x xmlns='\(Namespace.rooms)'><history \(attribute)/></x>"
        let element = try Element(parsing: text)
        #expect(throws: PayloadError.self) { try RoomEntry(parsing: element) }
    }

    @Test("Roles and affiliations are a closed set", arguments: ["role='king'", "affiliation='friend'"])
    func wrongItems(attribute: String) throws {
        let text = "<query xmlns='\(Namespace.roomAdmin)'><item nick='a' \(attribute)/></query>"
        let element = try Element(parsing: text)
        #expect(throws: PayloadError.self) { try RoomAdministration(parsing: element) }
    }

    @Test("XEP-0045 §16.6: a code that is not in the registry is left out")
    func unknownCodes() throws {
        let text =
            "<x xmlns='\(Namespace.roomUser)'><status code='110'/><status code='999'/><status/></x>"
        #expect(try RoomNotice(parsing: try Element(parsing: text)).statuses == [.isSelf])
    }

    @Test("XEP-0045 §5: affiliations and roles are ordered by privilege")
    func order() {
        #expect(RoomAffiliation.allCases.sorted() == [.outcast, .unaffiliated, .member, .admin, .owner])
        #expect(RoomRole.allCases.sorted() == [.absent, .visitor, .participant, .moderator])
    }
}
