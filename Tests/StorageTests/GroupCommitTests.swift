import Dispatch
import GRDB
import Synchronization
import Testing

@testable import Storage

@Suite("Writes that wait together", .timeLimit(.minutes(2)))
struct GroupCommitTests {
    /// Counts what reaches the disk.
    private final class Commits: TransactionObserver, Sendable {
        private let number = Mutex(0)

        var count: Int { self.number.withLock { $0 } }

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseDidCommit(_ connection: GRDB.Database) { self.number.withLock { $0 += 1 } }
        func databaseDidRollback(_ connection: GRDB.Database) {}
    }

    private final class Failures: Sendable {
        private let set = Mutex<Set<Int>>([])

        var numbers: Set<Int> { self.set.withLock { $0 } }

        func insert(_ number: Int) {
            self.set.withLock { _ = $0.insert(number) }
        }
    }

    private let database: Storage.Database
    private let commits = Commits()

    init() throws {
        self.database = try Storage.Database()
        let commits = self.commits
        try self.database.writer.write { connection in
            try connection.execute(
                sql: """
                    CREATE TABLE parent (id INTEGER PRIMARY KEY);
                    CREATE TABLE entry (
                        number INTEGER NOT NULL UNIQUE CHECK (number >= 0),
                        parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED
                    )
                    """)
            connection.add(transactionObserver: commits, extent: .databaseLifetime)
        }
    }

    private func insert(_ number: Int, parent: Int? = nil) async throws {
        try await self.database.groupCommit.perform { connection in
            try connection.execute(
                sql: "INSERT INTO entry (number, parent) VALUES (?, ?)", arguments: [number, parent])
        }
    }

    private func entries() async throws -> [Int] {
        try await self.database.writer.read { connection in
            try Int.fetchAll(connection, sql: "SELECT number FROM entry ORDER BY rowid")
        }
    }

    /// Gives other tasks their turns until so many writes wait.
    private func untilWaiting(_ count: Int) async throws {
        while self.database.groupCommit.waitingCount < count {
            try #require(!Task.isCancelled, "\(count) writes never wait at a time")
            await Task.yield()
        }
    }

    /// Keeps the database busy until as many writes wait as `writes` are made at a time, then lets all run.
    private func together(_ writes: [@Sendable () async throws -> Void]) async throws {
        let gate = DispatchSemaphore(value: 0)
        self.database.writer.asyncWriteWithoutTransaction { _ in gate.wait() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Or the writes would never end.
            defer { gate.signal() }
            for write in writes { group.addTask { try await write() } }
            try await self.untilWaiting(writes.count)
            gate.signal()
            try await group.waitForAll()
        }
    }

    @Test("Those that wait share a transaction, up to the limit", arguments: [(1, 1), (64, 1), (65, 2)])
    func shares(writes: Int, transactions: Int) async throws {
        #expect(GroupCommit.writesPerTransaction == 64)
        let all = (0..<writes).map { number -> @Sendable () async throws -> Void in
            { try await self.insert(number) }
        }
        let before = self.commits.count
        try await self.together(all)
        #expect(self.commits.count - before == transactions)
        #expect(try await self.entries().sorted() == Array(0..<writes))
    }

    @Test("A write that fails takes no other with it, be it at once or when all are committed")
    func failures() async throws {
        let failed = Failures()
        // -1 breaks a rule of its row, 4 one that is looked at with the commit.
        let writes = [0, 1, -1, 3, 4, 5].map { number -> @Sendable () async throws -> Void in
            {
                do {
                    try await self.insert(number, parent: number == 4 ? 99 : nil)
                } catch is DatabaseError {
                    failed.insert(number)
                }
            }
        }
        try await self.together(writes)
        #expect(failed.numbers == [-1, 4])
        #expect(try await self.entries().sorted() == [0, 1, 3, 5])
        try await self.insert(6)
        #expect(try await self.entries().count == 5)
    }

    @Test("Writes are made in the order of the calls, and each is on disk when its call returns")
    func order() async throws {
        let count = 100
        let gate = DispatchSemaphore(value: 0)
        self.database.writer.asyncWriteWithoutTransaction { _ in gate.wait() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Or the writes would never end.
            defer { gate.signal() }
            for number in 0..<count {
                group.addTask {
                    try await self.insert(number)
                    #expect(try await self.entries().contains(number))
                }
                try await self.untilWaiting(number + 1)
            }
            gate.signal()
            try await group.waitForAll()
        }
        #expect(try await self.entries() == Array(0..<count))
    }
}
