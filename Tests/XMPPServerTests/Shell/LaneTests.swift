import CloudModel
import Logging
import Storage
import Synchronization
import Testing
import XML
import XMPP

@testable import XMPPServer

/// What waits for the disk, behind whom, and what waits for nobody.
@Suite("The lanes behind a domain")
struct LaneTests {
    /// A domain whose lanes run when the test says so; what leaves it for elsewhere is recorded.
    private struct Bench {
        let database: Database
        let lane = DurableLane()
        let wideLane = WideLane()
        let shell: DomainShell
        let sent = Recorder<Stanza>()
        static let alice = EmbeddedServer.account("alice")

        init() async throws {
            self.database = try Database()
            let store = AccountStore(database: self.database)
            _ = try await store.insert(AccountRecord(username: "alice", createdAt: 0), credentials: [])
            let card = Element("vCard", namespace: Namespace.vCard, text: "Alice")
            let text = try card.serializedText()
            try await store.save([
                AccountDocumentRecord(
                    username: "alice", area: "vcard", name: "vCard", namespace: Namespace.vCard, content: text
                )
            ])
            var domain = LocalDomain(address: EmbeddedServer.domain, profile: ServiceProfile())
            domain.add(account: Self.alice)
            domain.documents.note(.vCard, bytes: text.utf8.count, of: Self.alice)
            self.shell = DomainShell(
                domain: domain, database: self.database, lane: self.lane, wideLane: self.wideLane,
                keptBytesPerAccount: 0, now: { Instant(millisecondsSinceEpoch: 1_000_000) },
                logger: Logger(label: "lanes", factory: { _ in SwiftLogNoOpLogHandler() }))
            let sent = self.sent
            self.shell.open(DomainShell.Exits(remote: { sent.record($0) }, service: { _ in }))
        }

        func send(_ stanza: Stanza, from source: String) {
            self.shell.handle(.routed(stanza), from: source, on: source, pause: {}, resume: {})
        }

        /// Something that has to be written: there is no room for it, so whoever sent it is told by the same id.
        func write(_ id: String, from source: String) throws {
            let sender = try JID("\(source)@tokyo.test/desk")
            self.send(
                .message(Message(to: Self.alice, from: sender, id: id, kind: .chat, body: id)), from: source)
        }

        /// Something that has to be read: the answer has the same id.
        func read(_ id: String, from source: String) throws {
            let sender = try JID("\(source)@tokyo.test/desk")
            let request = Element("vCard", namespace: Namespace.vCard)
            self.send(.iq(IQ(to: Self.alice, from: sender, id: id, body: .get(request))), from: source)
        }

        /// What left, in order, while both lanes, or one, did all they had.
        func take(_ count: Int, durable: Bool = true, wide: Bool = true) async throws -> [String] {
            try await self.running(durable: durable, wide: wide) {
                var ids: [String] = []
                while ids.count < count { ids.append(try await self.sent.next().id ?? "") }
                return ids
            }
        }

        func running<Result>(
            durable: Bool = true, wide: Bool = true, _ body: () async throws -> Result
        ) async throws -> Result {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if durable { group.addTask { try await self.lane.run() } }
                if wide { group.addTask { await self.wideLane.run() } }
                defer {
                    self.wideLane.finish()
                    self.lane.finish()
                }
                return try await body()
            }
        }
    }

    @Test(
        "One stream with much to write does not hold up the others: each of its events has a turn of its own")
    func turns() async throws {
        let bench = try await Bench()
        for id in ["a1", "a2", "a3"] { try bench.write(id, from: "a") }
        try bench.write("b1", from: "b")
        #expect(try await bench.take(4) == ["a1", "b1", "a2", "a3"])
    }

    @Test("Whoever reads waits for nobody's writing")
    func readingPasses() async throws {
        let bench = try await Bench()
        try bench.write("w", from: "a")
        try bench.read("r", from: "b")
        // The durable lane does nothing at all.
        #expect(try await bench.take(1, durable: false) == ["r"])
    }

    @Test("Whoever reads several things at once, and asks what needs no disk, waits for nobody's writing")
    func readingOnPasses() async throws {
        let bench = try await Bench()
        try bench.write("w", from: "a")
        try bench.read("r1", from: "b")
        try bench.read("r2", from: "b")
        let ping = IQ(
            to: EmbeddedServer.domain, from: try JID("b@tokyo.test/desk"), id: "p", body: .get(Ping().element)
        )
        bench.send(.iq(ping), from: "b")
        try bench.read("r3", from: "b")
        #expect(try await bench.take(4, durable: false) == ["r1", "r2", "p", "r3"])
    }

    @Test("Nobody's writing waits for a reader")
    func writingPasses() async throws {
        let bench = try await Bench()
        try bench.read("r", from: "b")
        try bench.write("w", from: "a")
        #expect(try await bench.take(1, wide: false) == ["w"])
    }

    @Test("What one stream asks for is done in its order, whatever has to be written or read for it")
    func order() async throws {
        let bench = try await Bench()
        for number in 1...4 {
            try bench.write("w\(number)", from: "a")
            try bench.read("r\(number)", from: "a")
        }
        #expect(try await bench.take(8) == ["w1", "r1", "w2", "r2", "w3", "r3", "w4", "r4"])
    }

    @Test("XEP-0077 §3.3: while a password is hashed others are served")
    func hashing() async throws {
        let bench = try await Bench()
        let (asked, mayEnd) = (Recorder<String>(), Gate())
        bench.shell.keeper.withLock { keeper in
            keeper = DomainShell.AccountKeeper(
                setPassword: { username, _ in
                    asked.record(username)
                    await mayEnd.pass()
                    bench.sent.record(.message(Message(to: nil, id: "hashed", payloads: [])))
                    return nil
                }, delete: { _ in nil })
        }
        let (session, _) = try bench.shell.withDomain { domain throws(StanzaError) in
            try domain.bind(account: Bench.alice, resource: "desk")
        }
        let wish = Registration(username: "alice", password: "correct horse")
        bench.shell.handle(
            .fromClient(.iq(IQ(to: nil, id: "p", body: .set(wish.element))), session.id), from: "s", on: "s",
            pause: {}, resume: {})
        try await bench.running {
            #expect(try await asked.next() == "alice")
            try bench.write("w", from: "a")
            #expect(try await bench.sent.next().id == "w")
            mayEnd.open()
            #expect(try await bench.sent.next().id == "hashed")
        }
    }

    @Test(
        "Jobs under way beside the lane are no more than it is wide, those that wait no more than its limit")
    func width() async throws {
        let lane = WideLane(limit: 3, width: 2)
        let (begun, gate) = (Recorder<Int>(), Gate())
        for number in 1...3 {
            let isQueued = lane.submit {
                begun.record(number)
                await gate.pass()
            }
            #expect(isQueued)
        }
        let isOneMore = lane.submit {}
        #expect(!isOneMore)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await lane.run() }
            do {
                #expect(try await Set([begun.next(), begun.next()]) == [1, 2])
                #expect(lane.underWayCount == 2)
                gate.open()
                #expect(try await begun.next() == 3)
            } catch {
                Issue.record(error)
            }
            lane.finish()
        }
        let isLate = lane.submit {}
        #expect(!isLate, "it has ended")
    }
}
