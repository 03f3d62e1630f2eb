public import AsyncHTTPClient
import NIOHTTP1

/// Places workloads over the sites of a federation, by way of one coordinator's HTTP interface.
///
/// Every request that changes something carries an idempotency key, so an answer that was lost is asked for again
/// without anything being done twice as long as the coordinator runs; its restart forgets most keys.
public struct TradewindClient: Sendable {
    /// The version of the interface that this library speaks: the first segment of every path.
    public static let interfaceVersion = "v1"

    let transport: Transport

    /// A client of the coordinator at `server`, such as `https://coordinator.example`.
    ///
    /// - Parameter token: stands for somebody; the coordinator's configuration says for whom.
    /// - Parameter attempts: how often a request is sent before it is given up because no answer comes.
    /// - Parameter http: carries the requests; shared by all clients unless one is given. It needs a read timeout of
    ///   more than 15 seconds, by which a connection that is dead is told from one on which nothing happens.
    public init(server: String, token: String, attempts: Int = 4, using http: HTTPClient? = nil) {
        self.transport = Transport(
            server: server, token: token, attempts: max(1, attempts), http: http ?? Transport.shared)
    }

    /// Says where a workload would go, and why; nothing is reserved.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func plan(_ request: WorkloadRequest) async throws -> PlacementPlan {
        try await self.transport.perform(.POST, ["plans"], body: request)
    }

    /// Asks for a workload; returns once the coordinator has taken it on and stored it.
    ///
    /// - Parameter key: stands for this request. The same key with the same request gives the same workload, from
    ///   whichever process it comes; give one that outlives this process if the request must not be repeated after a
    ///   crash.
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func place(_ request: WorkloadRequest, key: String = Self.freshKey()) async throws -> Placement {
        let status: WorkloadStatus = try await self.transport.perform(
            .POST, ["workloads"], body: Accepted(request), key: key)
        return Placement(id: status.id, client: self)
    }

    /// A handle to a workload that is there already, by name or id.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func placement(of workload: String) async throws -> Placement {
        Placement(id: try await self.show(workload).id, client: self)
    }

    /// How a workload is now, by name or id.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func show(_ workload: String) async throws -> WorkloadStatus {
        try await self.transport.perform(.GET, ["workloads", workload])
    }

    /// All workloads that the caller may see and that are not removed, the oldest first.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func list() async throws -> [WorkloadStatus] {
        try await self.transport.perform(.GET, ["workloads"])
    }

    /// Changes how many replicas a workload has; returns once the coordinator has taken that on.
    ///
    /// Of fewer, those that do not run or came last go: their machines are deleted with their disks.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func scale(
        _ workload: String, to replicas: Int, key: String = Self.freshKey()
    ) async throws -> WorkloadStatus {
        try await self.transport.perform(
            .PUT, ["workloads", workload, "replicas"],
            body: Accepted(["replicas": replicas]), key: key)
    }

    /// Moves one replica of a workload to another site, the one that is named or the best; returns once the
    /// coordinator has taken that on.
    ///
    /// The new machine starts from the image; the old one is deleted with its disk.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func move(
        _ workload: String, replica: Int, to site: String? = nil, key: String = Self.freshKey()
    ) async throws -> WorkloadStatus {
        try await self.transport.perform(
            .POST, ["workloads", workload, "moves"], body: Accepted(Move(replica: replica, to: site)),
            key: key)
    }

    /// Reports how fast users at one place were answered; users who are followed get replicas for that.
    ///
    /// - Parameter place: a country, a site or a position.
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    public func report(
        _ workload: String, place: Place, times: [ResponseTime], key: String = Self.freshKey()
    ) async throws {
        let _: Transport.Ignored = try await self.transport.perform(
            .POST, ["workloads", workload, "responses"],
            body: Report(place: place.rawValue, milliseconds: times.map(\.text)), key: key)
    }

    private struct Report: Encodable {
        let place: String
        let milliseconds: [String]
    }

    private struct Move: Encodable {
        let replica: Int
        let to: String?
    }

    /// Deletes a workload and all its machines with their disks; returns once that is done, or as far as it has come
    /// when the coordinator has waited for long enough.
    ///
    /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
    @discardableResult
    public func remove(_ workload: String, key: String = Self.freshKey()) async throws -> WorkloadStatus {
        try await self.transport.perform(.DELETE, ["workloads", workload], key: key)
    }

    /// What happens to one workload, until nothing of it is left, or to all that the caller may see, without an end.
    ///
    /// - Parameter position: only what happened after it; without one, all that is kept of one workload, or what
    ///   happens to all from now on.
    public func watch(_ workload: String? = nil, after position: Int64? = nil) -> WorkloadEvents {
        WorkloadEvents(
            transport: self.transport, path: ["workloads"] + (workload.map { [$0] } ?? []) + ["events"],
            position: position)
    }

    /// A key that nobody else chooses.
    public static func freshKey() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(random.next() as UInt64, radix: 16) }.joined(separator: "-")
    }

    /// A request that is answered as soon as the coordinator has taken it on.
    struct Accepted<Request: Encodable & Sendable>: Encodable, Sendable {
        let request: Request

        init(_ request: Request) {
            self.request = request
        }

        private enum CodingKeys: String, CodingKey {
            case wait
        }

        func encode(to encoder: any Encoder) throws {
            try self.request.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("accepted", forKey: .wait)
        }
    }
}
