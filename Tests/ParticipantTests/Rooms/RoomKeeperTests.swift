import CloudModel
import Logging
import Operations
import Storage
import Synchronization
import TestSupport
import Testing
import XML
import XMPP
import XMPPTransport

@testable import Participant

@Suite("Rooms that are remembered")
struct RoomKeeperTests {
    /// Notes presence, and answers requests with an error if there is one.
    private final class NotingLink: XMPPLink {
        let address = JID(preparedLocal: nil, domain: "paris.test", resource: nil)
        let presences = Recorder<Presence>()
        let asked = Recorder<JID>()
        let refusal = Mutex<StanzaError?>(nil)
        /// Where questions to services wait while they are held.
        let gate = FaceBench.Gate()
        let isHeld = Mutex(false)
        let time = Mutex(Instant(millisecondsSinceEpoch: 1_795_352_300_000))

        func send(_ stanza: Stanza) async throws {
            if case .presence(let presence) = stanza { self.presences.record(presence) }
        }

        func request(_ iq: IQ, timeout: Duration) async throws -> IQ {
            if iq.to?.local == nil, let domain = iq.to?.domain {
                if self.isHeld.withLock({ $0 }) { await self.gate.wait(domain) }
                return iq.reply(.result(FaceBench.info(ofService: domain).element))
            }
            if let to = iq.to { self.asked.record(to) }
            if let refusal = self.refusal.withLock({ $0 }) { throw refusal }
            return iq.reply(.result(nil))
        }
    }

    private static let room = JID(preparedLocal: "ops", domain: "rooms.paris.test", resource: nil)
    private static let own = room.appending(resource: "paris.test")
    private static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private let link = NotingLink()

    private func advance(by duration: Duration) {
        self.link.time.withLock { $0 = $0.advanced(by: duration) }
    }

    private func keeper(
        _ database: Database, renewals: AsyncStream<Void>? = nil
    ) async throws -> RoomKeeper {
        try await RoomKeeper(
            link: self.link, store: VisitStore(database: database), renewals: renewals,
            now: { self.link.time.withLock { $0 } }, logger: Self.quiet)
    }

    private func work(_ keeper: RoomKeeper) async {
        for step in keeper.tick() { await keeper.perform(step) }
    }

    private static func seen(_ kind: Presence.Kind = .available, _ statuses: [RoomStatus] = []) -> Presence {
        let notice = RoomNotice(
            item: RoomItem(affiliation: .member, role: .participant), statuses: [.isSelf] + statuses)
        return Presence(to: nil, from: Self.own, kind: kind, payloads: [notice.element])
    }

    private func state(_ keeper: RoomKeeper) -> Value? { keeper.list.array?.first?.object?["state"] }

    @Test("XEP-0045 §7.2: after a restart it enters the rooms that had let it in, and no others")
    func restart() async throws {
        let database = try Database()
        let first = try await self.keeper(database)
        try await first.enter(Self.room)
        #expect(try await VisitStore(database: database).rooms() == [], "it is not in yet")
        await first.receive(Self.seen())
        #expect(try await VisitStore(database: database).rooms() == [Self.room.description])
        _ = try await self.link.presences.next()

        let second = try await self.keeper(database)
        #expect(self.state(second) == "away")
        await self.work(second)
        let entry = try await self.link.presences.next()
        #expect(entry.to == Self.own)
        #expect(try RoomEntry(parsing: try #require(entry.payloads.first)).history?.stanzas == 0)
        await second.receive(Self.seen())
        #expect(self.state(second) == "inside")
        try await second.leave(Self.room)
        #expect(try await VisitStore(database: database).rooms() == [])
        #expect(try await self.keeper(database).list == .array([]))
    }

    @Test("Attached to somebody else's server, it waits for the stream, and enters anew on each new one")
    func renewals() async throws {
        let database = try Database()
        try await VisitStore(database: database).add(Self.room.description)
        let (renewals, renew) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let keeper = try await self.keeper(database, renewals: renewals)
        #expect(keeper.tick() == [])
        #expect(self.state(keeper) == "away")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            for _ in 0..<2 {
                renew.yield()
                let entry = try await self.link.presences.next()
                #expect(entry.to == Self.own && entry.kind == .available)
                await keeper.receive(Self.seen())
                #expect(self.state(keeper) == "inside")
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await self.link.presences.next().kind == .unavailable)
    }

    @Test(
        "A room that we are taken out of while its service is asked is not entered", arguments: [false, true])
    func leftMeanwhile(again: Bool) async throws {
        let database = try Database()
        try await VisitStore(database: database).add(Self.room.description)
        let keeper = try await self.keeper(database)
        self.link.isHeld.withLock { $0 = true }
        async let work: Void = self.work(keeper)
        #expect(try await self.link.gate.arrivals.next() == Self.room.domain)
        try await keeper.leave(Self.room)
        #expect(try await self.link.presences.next().kind == .unavailable)
        if again {
            // Whoever asks for it anew enters it once, whatever became of the attempt before.
            self.advance(by: .seconds(1))
            self.link.isHeld.withLock { $0 = false }
            try await keeper.enter(Self.room)
            #expect(try await self.link.presences.next().to == Self.own)
        }
        self.link.gate.open()
        await work
        await #expect(throws: Recorder<Presence>.NothingHappened.self) {
            try await self.link.presences.next(within: 0)
        }
        let expected: Value? = again ? .string("entering") : nil
        #expect(self.state(keeper) == expected)
    }

    @Test("XEP-0410 §3: it finds that it is no longer in a room, and enters again")
    func vanished() async throws {
        let database = try Database()
        let keeper = try await self.keeper(database)
        try await keeper.enter(Self.room)
        await keeper.receive(Self.seen())
        _ = try await self.link.presences.next()
        for refusal in [nil, StanzaError(.remoteServerTimeout), StanzaError(.notAcceptable)] {
            self.link.refusal.withLock { $0 = refusal }
            self.advance(by: ChatRooms.checkPeriod)
            await self.work(keeper)
            #expect(try await self.link.asked.next() == Self.own)
            #expect(self.state(keeper) == (refusal?.condition == .notAcceptable ? "away" : "inside"))
        }
        await self.work(keeper)
        #expect(try await self.link.presences.next().to == Self.own)
    }

    @Test("XEP-0045 §8.2, §9.1: removed it stays out, after a restart too; of a vanished room it takes leave")
    func removed() async throws {
        for statuses in [[RoomStatus.kicked], [.banned], [.removedAsNonMember]] {
            let database = try Database()
            let keeper = try await self.keeper(database)
            try await keeper.enter(Self.room)
            await keeper.receive(Self.seen())
            await keeper.receive(Self.seen(.unavailable, statuses))
            #expect(keeper.list == .array([]))
            #expect(try await VisitStore(database: database).rooms() == [])
            _ = try await self.link.presences.next()
        }
        let database = try Database()
        try await VisitStore(database: database).add(Self.room.description)
        let keeper = try await self.keeper(database)
        await self.work(keeper)
        #expect(try await self.link.presences.next().kind == .available)
        await keeper.receive(Self.seen(.available, [.created]))
        #expect(try await self.link.presences.next().kind == .unavailable)
        #expect(try await VisitStore(database: database).rooms() == [])
    }

    @Test("XEP-0045 §6.2: what is no service of rooms, or no longer, is not entered, and forgotten")
    func noService() async throws {
        let database = try Database()
        let account = JID(preparedLocal: "bob", domain: "people.test", resource: nil)
        try await VisitStore(database: database).add(account.description)
        let keeper = try await self.keeper(database)
        await self.work(keeper)
        #expect(keeper.list == .array([]))
        #expect(try await VisitStore(database: database).rooms() == [])
        for address in [account, JID(preparedLocal: "bob", domain: "paris.test", resource: nil)] {
            let error = await #expect(throws: OperationError.self) { try await keeper.enter(address) }
            #expect(error?.code == .badRequest)
        }
        await #expect(throws: Recorder<Presence>.NothingHappened.self) {
            try await self.link.presences.next(within: 0)
        }
    }

    @Test("Rooms below our own domain are believed, and those that were named; the domain of accounts never")
    func trust() async throws {
        let keeper = try await RoomKeeper(
            link: self.link, trusted: ["rooms.example", "paris.test"],
            store: VisitStore(database: try Database()), now: { self.link.time.withLock { $0 } },
            logger: Self.quiet)
        for domain in ["rooms.paris.test", "a.rooms.paris.test", "rooms.example", "ops.rooms.example"] {
            #expect(keeper.trusts(domain), "\(domain)")
        }
        for domain in ["paris.test", "xparis.test", "example", "test", "tokyo.test"] {
            #expect(!keeper.trusts(domain), "\(domain)")
        }
    }

    @Test("XEP-0045 §7.14: a process that ends takes leave of its rooms, and remembers them")
    func ends() async throws {
        let database = try Database()
        let keeper = try await self.keeper(database)
        try await keeper.enter(Self.room)
        await keeper.receive(Self.seen())
        _ = try await self.link.presences.next()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await self.link.presences.next().kind == .unavailable)
        #expect(try await VisitStore(database: database).rooms() == [Self.room.description])
    }
}
