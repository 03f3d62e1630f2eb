import CloudModel
import Foundation
import GRDB
import Gossip
import Logging
import Storage
import Synchronization
import Testing

@testable import Participant

@Suite("The federation on a full disk", .timeLimit(.minutes(2)))
struct FederationDiskTests {
    /// Counts the errors that are logged.
    private struct ErrorCounter: LogHandler {
        final class Count: Sendable {
            let errors = Mutex<[String]>([])
        }

        let count: Count
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.error

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.count.errors.withLock { $0.append("\(event.message)") }
        }
    }

    private static let paris = SiteID("paris.test")
    private static let tokyo = SiteID("tokyo.test")

    /// From now on the disk takes nothing of the federation, or takes everything again.
    private static func set(isFull: Bool, in database: Storage.Database) throws {
        try database.writer.write { connection in
            for table in ["federationMember", "federationRow", "federationIncarnation"] {
                for change in ["INSERT", "UPDATE"] {
                    try connection.execute(
                        sql: isFull
                            ? """
                            CREATE TRIGGER full\(table)\(change) BEFORE \(change) ON \(table)
                            BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END
                            """ : "DROP TRIGGER full\(table)\(change)")
                }
            }
        }
    }

    @Test("The alliance goes on from memory, the log says what a restart would lose, and it is kept later")
    func goesOn() async throws {
        let alliances = Alliances()
        let count = ErrorCounter.Count()
        let logger = Logger(label: "test", factory: { _ in ErrorCounter(count: count) })
        try alliances.start("paris.test", logger: logger)
        try alliances.start("tokyo.test")
        let database = try alliances.database(of: Self.paris)
        try await alliances.run {
            try Self.set(isFull: true, in: database)
            try await alliances.join(Self.paris, Self.tokyo)
            try await alliances.describe(Self.tokyo)
            try await alliances.advance(.seconds(2))
            #expect(try alliances[Self.paris].federation.knownSite(Self.tokyo)?.isCandidate == true)
            #expect(try FederationStore(database: database).members().isEmpty)
            #expect(count.errors.withLock { $0.allSatisfy { $0.contains("would be lost by a restart") } })
            #expect(!count.errors.withLock { $0.isEmpty })
            try Self.set(isFull: false, in: database)
            try await alliances[Self.paris].federation.leave(Self.tokyo)
            try await alliances.settle()
            try await alliances[Self.paris].federation.invite(Self.tokyo)
            try await alliances.settle()
            try await alliances[Self.tokyo].federation.accept(Self.paris)
            try await alliances.settle()
        }
        try alliances.start("paris.test")
        #expect(try alliances[Self.paris].federation.knownSite(Self.tokyo)?.standing == .member)
    }

    @Test(
        "A process whose incarnation cannot be raised does not start: others would take its rows for old ones"
    )
    func doesNotStart() throws {
        let alliances = Alliances()
        try alliances.start("paris.test")
        try Self.set(isFull: true, in: try alliances.database(of: Self.paris))
        #expect(throws: DatabaseError.self) { try alliances.start("paris.test") }
    }

    @Test("A disk that keeps everybody waiting does not keep the rest of the process from its work")
    func slowDisk() async throws {
        let database = try Storage.Database()
        let keepers = (0..<ProcessInfo.processInfo.activeProcessorCount * 2).map { _ in
            FederationKeeper(
                store: FederationStore(database: database),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        }
        let (isHeld, hold) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let release = DispatchSemaphore(value: 0)
        let outcome = Mutex<DispatchTimeoutResult?>(nil)
        let thread = DispatchQueue(label: "disk")
        thread.async {
            do {
                try database.writer.write { _ in
                    hold.yield()
                    // The limit ends the test if all threads of the pool wait for the disk.
                    outcome.withLock { $0 = release.wait(timeout: .now() + 60) }
                }
            } catch {
                Issue.record(error)
            }
        }
        for await _ in isHeld { break }
        await withTaskGroup(of: Void.self) { group in
            for keeper in keepers { group.addTask { await keeper.saveIncarnation(1) } }
            // Each yield gives the keepers a turn; on the pool they would take all of its threads.
            for _ in 0..<1_000 { await Task.yield() }
            release.signal()
        }
        thread.sync {}
        #expect(outcome.withLock { $0 } == .success)
    }
}
