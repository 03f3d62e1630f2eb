import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Nicknames")
struct RoomNicknameTests {
    typealias Bench = RoomBench

    @Test("XEP-0045 §7.6: everybody sees the old nickname go and the new one come")
    func change() {
        var bench = Bench.coven()
        bench.present(Bench.hag, as: "oldhag")
        for listener in [Bench.owner, Bench.hag] {
            let heard = bench.take(listener)
            #expect(heard.map { $0.presenceValue?.kind } == [.unavailable, .available])
            #expect(heard.map { $0.from?.resource } == ["thirdwitch", "oldhag"])
            #expect(heard.first?.notice?.item?.nickname == "oldhag")
            #expect(
                heard.first?.statuses
                    == (listener == Bench.hag ? [.isSelf, .nicknameChanged] : [.nicknameChanged]))
            #expect(heard.last?.statuses == (listener == Bench.hag ? [.isSelf] : []))
        }
        #expect(bench.room?.occupants.keys.sorted() == ["firstwitch", "oldhag", "secondwitch"])
        bench.say("now as oldhag", from: Bench.hag)
        #expect(bench.take(Bench.owner).map(\.from) == [Bench.occupant("oldhag")])
    }

    @Test(
        "XEP-0045 §7.6: another's nickname is a conflict, and nothing changes",
        arguments: ["firstwitch", "FirstWitch"])
    func conflict(nickname: String) {
        var bench = Bench.coven()
        bench.present(Bench.hag, as: nickname)
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.conflict])
        #expect(bench.take(Bench.owner).isEmpty)
        #expect(bench.room?.occupants["thirdwitch"] != nil)
    }

    @Test("XEP-0045 §7.6: a nickname that another has reserved is a conflict")
    func reserved() {
        var bench = Bench.coven()
        let member = RoomItem(affiliation: .member, address: Bench.stranger.bare, nickname: "hecate")
        #expect(bench.change(member, by: Bench.owner) == nil)
        bench.present(Bench.hag, as: "hecate")
        #expect(bench.take(Bench.hag).map(\.errorCondition) == [.conflict])
    }

    @Test("XEP-0045 §7.6: one's own nickname in other capitals is nobody else's")
    func ownSpelling() {
        var bench = Bench.coven()
        bench.present(Bench.hag, as: "ThirdWitch")
        #expect(bench.take(Bench.hag).last?.from?.resource == "ThirdWitch")
    }

    @Test("Two clients of one person under two nicknames can come together, without gaining a voice")
    func merging() {
        var bench = Bench.coven()
        let phone = Bench.user("hag66", "phone")
        bench.enter(phone, as: "oldhag")
        #expect(bench.room?.occupants.count == 4)
        #expect(bench.change(.init(role: .visitor, nickname: "thirdwitch"), by: Bench.owner) == nil)
        _ = bench.takeAll()
        bench.present(Bench.hag, as: "oldhag")
        #expect(bench.room?.occupants.count == 3)
        #expect(
            bench.room?.occupants["oldhag"]?.sessions.map(\.address).sorted() == [Bench.hag, phone].sorted())
        #expect(bench.room?.occupants["oldhag"]?.role == .visitor)
        #expect(bench.take(Bench.owner).map { $0.presenceValue?.kind } == [.unavailable, .available])
    }

    @Test("XEP-0045 §7.12: a reserved nickname can be asked for, before and after entering")
    func reservedNickname() throws {
        var bench = Bench.coven()
        let question = DiscoInfo(node: Room.nicknameNode)
        func nickname(_ bench: inout RoomBench, of user: JID) throws -> [String?] {
            guard case .result(let element?) = bench.ask(.get(question.element), from: user) else {
                return ["?"]
            }
            return try DiscoInfo(parsing: element).identities.map(\.name)
        }
        #expect(try nickname(&bench, of: Bench.stranger) == [])
        let member = RoomItem(affiliation: .member, address: Bench.stranger.bare, nickname: "hecate")
        #expect(bench.change(member, by: Bench.owner) == nil)
        #expect(try nickname(&bench, of: Bench.stranger) == ["hecate"])
        bench.enter(Bench.stranger, as: "other")
        #expect(try nickname(&bench, of: Bench.stranger) == ["hecate"])
    }

    // MARK: Registration

    static func submission(_ nickname: String) -> Element {
        let form = DataForm(
            .submit,
            fields: [
                .init(DataForm.formTypeField, values: [Room.registrationFormType]),
                .init("muc#register_roomnick", values: [nickname]),
            ])
        return Element("query", namespace: Namespace.registration, [:], [form.element])
    }

    static let question = Element("query", namespace: Namespace.registration)

    static func condition(_ body: IQ.Body?) -> StanzaError.Condition? {
        switch body {
        case .error(let error): error.condition
        case .none, .some(.get), .some(.set), .some(.result): nil
        }
    }

    @Test(
        "XEP-0045 §7.10: in a room that does not exist, item-not-found; at the service, service-unavailable")
    func noRoom() {
        var bench = Bench()
        let body = bench.ask(.get(Self.question), from: Bench.hag)
        #expect(Self.condition(body) == .itemNotFound)
        let service = bench.ask(.get(Self.question), from: Bench.hag, to: Bench.domain)
        #expect(Self.condition(service) == .serviceUnavailable)
    }

    @Test("XEP-0045 §7.10: who may not register is told not-allowed")
    func notAllowed() {
        var bench = Bench.coven()
        #expect(Self.condition(bench.ask(.get(Self.question), from: Bench.hag)) == .notAllowed)
        #expect(Self.condition(bench.ask(.set(Self.submission("a")), from: Bench.hag)) == .notAllowed)
        #expect(bench.room?.affiliations[Bench.hag] == RoomAffiliation.unaffiliated)
    }

    @Test("XEP-0045 §7.10: a member reserves a nickname, is told so when he asks, and gives it back")
    func registration() throws {
        var bench = Bench.coven()
        guard case .result(let form?) = bench.ask(.get(Self.question), from: Bench.admin) else {
            Issue.record("no form")
            return
        }
        #expect(try form.firstChild(DataForm.self)?.formType == Room.registrationFormType)
        #expect(Self.condition(bench.ask(.set(Self.submission("wicca")), from: Bench.admin)) == nil)
        #expect(bench.room?.affiliations.reservedNickname(of: Bench.admin) == "wicca")
        #expect(bench.room?.affiliations[Bench.admin] == .admin)
        guard case .result(let known?) = bench.ask(.get(Self.question), from: Bench.admin) else {
            Issue.record("no answer")
            return
        }
        #expect(known.child("registered") != nil)
        #expect(known.child("username")?.text == "wicca")
        let removal = Element(
            "query", namespace: Namespace.registration, [:],
            [Element("remove", namespace: Namespace.registration)])
        #expect(Self.condition(bench.ask(.set(removal), from: Bench.admin)) == nil)
        #expect(bench.room?.affiliations.reservedNickname(of: Bench.admin) == nil)
        #expect(bench.room?.affiliations[Bench.admin] == .admin)
    }

    @Test("XEP-0045 §7.10: a nickname that is reserved or in use is a conflict; no form is a bad request")
    func registrationErrors() {
        var bench = Bench.coven()
        #expect(Self.condition(bench.ask(.set(Self.submission("wicca")), from: Bench.admin)) == nil)
        #expect(Self.condition(bench.ask(.set(Self.submission("Wicca")), from: Bench.owner)) == .conflict)
        #expect(
            Self.condition(bench.ask(.set(Self.submission("thirdwitch")), from: Bench.owner)) == .conflict)
        #expect(Self.condition(bench.ask(.set(Self.question), from: Bench.owner)) == .badRequest)
        #expect(Self.condition(bench.ask(.set(Self.submission("")), from: Bench.owner)) == .badRequest)
    }
}
