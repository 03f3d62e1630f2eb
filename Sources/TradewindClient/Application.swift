import NIOHTTP1

/// An application that was applied: each of its parts can be waited for, and the whole can be cancelled and removed.
///
/// It is the same wherever its parts run. It holds nothing open: to forget it does not stop the application.
public struct Application: Sendable {
    /// The application's id.
    public let id: String
    let client: TradewindClient

    /// How it is now.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func status() async throws -> ApplicationStatus {
        try await self.client.showApplication(self.id)
    }

    /// Waits until every part runs; a task that is cancelled stops waiting, and nothing else.
    ///
    /// - Throws: ``TradewindError``: `failed`, which says why, if some part cannot be placed or the application was
    ///   removed, `cancelled` if somebody cancelled it, and `timeout` if it has come no further within `limit`; it
    ///   then goes on being applied all the same. `CancellationError` if the task is cancelled.
    @discardableResult
    public func waitUntilRunning(within limit: Duration = .seconds(600)) async throws -> ApplicationStatus {
        try await self.client.transport.wait(for: "application \(self.id)", within: limit) { deadline in
            let status = try await self.look(waitingFor: nil, until: deadline)
            if status.state == .running { return status }
            return try self.unfinished(status)
        }
    }

    /// Waits until every replica of one part runs, whatever becomes of the others meanwhile.
    ///
    /// - Throws: ``TradewindError``: `failed`, which says why, if it has failed or is removed before it runs, or was not
    ///   begun before another part failed, `cancelled` if somebody cancelled it, `not-found` if there is no such part,
    ///   and `timeout` if it has come no further within `limit`. `CancellationError` if the task is cancelled.
    @discardableResult
    public func waitUntilRunning(
        part name: String, within limit: Duration = .seconds(600)
    ) async throws -> ApplicationStatus.Part {
        try await self.client.transport.wait(for: "\(name) of application \(self.id)", within: limit) {
            deadline in
            let status = try await self.look(waitingFor: name, until: deadline)
            if let part = status.parts.first(where: { $0.name == name }) {
                if part.state == .running { return part }
                if status.state == .failed, part.isUnderWay { return nil }
                if status.state == .applying, part.state == .removing || part.state == .removed {
                    throw TradewindError(.failed, "\(name) of \(status.name) is \(part.state.rawValue)")
                }
            }
            return try self.unfinished(status)
        }
    }

    /// How it is once it runs, or one part of it, or once nothing more is to be waited for; the coordinator answers
    /// sooner if its patience runs out.
    private func look(
        waitingFor part: String?, until deadline: ContinuousClock.Instant
    ) async throws -> ApplicationStatus {
        var query = ["wait": "running"]
        query["part"] = part
        return try await self.client.transport.perform(
            .GET, ["applications", self.id], query: query, until: deadline)
    }

    /// Nil if it may still come to run.
    private func unfinished<Value>(_ status: ApplicationStatus) throws -> Value? {
        guard status.state != .applying, status.state != .running else { return nil }
        let words = "\(status.name) is \(status.state.rawValue)"
        if status.state == .cancelled { throw TradewindError(.cancelled, words) }
        throw TradewindError(.failed, status.reason.map { "\(words): \($0)" } ?? words)
    }

    /// Gives up what of it has not run yet, and keeps the rest.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func cancel(key: String = TradewindClient.freshKey()) async throws -> ApplicationStatus {
        try await self.client.transport.perform(.POST, ["applications", self.id, "cancel"], key: key)
    }

    /// Deletes it with all its parts, those first that need others: their machines are deleted with their disks.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func remove(key: String = TradewindClient.freshKey()) async throws -> ApplicationStatus {
        try await self.client.transport.perform(.DELETE, ["applications", self.id], key: key)
    }
}

extension ApplicationStatus.Part {
    /// Whether it has been begun, and so goes on in an application that has failed by another part.
    fileprivate var isUnderWay: Bool {
        self.workload != nil && (self.state == .placing || self.state == .starting)
    }
}
