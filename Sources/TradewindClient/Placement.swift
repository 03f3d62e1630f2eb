import NIOHTTP1

/// A workload that was asked for: what it has become can be waited for, watched and removed.
///
/// It is the same wherever its parts run. It holds nothing open: to forget it does not stop the workload.
public struct Placement: Sendable {
    /// The workload's id.
    public let id: String
    let client: TradewindClient

    /// The longest that one question waits for news.
    private static let questionPatience = Duration.seconds(20)
    /// The pause before the state is asked for again where the coordinator tells no more news to this caller.
    private static let busyPause = Duration.seconds(1)

    private struct News: Decodable {
        let position: Int64
    }

    /// How it is now.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func status() async throws -> WorkloadStatus {
        try await self.client.show(self.id)
    }

    /// Waits until every replica that is wanted runs; a task that is cancelled stops waiting, and nothing else.
    ///
    /// - Throws: ``TradewindError``: `failed`, which says why, if the workload could not be placed or was removed, and
    ///   `timeout` if it has come no further within `limit`; it then goes on being placed all the same.
    ///   `CancellationError` if the task is cancelled.
    @discardableResult
    public func waitUntilRunning(within limit: Duration = .seconds(600)) async throws -> WorkloadStatus {
        var position: Int64 = 0
        return try await self.client.transport.wait(for: "workload \(self.id)", within: limit) { deadline in
            let status: WorkloadStatus = try await self.client.transport.perform(
                .GET, ["workloads", self.id], until: deadline)
            if status.isRunning { return status }
            guard status.state == .placing || status.state == .placed else {
                throw TradewindError(
                    .failed,
                    "\(status.name) is \(status.state.rawValue): \(status.reason ?? "no reason is given")")
            }
            if !Transport.isOver(deadline) {
                position = try await self.news(after: position, until: deadline)
            }
            return nil
        }
    }

    /// Waits for something to happen after `position`, but not for long; where to go on.
    private func news(after position: Int64, until deadline: ContinuousClock.Instant) async throws -> Int64 {
        let left = min(ContinuousClock.now.duration(to: deadline), Self.questionPatience)
        let milliseconds = max(1, Int64(left.milliseconds))
        do {
            let news: News = try await self.client.transport.perform(
                .GET, ["workloads", self.id, "events"],
                query: ["after": String(position), "for": "\(milliseconds)ms"], until: deadline)
            return news.position
        } catch let error as TradewindError where error.code == .tooMany {
            // The caller watches as much as they may already: the state is asked for again instead.
            try await Task.sleep(for: min(Self.busyPause, ContinuousClock.now.duration(to: deadline)))
            return position
        }
    }

    /// What happens to it, from the beginning or after a position, until nothing of it is left.
    public func events(after position: Int64? = nil) -> WorkloadEvents {
        self.client.watch(self.id, after: position)
    }

    /// Deletes it: whatever of it is under way is given up, and its machines are deleted with their disks.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func remove(key: String = TradewindClient.freshKey()) async throws -> WorkloadStatus {
        try await self.client.remove(self.id, key: key)
    }
}
