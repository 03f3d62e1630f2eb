import CloudModel
import Storage
import Testing
import XML
import XMPP

@testable import XMPPServer

@Suite("Archives of a domain")
struct DomainArchiveTests {
    static func bench(_ limits: ArchiveLimits = ArchiveLimits()) throws -> DomainBench {
        var bench = DomainBench()
        bench.domain.archive = MessageArchive(ids: ArchiveIDs(key: [1]), limits: limits)
        bench.now = Instant(millisecondsSinceEpoch: 1_764_000_000_000)
        return bench
    }

    static func chat(_ text: String, to name: String) -> Stanza {
        .message(Message(to: DomainBench.local(name), body: text))
    }

    /// Asks for an archive; the bodies of the results, their ids, and how it ended.
    static func query(
        _ bench: inout DomainBench, _ session: ClientSession, _ query: ArchiveQuery = ArchiveQuery(id: "q"),
        to: JID? = nil
    ) throws -> (results: [ArchiveResult], end: IQ?) {
        _ = bench.take(session)
        bench.send(.iq(IQ(to: to, id: "ask", body: .set(query.element))), from: session)
        let stanzas = bench.take(session)
        let results = try stanzas.compactMap { try $0.messageValue?.payloads.first(ArchiveResult.self) }
        return (results, stanzas.last?.iqValue)
    }

    static func body(_ result: ArchiveResult) -> String? {
        result.forwarded.stanza.child("body")?.text
    }

    @Test(
        "XEP-0313 §3.2: both ends keep a message; the receiver's copy has the id it has there, the sender's none"
    )
    func bothEnds() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        bench.send(Self.chat("hello", to: "bob"), from: alice)
        let received = try #require(bench.take(bob).first?.messageValue)
        let ids = try received.payloads.filter(StanzaID.matches).map(StanzaID.init(parsing:))
        #expect(ids.map(\.by) == [DomainBench.local("bob")])
        #expect(bench.archived.map(\.archive) == [DomainBench.local("alice"), DomainBench.local("bob")])
        #expect(bench.archived.map(\.message.payloads.count) == [1, 1])
        let (results, end) = try Self.query(&bench, bob)
        #expect(results.map(\.id) == ids.map(\.id))
        #expect(results.map(\.queryID) == ["q"])
        #expect(results.map(Self.body) == ["hello"])
        #expect(results.first?.forwarded.stanza[attribute: "from"] == alice.address.description)
        #expect(
            results.first?.forwarded.delay?.time == DateTime(millisecondsSinceEpoch: 1_764_000_000_000))
        let fin = try ArchiveFin(parsing: try #require(end?.result))
        #expect(fin.isComplete)
        #expect(fin.page.first?.id == ids.first?.id)
        #expect(fin.page.last == ids.first?.id)
    }

    @Test(
        "XEP-0313 §3.2, XEP-0280 §8: the sender's other clients get the id that the message has in their archive"
    )
    func sentCopies() throws {
        var bench = try Self.bench()
        let (desk, phone) = (try bench.connect("alice", "desk"), try bench.connect("alice", "phone"))
        bench.send(.iq(IQ(to: nil, id: "c", body: .set(EnableCarbons().element))), from: phone)
        _ = bench.take(phone)
        bench.send(Self.chat("hello", to: "bob"), from: desk)
        let wrapper = try #require(bench.take(phone).first?.messageValue)
        let copy = try #require(try wrapper.payloads.first(SentCarbon.self))
        let id = try #require(copy.forwarded.stanza.elements.first(where: StanzaID.matches))
        let entry = try #require(bench.archived.first)
        #expect(entry.archive == desk.address.bare)
        #expect(try StanzaID(parsing: id) == entry.stanzaID)
    }

    @Test("A page asked for has the bytes that the limits say")
    func pageBytes() throws {
        var bench = try Self.bench(ArchiveLimits(pageMessages: 7, pageBytes: 4_321))
        let alice = try bench.connect("alice")
        let iq = IQ(to: nil, id: "q", body: .set(ArchiveQuery(id: "q").element))
        guard
            case .durable(.archive(.read(let reading))) = bench.domain.handle(
                .fromClient(.iq(iq), alice.id), at: bench.now)
        else {
            Issue.record("nothing is read")
            return
        }
        #expect(reading.selection.byteLimit == 4_321)
        #expect(reading.selection.limit == 7)
    }

    @Test("XEP-0313 §6.1.2: a message to oneself is there once, with its id")
    func toOneself() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        _ = bench.take(alice)
        bench.send(Self.chat("note", to: "alice"), from: alice)
        let received = try #require(bench.take(alice).first?.messageValue)
        #expect(received.payloads.contains(where: StanzaID.matches))
        let query = try Self.query(&bench, alice)
        #expect(query.results.map(Self.body) == ["note"])
    }

    @Test("XEP-0313 §6.1.1: what is refused or dropped is in no archive of its addressee")
    func refused() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        bench.send(Self.chat("x", to: "nobody"), from: alice)
        bench.send(
            .message(
                Message(
                    to: DomainBench.local("bob").appending(resource: "gone"), kind: .normal, payloads: [])),
            from: alice)
        #expect(bench.archived.map(\.archive) == [DomainBench.local("alice")])
    }

    @Test("XEP-0359 §5: an id that claims to be the server's own is taken out; others are left")
    func forgedIDs() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        let bob = try bench.connect("bob")
        _ = bench.take(bob)
        var message = Message(to: DomainBench.local("bob"), body: "x")
        let foreign = StanzaID(id: "f", by: try JID("room@rooms.rome.test"))
        message.payloads += [
            StanzaID(id: "forged", by: DomainBench.local("bob")).element, foreign.element,
        ]
        bench.send(.message(message), from: alice)
        let received = try #require(bench.take(bob).first?.messageValue)
        let ids = try received.payloads.filter(StanzaID.matches).map(StanzaID.init(parsing:))
        #expect(ids.count == 2)
        #expect(ids.first == foreign)
        #expect(ids.last?.by == DomainBench.local("bob"))
        #expect(ids.last?.id != "forged")
    }

    @Test("XEP-0313 §8, §9: an archive is its owner's alone")
    func strangers() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        _ = try bench.connect("bob")
        bench.send(Self.chat("secret", to: "bob"), from: alice)
        let (results, end) = try Self.query(&bench, alice, to: DomainBench.local("bob"))
        #expect(results.isEmpty)
        #expect(end.map { Stanza.iq($0).errorCondition } == .forbidden)
        for request in [ArchiveMetadata().element, ArchivePreferences().element] {
            _ = bench.take(alice)
            bench.send(
                .iq(IQ(to: DomainBench.local("bob"), id: "g", body: .get(request))), from: alice)
            #expect(bench.take(alice).last?.errorCondition == .forbidden)
        }
        bench.handle(
            .routed(
                .iq(
                    IQ(
                        to: DomainBench.local("bob"), from: try JID("eve@rome.test"), id: "e",
                        body: .set(ArchiveQuery().element)))))
        #expect(bench.takeRemote().last?.errorCondition == .serviceUnavailable)
    }

    @Test(
        "XEP-0313 §4.3.2: ids that this archive did not give are not found, and never reach the disk",
        arguments: ["x", "' OR 1=1 --", "0000000000000000000000000000000a"])
    func unknownIDs(id: String) throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        for page in [ResultSet(.after(id)), ResultSet(.before(id))] {
            let (_, end) = try Self.query(&bench, alice, ArchiveQuery(page: page))
            #expect(end.map { Stanza.iq($0).errorCondition } == .itemNotFound)
        }
        for field in ["before-id", "after-id", "ids"] {
            let form = DataForm(
                .submit,
                fields: [
                    .init(DataForm.formTypeField, values: [Namespace.archive]), .init(field, values: [id]),
                ])
            let (_, end) = try Self.query(&bench, alice, ArchiveQuery(form: form))
            #expect(end.map { Stanza.iq($0).errorCondition } == .itemNotFound)
        }
    }

    @Test("XEP-0313 §4.3: pages are bounded, go on where the last ended, and can be flipped")
    func pages() throws {
        var bench = try Self.bench(ArchiveLimits(pageMessages: 3))
        let alice = try bench.connect("alice")
        for number in 1...7 { bench.send(Self.chat("\(number)", to: "alice"), from: alice) }
        let first = try Self.query(&bench, alice, ArchiveQuery(page: ResultSet(max: 1_000)))
        #expect(first.results.map(Self.body) == ["1", "2", "3"])
        var fin = try ArchiveFin(parsing: try #require(first.end?.result))
        #expect(!fin.isComplete)
        let second = try Self.query(
            &bench, alice, ArchiveQuery(page: ResultSet(max: 3, .after(try #require(fin.page.last)))))
        #expect(second.results.map(Self.body) == ["4", "5", "6"])
        let last = try Self.query(
            &bench, alice, ArchiveQuery(page: ResultSet(max: 2, .last), isFlipped: true))
        #expect(last.results.map(Self.body) == ["7", "6"])
        fin = try ArchiveFin(parsing: try #require(last.end?.result))
        // Flipping changes the order of sending, not which end is first.
        #expect(fin.page.last == last.results.first?.id)
        let index = try Self.query(&bench, alice, ArchiveQuery(page: ResultSet(.index(2))))
        #expect(index.end.map { Stanza.iq($0).errorCondition } == .featureNotImplemented)
        let empty = try Self.query(&bench, alice, ArchiveQuery(page: ResultSet(max: 0)))
        #expect(try ArchiveFin(parsing: try #require(empty.end?.result)).page.count == 7)
    }

    @Test("XEP-0313 §4.1.5, §5: what can be asked, and where an archive begins and ends")
    func formAndMetadata() throws {
        var bench = try Self.bench()
        let alice = try bench.connect("alice")
        func ask(_ request: Element) -> IQ? {
            _ = bench.take(alice)
            bench.send(.iq(IQ(to: nil, id: "g", body: .get(request))), from: alice)
            return bench.take(alice).last?.iqValue
        }
        let form = try ArchiveQuery(parsing: try #require(ask(ArchiveQuery().element)?.result)).form
        #expect(
            form?.fields.compactMap(\.name)
                == ["FORM_TYPE", "with", "start", "end", "before-id", "after-id", "ids"])
        #expect(
            try ArchiveMetadata(parsing: try #require(ask(ArchiveMetadata().element)?.result))
                == ArchiveMetadata())
        bench.send(Self.chat("1", to: "alice"), from: alice)
        bench.send(Self.chat("2", to: "alice"), from: alice)
        let metadata = try ArchiveMetadata(parsing: try #require(ask(ArchiveMetadata().element)?.result))
        #expect(metadata.start?.id == bench.archived.first?.id)
        #expect(metadata.end?.id == bench.archived.last?.id)
    }

    @Test("Messages older than the days that are kept are not shown")
    func horizon() throws {
        var bench = try Self.bench(ArchiveLimits(days: 1))
        let alice = try bench.connect("alice")
        bench.send(Self.chat("old", to: "alice"), from: alice)
        bench.now = bench.now.advanced(by: .seconds(86_400))
        #expect(try Self.query(&bench, alice).results.map(Self.body) == ["old"])
        bench.now = bench.now.advanced(by: .milliseconds(1))
        #expect(try Self.query(&bench, alice).results.isEmpty)
    }

    @Test("XEP-0441 §3: preferences are kept, bounded, and followed")
    func preferences() throws {
        var bench = try Self.bench(ArchiveLimits(preferenceAddresses: 2))
        let alice = try bench.connect("alice")
        let (bob, carol) = (DomainBench.local("bob"), try JID("carol@rome.test"))
        func set(_ preferences: ArchivePreferences) -> Stanza? {
            _ = bench.take(alice)
            bench.send(.iq(IQ(to: nil, id: "s", body: .set(preferences.element))), from: alice)
            return bench.take(alice).last
        }
        let wanted = ArchivePreferences(standard: .always, always: [carol], never: [bob])
        let answer = try #require(set(wanted)?.iqValue?.result)
        #expect(try ArchivePreferences(parsing: answer) == wanted)
        bench.send(Self.chat("unseen", to: "bob"), from: alice)
        #expect(bench.archived.map(\.archive) == [bob])
        let tooMany = ArchivePreferences(
            standard: .always, always: [carol, bob], never: [try JID("d@rome.test")])
        #expect(set(tooMany)?.errorCondition == .resourceConstraint)
        #expect(bench.domain.archive?.preferences(of: DomainBench.local("alice")) == wanted)
        bench.isDiskFull = true
        #expect(set(ArchivePreferences(standard: .never))?.errorCondition == .internalServerError)
        #expect(bench.domain.archive?.preferences(of: DomainBench.local("alice")) == wanted)
    }

    @Test("XEP-0313 §7: what an account announces")
    func announcement() throws {
        let features = FeatureTable().accountFeatures
        #expect(features.contains(Namespace.archive))
        #expect(features.contains(Namespace.archiveExtended))
        var bench = DomainBench()
        let alice = try bench.connect("alice")
        let (_, end) = try Self.query(&bench, alice)
        #expect(end.map { Stanza.iq($0).errorCondition } == .serviceUnavailable)
    }
}

extension IQ {
    /// The child of a result.
    var result: Element? {
        if case .result(let element) = self.body { element } else { nil }
    }
}
