import CloudModel
import GRDB
import Gossip
import Logging
import Storage
import Synchronization
import Testing

@testable import Participant

@Suite("The federation on a full disk")
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
}
