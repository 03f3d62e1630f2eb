import CloudModel
import Logging
import Storage
import Synchronization
import Testing
import XML
import XMPP

@testable import XMPPServer

/// Whoever is told that something was handled forgets it: it must be safe by then.
@Suite("What is acknowledged is safe")
struct AcknowledgementTests {
    private static let alice = EmbeddedServer.account("alice")

    /// A domain with Alice and an archive that is not run yet.
    private static func shell(_ database: Database, _ lane: DurableLane) -> DomainShell {
        var domain = LocalDomain(
            address: EmbeddedServer.domain, profile: ServiceProfile(),
            archive: MessageArchive(ids: ArchiveIDs(key: [UInt8](repeating: 7, count: 32))))
        domain.add(account: Self.alice)
        return DomainShell(
            domain: domain, database: database, lane: lane,
            now: { Instant(millisecondsSinceEpoch: 1_000_000) },
            logger: Logger(label: "archive", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test("XEP-0198 §4: a message is acknowledged after its archive entry was committed, not before")
    func archived() async throws {
        let (database, lane) = (try Database(), DurableLane())
        let shell = Self.shell(database, lane)
        let happened = Mutex<[String]>([])
        shell.attachArchive()
        shell.open(
            DomainShell.Exits(remote: { _ in happened.withLock { $0.append("sent") } }, service: { _ in }))
        let (session, _) = try shell.withDomain { domain throws(StanzaError) in
            try domain.bind(account: Self.alice, resource: "desk")
        }
        let message = Message(to: try JID("carol@tokyo.test"), kind: .chat, body: "start web-1")
        shell.handle(.fromClient(.message(message), session.id), from: "s", on: "s", pause: {}, resume: {})
        shell.afterBacklog(of: "s", mayGiveWay: true) { happened.withLock { $0.append("acknowledged") } }
        #expect(happened.withLock { $0 }.isEmpty, "nothing was written yet")
        let archive = try #require(shell.archive)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lane.run() }
            group.addTask { await archive.run() }
            await withCheckedContinuation { done in
                shell.afterBacklog(of: "s", mayGiveWay: true) { done.resume() }
            }
            lane.finish()
            archive.finish()
            try await group.waitForAll()
        }
        // What follows from a message leaves the server after the commit: so does the acknowledgement.
        #expect(happened.withLock { $0 } == ["sent", "acknowledged"])
        let ends = try await ArchiveStore(database: database).lastSequence()
        #expect(ends > 0)
    }

    @Test(
        "Attack: requests for acknowledgement without end, while the archive is busy. Others' writing goes on"
    )
    func manyRequests() async throws {
        let lane = DurableLane()
        let shell = Self.shell(try Database(), lane)
        let sent = Recorder<String>()
        shell.attachArchive()
        shell.open(DomainShell.Exits(remote: { sent.record($0.id ?? "") }, service: { _ in }))
        let (session, _) = try shell.withDomain { domain throws(StanzaError) in
            try domain.bind(account: Self.alice, resource: "desk")
        }
        // The archive is busy for as long as nobody runs it.
        let message = Message(to: try JID("carol@tokyo.test"), id: "archived", kind: .chat, body: "hello")
        shell.handle(.fromClient(.message(message), session.id), from: "s", on: "s", pause: {}, resume: {})
        let answered = Mutex(0)
        for _ in 1...(lane.limit + 1) {
            shell.afterBacklog(of: "s", mayGiveWay: true) { answered.withLock { $0 += 1 } }
        }
        #expect(answered.withLock { $0 } == 0, "what was sent is not safe yet")
        // What another stream has written is done all the same: a contact that nobody knows is refused.
        let request = Presence(to: Self.alice, from: try JID("bob@rome.test"), id: "w", kind: .subscribe)
        let isDone = Gate()
        shell.handle(.routed(.presence(request)), from: "t", on: "t", pause: {}, resume: { isDone.open() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lane.run() }
            await isDone.pass()
            lane.finish()
            try await group.waitForAll()
        }
        let archive = try #require(shell.archive)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await archive.run() }
            await withCheckedContinuation { done in
                shell.afterBacklog(of: "s", mayGiveWay: true) { done.resume() }
            }
            archive.finish()
        }
        // The refusal was not held up by what waited for the archive.
        #expect(try await [sent.next(), sent.next()] == ["w", "archived"])
        #expect((1...ArchiveLimits().waitingPerStream).contains(answered.withLock { $0 }))
    }

    @Test(
        "XEP-0198 §4, §5: what waits for the disk is neither acknowledged nor counted in a resumption",
        arguments: [false, true])
    func waiting(isDurable: Bool) throws {
        // The disk of this server does nothing.
        let server = try EmbeddedServer()
        let client = try EmbeddedClient.online("alice", "desk", on: server)
        client.others.removeAll()
        let item = RosterQuery.Item(address: EmbeddedServer.account("bob"))
        let query = isDurable ? RosterQuery(items: [item]).element : Ping().element
        client.send(.iq(IQ(to: nil, id: "roster", body: isDurable ? .set(query) : .get(query))))
        try client.exchange()
        #expect(client.others.contains { $0.name == "a" } == !isDurable)
        client.cut()
        try client.resume()
        try client.exchange()
        #expect(client.others.contains { $0.name == "resumed" } == !isDurable)
        #expect(client.wire.isOpen)
        // It may come back once more, and nothing is lost by it.
        client.cut()
        try client.resume()
        try client.exchange()
        #expect(client.others.filter { $0.name == "resumed" }.count == (isDurable ? 0 : 2))
    }
}
