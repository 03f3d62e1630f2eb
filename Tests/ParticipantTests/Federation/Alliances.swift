import CloudModel
import Cryptography
import Federation
import Gossip
import Logging
import Storage
import Synchronization
import Testing
import XML
import XMPP

@testable import Participant

/// A few participants in one network, driven by a clock that only the test moves.
final class Alliances: Sendable {
    struct Participant: Sendable {
        let site: SiteID
        let link: FakeLink
        let dispatcher: StanzaDispatcher
        let federation: FederationService
    }

    let network = FakeNetwork()
    private let time = Mutex(Instant(millisecondsSinceEpoch: 1_795_352_300_000))
    private let databases = Mutex<[SiteID: Database]>([:])
    private let current = Mutex<[SiteID: Participant]>([:])

    subscript(site: SiteID) -> Participant {
        get throws { try #require(self.current.withLock { $0[site] }) }
    }

    /// A participant from its database, which is made when it is first started or new; replaces the one before.
    @discardableResult func start(
        _ name: String, role: MemberRole = .agent, keyNumber: UInt8? = nil, isNew: Bool = false,
        exchanges: Int = 4_096,
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    ) throws -> Participant {
        let site = try SiteID(preparing: name)
        let database = try self.databases.withLock { databases in
            let known = isNew ? nil : databases[site]
            let database = try known ?? Database()
            databases[site] = database
            return database
        }
        let link = FakeLink(address: try site.jid(), network: self.network)
        let dispatcher = StanzaDispatcher(
            identity: DiscoInfo.Identity(category: "automation", type: "tradewind"), logger: logger)
        let seed = keyNumber ?? UInt8(truncatingIfNeeded: name.utf8.reduce(0) { $0 &+ Int($1) })
        var configuration = FederationService.Configuration(name: name.uppercased(), role: role)
        // Ticks are the test's.
        configuration.tick = .seconds(86_400)
        configuration.exchanges = exchanges
        let federation = try FederationService(
            link: link, signingKey: SigningKey(rawRepresentation: Array(repeating: seed, count: 32)),
            store: FederationStore(database: database),
            configuration: configuration, now: { self.now }, logger: logger)
        federation.register(on: dispatcher)
        link.handle(with: dispatcher)
        let participant = Participant(site: site, link: link, dispatcher: dispatcher, federation: federation)
        self.current.withLock { $0[site] = participant }
        return participant
    }

    func database(of site: SiteID) throws -> Database {
        try #require(self.databases.withLock { $0[site] })
    }

    var now: Instant { self.time.withLock { $0 } }

    /// Runs the services of all participants while `body` runs.
    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for participant in self.participants {
                group.addTask { try await participant.federation.run() }
                group.addTask { try await participant.dispatcher.run() }
            }
            try await body()
            group.cancelAll()
        }
    }

    /// Runs the services of one participant that was started later while `body` runs.
    func run(_ site: SiteID, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let participant = try self[site]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await participant.federation.run() }
            group.addTask { try await participant.dispatcher.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Moves the clock in steps of half a second; all that follows from a step is done before the next.
    func advance(_ duration: Duration) async throws {
        for _ in 0..<duration.wholeMilliseconds / 500 {
            self.time.withLock { $0 = $0.advanced(by: .milliseconds(500)) }
            for participant in self.participants { await participant.federation.tick() }
            try await self.settle()
        }
    }

    /// Waits until no exchange is under way: each waits for its own disk only, which may take its time.
    ///
    /// An exchange may begin another one at a participant that was looked at already, and end before its own
    /// is. It has sent something then, so two looks in a row must find none while nothing is sent.
    func settle() async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        var quietSince: Int?
        while true {
            let sent = self.network.sentCount
            let isBusy = self.participants.contains { participant in
                participant.federation.state.withLock { $0.exchangesUnderWay > 0 }
            }
            if !isBusy, let quietSince, quietSince == self.network.sentCount { return }
            quietSince = isBusy ? nil : sent
            try Task.checkCancellation()
            try #require(ContinuousClock.now < deadline, "an exchange does not end")
            await Task.yield()
        }
    }

    func join(_ inviter: SiteID, _ invited: SiteID) async throws {
        try await self[inviter].federation.invite(invited)
        try await self.settle()
        try await self[invited].federation.accept(inviter)
        try await self.settle()
    }

    func describe(
        _ site: SiteID, freeVCPUs: Int = 4, load: Double = 0.1, usage: LoadSummary? = nil, heat: Heat? = nil
    ) async throws {
        let total = Resources(vcpus: 8, memory: .gibibytes(16), disk: .gibibytes(100))
        let free = Resources(vcpus: freeVCPUs, memory: .gibibytes(8), disk: .gibibytes(50))
        try await self[site].federation.publish(
            SiteDescription(
                site: site, name: site.address, position: nil, country: nil, labels: [:],
                hypervisors: ["memory"],
                policy: .open,
                capacity: Capacity(
                    total: total, free: free, largestFreeSlot: free, load: load, machines: 1, hosts: 1,
                    usage: usage, heat: heat),
                price: nil, reported: self.now))
    }

    private var participants: [Participant] {
        self.current.withLock { $0.values.sorted { $0.site < $1.site } }
    }
}
