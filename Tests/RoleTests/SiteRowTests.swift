import CloudModel
import Logging
import MachineDrivers
import Storage
import Synchronization
import TestRandomness
import TestSupport
import Testing

@testable import Agent

@Suite("What a site says of itself")
struct SiteRowTests {
    @Test("The first change is told at once; those that follow within 100 ms together, as they are then")
    func gathers() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keeper = try SiteKeeper(
            site: AgentFixtures.paris, rules: SiteRules(), policy: .open,
            store: MachineStore(try Database()), logger: logger)
        var generator = SeededGenerator(seed: 1)
        let id: MachineID = generator.id()
        let service = SiteService(
            site: AgentFixtures.paris, keeper: keeper, driver: InMemoryDriver(hosts: []),
            now: { AgentFixtures.start }, uptime: { Uptime(boot: "first", milliseconds: 0) },
            makeMachineID: { id })
        let told = Recorder<AdmissionPolicy>()
        let count = Mutex(0)
        let pauses = Recorder<Duration>()
        let (passed, clock) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingOldest(10))
        let row = SiteRow(
            service: service, profile: AgentConfiguration.Profile(name: "Paris"),
            publish: { description in
                count.withLock { $0 += 1 }
                told.record(description.policy)
            },
            pause: { duration in
                pauses.record(duration)
                for await _ in passed { return }
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await row.run() }
            defer { group.cancelAll() }
            // Before the first measurement nothing is told.
            try await service.setPolicy(.closed)
            try await keeper.change { ledger throws(SiteRefusal) in
                ledger.updateHosts([AgentFixtures.host()])
            }
            #expect(try await told.next() == .closed)
            #expect(try await pauses.next() == .milliseconds(100))
            try await service.setPolicy(.draining)
            try await service.setPolicy(.open)
            #expect(count.withLock { $0 } == 1)
            clock.yield()
            #expect(try await told.next() == .open)
            #expect(try await pauses.next() == .milliseconds(100))
            #expect(count.withLock { $0 } == 2)
        }
    }
}
