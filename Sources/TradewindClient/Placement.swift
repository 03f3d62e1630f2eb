import NIOHTTP1

/// A workload that was asked for: what it has become can be waited for, watched and removed.
///
/// It is the same wherever its parts run. It holds nothing open: to forget it does not stop the workload.
public struct Placement: Sendable {
    /// The workload's id.
    public let id: String
    let client: TradewindClient

    /// The longest that one question waits for news, in milliseconds.
    private static let questionMilliseconds: Int64 = 20_000
    /// The pause before the state is asked for again where the coordinator tells no more news to this caller.
    private static let busyPause = Duration.seconds(1)

    private struct News: Decodable {
        let position: Int64
    }

    /// How it is now.
    public func status() async throws -> WorkloadStatus {
        try await self.client.show(self.id)
    }

    /// Waits until every replica runs.
    ///
    /// Throws an error of the code `failed`, which says why, if the workload could not be placed or was removed, and one of
    /// the code `timeout` if it has come no further within `limit`; it then goes on being placed all the same. A task that
    /// is cancelled stops waiting, and nothing else.
    @discardableResult
    public func running(within limit: Duration = .seconds(600)) async throws -> WorkloadStatus {
        let deadline = ContinuousClock.now.advanced(by: limit)
        var position: Int64 = 0
        while true {
            try Task.checkCancellation()
            do {
                let status: WorkloadStatus = try await self.client.transport.perform(
                    .GET, ["workloads", self.id], until: deadline)
                if status.isRunning { return status }
                guard status.state == .placing || status.state == .placed else {
                    throw TradewindError(
                        .failed,
                        "\(status.name) is \(status.state.rawValue): \(status.reason ?? "no reason is given")"
                    )
                }
                if !Transport.isOver(deadline) {
                    position = try await self.news(after: position, until: deadline)
                }
            } catch let error as TradewindError where error.isPassing && Transport.isOver(deadline) {
                // The time is over, whatever kept the answer from coming.
            }
            guard !Transport.isOver(deadline) else {
                throw TradewindError(
                    .timeout, "\(self.id) is not known to run in full after \(limit)",
                    next: "wait for longer, or look at what happens to it")
            }
        }
    }

    /// Waits for something to happen after `position`, but not for long; where to go on.
    private func news(after position: Int64, until deadline: ContinuousClock.Instant) async throws -> Int64 {
        let left = ContinuousClock.now.duration(to: deadline).components
        let milliseconds = left.seconds * 1_000 + left.attoseconds / 1_000_000_000_000_000
        let patience = max(1, min(milliseconds, Self.questionMilliseconds))
        do {
            let news: News = try await self.client.transport.perform(
                .GET, ["workloads", self.id, "events"],
                query: ["after": String(position), "for": "\(patience)ms"], until: deadline)
            return news.position
        } catch let error as TradewindError where error.code == .tooMany {
            // The caller watches as much as he may already: the state is asked for again instead.
            try await Task.sleep(for: min(Self.busyPause, ContinuousClock.now.duration(to: deadline)))
            return position
        }
    }

    /// What happens to it, from the beginning or after a position, until nothing of it is left.
    public func events(after position: Int64? = nil) -> WorkloadEvents {
        self.client.watch(self.id, after: position)
    }

    /// Deletes it: whatever of it is under way is given up, and its machines are deleted with their disks.
    @discardableResult
    public func remove() async throws -> WorkloadStatus {
        try await self.client.remove(self.id)
    }
}
