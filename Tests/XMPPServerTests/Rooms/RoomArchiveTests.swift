import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Archives of rooms")
struct RoomArchiveTests {
    private static let room = RoomBench.room

    /// A persistent room of Alice's, in a domain that archives; Bob is in it too.
    static func opened(
        _ fields: [String: String] = [:], isPersistent: Bool = true
    ) throws -> (bench: DomainBench, alice: ClientSession, bob: ClientSession) {
        var bench = DomainBench(accounts: ["alice", "bob", "carol"])
        bench.domain.archive = MessageArchive(ids: ArchiveIDs(key: [1]))
        bench.now = Instant(millisecondsSinceEpoch: 1_764_000_000_000)
        bench.domain.host(
            RoomService(
                address: RoomBench.domain, policy: RoomPolicy(creators: .accounts(of: ["paris.test"])),
                secret: [1]))
        let alice = try bench.connect("alice")
        bench.send(RoomDomainTests.enter("alice"), from: alice)
        let all = fields.merging(["muc#roomconfig_persistentroom": isPersistent ? "1" : "0"]) { $1 }
        let form = DataForm(
            .submit, fields: all.sorted { $0.key < $1.key }.map { .init($0.key, values: [$0.value]) })
        bench.send(
            .iq(IQ(to: Self.room, id: "c", body: .set(RoomOwnership(form: form).element))), from: alice)
        let bob = try bench.connect("bob")
        bench.send(RoomDomainTests.enter("bob"), from: bob)
        _ = (bench.take(alice), bench.take(bob))
        return (bench, alice, bob)
    }

    static func say(_ text: String, _ payloads: [Element] = []) -> Stanza {
        let body = Element("body", namespace: Namespace.client, text: text)
        return .message(Message(to: Self.room, id: text, kind: .groupchat, payloads: [body] + payloads))
    }

    /// Asks the room's archive: the results, and the error if there is one.
    static func ask(
        _ bench: inout DomainBench, _ session: ClientSession, _ query: ArchiveQuery = ArchiveQuery(id: "q")
    ) throws -> (results: [ArchiveResult], error: StanzaError.Condition?) {
        _ = bench.take(session)
        bench.send(.iq(IQ(to: Self.room, id: "ask", body: .set(query.element))), from: session)
        let stanzas = bench.take(session)
        let results = try stanzas.compactMap { try $0.messageValue?.payloads.first(ArchiveResult.self) }
        guard case .error(let error)? = stanzas.last?.iqValue?.body else { return (results, nil) }
        return (results, error.condition)
    }

    private static func texts(_ results: [ArchiveResult]) -> [String] {
        results.compactMap { $0.forwarded.stanza.child("body")?.text }
    }

    @Test(
        "XEP-0313 §6.1.3, XEP-0359 §3: what is said goes in once, and everybody is told its id there by the room"
    )
    func filed() throws {
        var (bench, alice, bob) = try Self.opened()
        let forged = StanzaID(id: "forged", by: Self.room).element
        bench.send(Self.say("hello", [forged]), from: bob)
        let copies = try [alice, bob].map { session in
            try #require(bench.take(session).compactMap(\.messageValue).first)
        }
        let ids = try copies.map { try $0.payloads.filter(StanzaID.matches).map(StanzaID.init(parsing:)) }
        #expect(ids[0] == ids[1])
        #expect(ids[0].map(\.by) == [Self.room])
        #expect(bench.archived.map(\.archive) == [Self.room])
        let (results, error) = try Self.ask(&bench, alice)
        #expect(error == nil)
        #expect(results.map(\.id) == ids[0].map(\.id))
        #expect(Self.texts(results) == ["hello"])
        let stanza = try #require(results.first?.forwarded.stanza)
        #expect(stanza[attribute: "from"] == "\(Self.room)/bob")
        #expect(stanza[attribute: "to"] == nil)
        #expect(stanza[attribute: "type"] == "groupchat")
    }

    @Test("XEP-0421 §3: the occupant's id is in the archive as it was said")
    func occupantID() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: bob)
        let copy = try #require(bench.take(alice).compactMap(\.messageValue).first)
        let id = try #require(try copy.payloads.first(OccupantID.self))
        let archived = try #require(try Self.ask(&bench, alice).results.first)
        #expect(try archived.forwarded.stanza.firstChild(OccupantID.self) == id)
    }

    @Test("XEP-0313 §6.1.3, XEP-0045 §5.1.1: only those who see addresses find them in the archive")
    func addresses() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: bob)
        func address(_ session: ClientSession) throws -> JID? {
            let result = try #require(try Self.ask(&bench, session).results.first)
            return try result.forwarded.stanza.firstChild(RoomNotice.self)?.item?.address
        }
        #expect(try address(alice) == bob.address)
        #expect(try address(bob) == nil)
        #expect(bench.domain.rooms?.rooms["coven"]?.configuration.isNonAnonymous == false)
    }

    @Test("XEP-0313 §6.1.3: where addresses are open, everybody finds them")
    func openAddresses() throws {
        var (bench, alice, bob) = try Self.opened(["muc#roomconfig_whois": "anyone"])
        bench.send(Self.say("hello"), from: alice)
        let result = try #require(try Self.ask(&bench, bob).results.first)
        #expect(try result.forwarded.stanza.firstChild(RoomNotice.self)?.item?.address == alice.address)
    }

    @Test("XEP-0313 §4.1.1: who asks for what a real address said learns nothing by it")
    func filterByAddress() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        func with(_ address: JID) throws -> [String] {
            let form = DataForm(
                .submit,
                fields: [
                    .init(DataForm.formTypeField, .hidden, values: [Namespace.archive]),
                    .init("with", values: [address.description]),
                ])
            return Self.texts(try Self.ask(&bench, bob, ArchiveQuery(id: "q", form: form)).results)
        }
        #expect(try with(alice.address) == [])
        #expect(try with(alice.address.bare) == [])
        #expect(try with(RoomBench.occupant("alice")) == ["hello"])
        #expect(try with(RoomBench.occupant("bob")) == [])
    }

    @Test("XEP-0313 §6.1.3: whoever may enter the room may read, in it or not; whoever may not is refused")
    func readers() throws {
        var (bench, alice, bob) = try Self.opened()
        let carol = try bench.connect("carol")
        bench.send(Self.say("hello"), from: bob)
        #expect(try Self.ask(&bench, carol).error == nil)
        let ban = RoomAdministration(items: [.init(affiliation: .outcast, address: carol.address.bare)])
        bench.send(.iq(IQ(to: Self.room, id: "b", body: .set(ban.element))), from: alice)
        #expect(try Self.ask(&bench, carol).error == .forbidden)
    }

    @Test(
        "XEP-0313 §6.1.3: rooms with a password or for members are closed to others; those who are in may read",
        arguments: [
            ["muc#roomconfig_membersonly": "1"],
            ["muc#roomconfig_passwordprotectedroom": "1", "muc#roomconfig_roomsecret": "cauldron"],
        ])
    func closed(fields: [String: String]) throws {
        var (bench, alice, _) = try Self.opened(fields)
        let carol = try bench.connect("carol")
        bench.send(Self.say("hello"), from: alice)
        #expect(try Self.ask(&bench, carol).error == .forbidden)
        #expect(Self.texts(try Self.ask(&bench, alice).results) == ["hello"])
        let member = RoomAdministration(items: [.init(affiliation: .member, address: carol.address.bare)])
        bench.send(.iq(IQ(to: Self.room, id: "m", body: .set(member.element))), from: alice)
        #expect(Self.texts(try Self.ask(&bench, carol).results) == ["hello"])
    }

    @Test("XEP-0313 §6.1.3: people of other servers ask too, and are answered there")
    func remote() throws {
        var (bench, alice, _) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        bench.handle(
            .routed(
                .iq(
                    IQ(
                        to: Self.room, from: RoomBench.stranger, id: "ask",
                        body: .set(ArchiveQuery(id: "q").element)))))
        let answers = bench.takeRemote()
        #expect(answers.allSatisfy { $0.to == RoomBench.stranger && $0.from == Self.room })
        #expect(answers.compactMap(\.messageValue).count == 1)
        #expect(answers.last?.iqValue?.id == "ask")
    }

    @Test(
        "XEP-0313 §5: the archive says that it is there, which fields it knows, and where it begins and ends")
    func described() throws {
        var (bench, alice, bob) = try Self.opened()
        func ask(_ body: IQ.Body) throws -> Element {
            _ = bench.take(bob)
            bench.send(.iq(IQ(to: Self.room, id: "d", body: body)), from: bob)
            guard case .result(let element?) = bench.take(bob).last?.iqValue?.body else {
                throw PayloadError("no result")
            }
            return element
        }
        let features = try DiscoInfo(parsing: try ask(.get(DiscoInfo().element))).features
        for feature in ["urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"] {
            #expect(features.contains(feature))
        }
        #expect(try ArchiveQuery(parsing: try ask(.get(ArchiveQuery().element))).form == ArchiveFilter.form)
        #expect(try ArchiveMetadata(parsing: try ask(.get(ArchiveMetadata().element))).start == nil)
        bench.send(Self.say("hello"), from: alice)
        let metadata = try ArchiveMetadata(parsing: try ask(.get(ArchiveMetadata().element)))
        #expect(metadata.start == metadata.end)
        #expect(metadata.start?.id == bench.archived.first?.id)
    }

    @Test("A room that goes when it is empty keeps nothing, and says so")
    func temporary() throws {
        var (bench, alice, bob) = try Self.opened(isPersistent: false)
        bench.send(Self.say("hello"), from: alice)
        #expect(bench.take(bob).compactMap { $0.messageValue?.body } == ["hello"])
        #expect(bench.archived.isEmpty)
        #expect(try Self.ask(&bench, bob).error == .serviceUnavailable)
        bench.send(.iq(IQ(to: Self.room, id: "d", body: .get(DiscoInfo().element))), from: bob)
        guard case .result(let element?) = bench.take(bob).last?.iqValue?.body else {
            Issue.record("no answer")
            return
        }
        #expect(!(try DiscoInfo(parsing: element).features.contains("urn:xmpp:mam:2")))
    }

    @Test("XEP-0334 §4: what is not to be stored is not; a chat state has nothing to be stored")
    func hints() throws {
        var (bench, alice, bob) = try Self.opened()
        for hint in ["no-store", "no-permanent-store"] {
            bench.send(Self.say("psst", [Element(hint, namespace: Namespace.hints)]), from: alice)
        }
        let state = Element("composing", namespace: "http://jabber.org/protocol/chatstates")
        bench.send(.message(Message(to: Self.room, kind: .groupchat, payloads: [state])), from: alice)
        #expect(bench.take(bob).compactMap(\.messageValue).count == 3)
        #expect(bench.archived.isEmpty)
    }

    @Test("XEP-0045 §7.2.13: who comes in is shown messages with the ids they have in the archive")
    func history() throws {
        var (bench, alice, _) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        let carol = try bench.connect("carol")
        bench.send(RoomDomainTests.enter("carol"), from: carol)
        let shown = try #require(bench.take(carol).compactMap(\.messageValue).first { $0.body != nil })
        #expect(try shown.payloads.first(StanzaID.self)?.id == bench.archived.first?.id)
        #expect(try shown.payloads.first(Delay.self)?.from == Self.room)
    }

    /// The same domain after a restart, which knows of rooms and archive what was kept.
    private static func restarted(
        _ bench: DomainBench, with snapshot: RoomSnapshot, archived: [ArchiveEntry]
    ) throws -> DomainBench {
        var again = DomainBench()
        again.domain.archive = MessageArchive(ids: ArchiveIDs(key: [1]))
        again.now = bench.now
        again.domain.host(
            RoomService(
                address: RoomBench.domain, policy: RoomPolicy(creators: .anyone), secret: [1],
                rooms: [snapshot]))
        again.domain.restoreHistory(of: Self.room, try ArchiveRecord.records(of: archived))
        return again
    }

    @Test("XEP-0045 §7.2.13: after a restart who comes in is shown what the archive has, without addresses")
    func restored() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: bob)
        let entry = try #require(bench.archived.first)
        let snapshot = try #require(bench.domain.rooms?.rooms["coven"]?.snapshot())
        var again = try Self.restarted(bench, with: snapshot, archived: [entry])
        let session = try again.connect("alice")
        again.send(RoomDomainTests.enter("alice"), from: session)
        let shown = try #require(again.take(session).compactMap(\.messageValue).first { $0.body != nil })
        #expect(shown.body == "hello")
        #expect(try shown.payloads.first(StanzaID.self)?.id == entry.id)
        #expect(!shown.payloads.contains(where: RoomNotice.matches))
        _ = alice
    }

    @Test("What could not be archived was heard by nobody: its speaker is told, the others are not blamed")
    func unarchived() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        let copies = [alice, bob].flatMap { bench.take($0) }.compactMap(\.messageValue)
        let refusals = copies.flatMap { bench.domain.refuseUnarchived($0) }
        #expect(refusals.count == 1)
        guard case .route(.message(let refusal))? = refusals.first else {
            Issue.record("nobody is told")
            return
        }
        #expect(refusal.to == alice.address)
        #expect(refusal.from == Self.room)
        #expect(refusal.kind == .error)
        #expect(refusal.id == "hello")
        #expect(refusal.error?.condition == .internalServerError)
    }

    @Test("A subject that is in force and could not be archived is told to all, without an id in the archive")
    func unarchivedSubject() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.subject("Rain"), from: alice)
        for session in [alice, bob] {
            let copy = try #require(bench.take(session).compactMap(\.messageValue).last)
            #expect(copy.payloads.contains(where: StanzaID.matches))
            bench.carryOut(bench.domain.refuseUnarchived(copy))
            let told = try #require(bench.take(session).last)
            #expect(told.subjectText == "Rain")
            #expect(told.messageValue?.payloads.contains(where: StanzaID.matches) == false)
        }
    }

    @Test(
        "An archive begins and ends with the stay of its room: nobody finds what was said in an earlier one")
    func emptied() throws {
        let (bench, _, _) = try Self.opened()
        let service = try #require(bench.domain.rooms)
        let snapshot = try #require(service.rooms["coven"]?.snapshot())
        let iq = IQ(to: Self.room, id: "x", body: .result(nil))
        func change(_ write: RoomWrite, _ room: JID = Self.room) -> RoomChange {
            RoomChange(room: room, write: write, effect: .configure(iq, snapshot.configuration, []))
        }
        #expect(service.needsEmptyArchive(before: change(.delete(room: "coven"))))
        #expect(!service.needsEmptyArchive(before: change(.save(snapshot))))
        #expect(
            service.needsEmptyArchive(
                before: change(
                    .save(snapshot), JID(preparedLocal: "new", domain: "rooms.paris.test", resource: nil))))
        #expect(!service.needsEmptyArchive(before: change(.affiliations(room: "coven", [:]))))
        let temporary = try #require(try Self.opened(isPersistent: false).bench.domain.rooms)
        #expect(temporary.needsEmptyArchive(before: change(.save(snapshot))))
    }

    private static func subject(_ text: String, _ payloads: [Element] = []) -> Stanza {
        let subject = Element("subject", namespace: Namespace.client, text: text)
        return .message(Message(to: Self.room, id: text, kind: .groupchat, payloads: [subject] + payloads))
    }

    @Test("XEP-0313 §6.1.3: a change of the subject goes into the archive, under the id everybody is told")
    func subjects() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.subject("Rain"), from: alice)
        for session in [alice, bob] {
            let copy = try #require(bench.take(session).compactMap(\.messageValue).first)
            #expect(Stanza.message(copy).subjectText == "Rain")
            #expect(try copy.payloads.first(StanzaID.self)?.id == bench.archived.first?.id)
        }
        let result = try #require(try Self.ask(&bench, bob).results.first)
        #expect(result.forwarded.stanza.child("subject")?.text == "Rain")
        #expect(result.forwarded.stanza[attribute: "from"] == "\(Self.room)/alice")
        // One that is not to be stored is not, and one that was refused neither.
        bench.send(Self.subject("Sun", [Element("no-store", namespace: Namespace.hints)]), from: alice)
        bench.send(Self.subject("Snow"), from: bob)
        bench.isDiskFull = true
        bench.send(Self.subject("Hail"), from: alice)
        bench.isDiskFull = false
        #expect(bench.archived.count == 1)
        #expect(bench.domain.rooms?.rooms["coven"]?.subject?.elements.map(\.text) == ["Sun"])
    }

    @Test("XEP-0313 §6.1.3: a room that goes when it is empty archives no subject either")
    func temporarySubjects() throws {
        var (bench, alice, bob) = try Self.opened(isPersistent: false)
        bench.send(Self.subject("Rain"), from: alice)
        let copy = try #require(bench.take(bob).compactMap(\.messageValue).first)
        #expect(!copy.payloads.contains(where: StanzaID.matches))
        #expect(bench.archived.isEmpty)
    }

    @Test("XEP-0045 §7.2.15: after a restart an archived subject is not shown as something that was said")
    func restoredSubject() throws {
        var (bench, alice, _) = try Self.opened()
        bench.send(Self.subject("Rain"), from: alice)
        bench.send(Self.say("hello"), from: alice)
        let snapshot = try #require(bench.domain.rooms?.rooms["coven"]?.snapshot())
        var again = try Self.restarted(bench, with: snapshot, archived: bench.archived)
        let session = try again.connect("alice")
        again.send(RoomDomainTests.enter("alice"), from: session)
        let shown = again.take(session).filter { $0.messageValue != nil }
        #expect(shown.map { $0.messageValue?.body } == ["hello", nil])
        #expect(shown.map(\.subjectText) == [nil, "Rain"])
    }

    /// A client's question to the room's archive, decided upon and not read yet.
    private static func reading(_ bench: inout DomainBench, _ session: ClientSession) -> ArchiveReading? {
        let query = Stanza.iq(IQ(to: Self.room, id: "ask", body: .set(ArchiveQuery(id: "q").element)))
        guard
            case .done(let directives) = bench.domain.handle(.fromClient(query, session.id), at: bench.now),
            case .route(let routed)? = directives.first,
            case .durable(.archive(.read(let reading))) = bench.domain.handle(.routed(routed), at: bench.now)
        else { return nil }
        return reading
    }

    @Test("XEP-0313 §6.1.3: who is banned while the archive is read gets nothing of it")
    func bannedMeanwhile() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        let asked = Self.reading(&bench, bob)
        let reading = try #require(asked)
        let page = ArchivePage.messages(try ArchiveRecord.records(of: bench.archived), isComplete: true)
        let ban = RoomAdministration(
            items: [RoomItem(affiliation: .outcast, address: bob.address.bare)])
        bench.send(.iq(IQ(to: Self.room, id: "ban", body: .set(ban.element))), from: alice)
        _ = bench.take(bob)
        let answer = bench.domain.answered(reading, page, at: bench.now)
        bench.carryOut(answer)
        #expect(bench.take(bob).map(\.errorCondition) == [.forbidden])
    }

    @Test("Who may see addresses no longer when the page was read is shown none")
    func demotedMeanwhile() throws {
        var (bench, alice, bob) = try Self.opened()
        bench.send(Self.say("hello"), from: alice)
        func change(_ role: RoomRole) {
            let wish = RoomAdministration(items: [RoomItem(role: role, nickname: "bob")])
            bench.send(.iq(IQ(to: Self.room, id: "role", body: .set(wish.element))), from: alice)
            _ = bench.take(bob)
        }
        let page = ArchivePage.messages(try ArchiveRecord.records(of: bench.archived), isComplete: true)
        for role in [RoomRole.moderator, .participant] {
            change(.moderator)
            let asked = Self.reading(&bench, bob)
            let reading = try #require(asked)
            change(role)
            bench.carryOut(bench.domain.answered(reading, page, at: bench.now))
            let results = bench.take(bob).compactMap {
                $0.messageValue?.payloads.first(where: ArchiveResult.matches)
            }
            let shown = try #require(results.first).serializedText()
            #expect(shown.contains(alice.address.description) == (role == .moderator))
        }
    }
}
