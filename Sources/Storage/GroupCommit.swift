package import GRDB
import Synchronization

/// Puts writes that wait at the same time into one transaction, so that they share one wait for the disk.
///
/// While one transaction is on its way to the disk, the next gathers. A call returns once its own write is durable, and
/// throws if it is not: a write that fails takes no other with it. Writes are made in the order of the calls, and no
/// thread is blocked but the database's own.
package final class GroupCommit: Sendable {
    package typealias Write = @Sendable (GRDB.Database) throws -> Void

    /// Writes that share one transaction at most, so that the first of them does not wait long for the others.
    package static let writesPerTransaction = 64

    private struct Waiting: Sendable {
        let write: Write
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Never more than there are callers, who wait.
        var waiting: [Waiting] = []
        /// Whether somebody has asked the database for a turn that has not come yet.
        var isScheduled = false
    }

    private let writer: any DatabaseWriter
    private let state = Mutex(State())

    init(_ writer: any DatabaseWriter) {
        self.writer = writer
    }

    /// Writes that wait for their turn.
    var waitingCount: Int { self.state.withLock { $0.waiting.count } }

    /// Makes `write` in a transaction with others; returns once the disk has it.
    package func perform(_ write: @escaping Write) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isFirst = self.state.withLock { state in
                defer { state.isScheduled = true }
                state.waiting.append(Waiting(write: write, continuation: continuation))
                return !state.isScheduled
            }
            if isFirst { self.schedule() }
        }
    }

    private func schedule() {
        self.writer.asyncWriteWithoutTransaction { connection in
            let (batch, isMore) = self.state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.writesPerTransaction))
                state.waiting.removeFirst(batch.count)
                state.isScheduled = !state.waiting.isEmpty
                return (batch, state.isScheduled)
            }
            if isMore { self.schedule() }
            Self.write(batch, connection)
        }
    }

    private static func write(_ batch: [Waiting], _ connection: GRDB.Database) {
        do {
            try connection.inPreparedTransaction {
                for waiting in batch { try waiting.write(connection) }
            }
        } catch {
            guard batch.count > 1 else {
                for waiting in batch { waiting.continuation.resume(throwing: error) }
                return
            }
            // Nothing of the transaction is left: each is made again by itself, and only the culprit fails.
            for waiting in batch { self.write([waiting], connection) }
            return
        }
        for waiting in batch { waiting.continuation.resume() }
    }
}
