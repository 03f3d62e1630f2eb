import Synchronization

/// A process that is killed and started again: what it is at the moment, and who uses it.
///
/// Its own work is cut off wherever it is, and whoever waits for its answer gets none, though what was asked may have
/// happened. Its successor begins only when nothing of it is left: as with a file lock.
final class Lives<Process: Sendable>: Sendable {
    private struct State {
        var process: Process?
        var users = 0
        var count = 0
    }

    private let state = Mutex(State())
    private let kills: AsyncStream<Void>
    private let killed: AsyncStream<Void>.Continuation

    init() {
        (self.kills, self.killed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Processes that were started so far.
    var count: Int { self.state.withLock(\.count) }

    /// Kills the process.
    func kill() { self.killed.yield() }

    /// What `body` makes of the process; nil if there is none at the moment, or it is killed meanwhile.
    func use<Value: Sendable>(_ body: @Sendable (Process) async throws -> Value) async rethrows -> Value? {
        let process = self.state.withLock { state -> Process? in
            if state.process != nil { state.users += 1 }
            return state.process
        }
        guard let process else { return nil }
        defer { self.state.withLock { $0.users -= 1 } }
        do {
            let value = try await body(process)
            return self.isAlive ? value : nil
        } catch {
            guard self.isAlive else { return nil }
            throw error
        }
    }

    /// A successor does not begin while one of the dead process's users is left.
    private var isAlive: Bool { self.state.withLock { $0.process != nil } }

    /// Starts one process after the other until cancelled; `start` makes one, `run` is its life.
    func live(
        _ start: @Sendable () throws -> Process, _ run: @escaping @Sendable (Process) async throws -> Void
    ) async throws {
        while !Task.isCancelled {
            let process = try start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await run(process) }
                self.state.withLock { state in
                    state.process = process
                    state.count += 1
                }
                await self.untilKilled()
                self.state.withLock { $0.process = nil }
                group.cancelAll()
                while self.state.withLock({ $0.users > 0 }) { await Task.yield() }
                do {
                    try await group.waitForAll()
                } catch is CancellationError {
                    // That is how it ends.
                }
            }
        }
    }

    private func untilKilled() async {
        for await _ in self.kills { return }
    }
}
