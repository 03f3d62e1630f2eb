import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import ServerSentEvents

/// What happens to workloads, in order, each event once, as long as somebody reads.
///
/// A connection that is lost is made anew, and the telling goes on after the last event that was read. It ends once
/// nothing of the workload is left, and throws what cannot be helped: no such workload, no grant, no answer for long. A
/// connection that tells nothing and ends before ten seconds are over is no answer.
public struct WorkloadEvents: AsyncSequence, Sendable {
    public typealias Element = WorkloadEvent
    public typealias Failure = any Error

    /// How long a connection must last before it counts as one that worked, though it told nothing.
    static let lasting = Duration.seconds(10)

    let transport: Transport
    let path: [String]
    let position: Int64?
    /// `Self.lasting`, but in tests.
    var lasting = Self.lasting

    /// Reads from the beginning.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            transport: self.transport, path: self.path, position: self.position, lasting: self.lasting)
    }

    /// Reads the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let transport: Transport
        private let path: [String]
        private let lasting: Duration
        private var position: Int64?
        private var stream: HTTPClientResponse.Body.AsyncIterator?
        private var reader = EventReader()
        private var pending: ArraySlice<EventReader.Event> = []
        /// Whether this connection has told anything yet.
        private var hasTold = false
        /// When this connection was made.
        private var begun = ContinuousClock.now
        private var followsGap = false
        private var isOver = false
        /// Connections in a row that told nothing and did not last.
        private var failures = 0

        init(transport: Transport, path: [String], position: Int64?, lasting: Duration) {
            self.transport = transport
            self.path = path
            self.position = position
            self.lasting = lasting
        }

        /// The next event; nil once nothing of the workload is left.
        ///
        /// - Throws: ``TradewindError``, or `CancellationError` if the task is cancelled.
        public mutating func next() async throws -> WorkloadEvent? {
            while !self.isOver {
                guard let event = self.pending.popFirst() else {
                    try await self.read()
                    continue
                }
                if let id = event.id.flatMap(Int64.init) { self.position = id }
                if let news = try await self.take(event) { return news }
            }
            return nil
        }

        /// The event itself, if it is about a workload; kinds that this library does not know are passed over.
        private mutating func take(_ event: EventReader.Event) async throws -> WorkloadEvent? {
            switch event.name {
            case "workload":
                var news: WorkloadEvent = try self.transport.decoded(Data(event.data.utf8))
                (news.followsGap, self.followsGap, self.hasTold) = (self.followsGap, false, true)
                return news
            case "gap": self.followsGap = true
            case "result": self.isOver = true
            case "problem":
                let error = Transport.problem(in: Data(event.data.utf8), status: .ok)
                // Too many events for the pace of this reader: it goes on where it was.
                let isBehind = error.code == .tooMany && self.hasTold
                guard error.isPassing || isBehind else { throw error }
                try await self.reconnect(after: error)
            default: break
            }
            return nil
        }

        private mutating func read() async throws {
            do {
                if self.stream == nil { try await self.connect() }
                guard let piece = try await self.stream?.next(isolation: #isolation) else {
                    throw TradewindError(.unreachable, "the connection ended")
                }
                self.pending += try self.reader.read(piece.readableBytesView)
                // A comment alone shows no life: whatever stands before the server may write one and close.
                let isNews = self.pending.contains { $0.name == "start" || $0.name == "workload" }
                if isNews { self.failures = 0 }
            } catch let error as TradewindError {
                guard error.isPassing else { throw error }
                try await self.reconnect(after: error)
            } catch let error as EventReader.TooLong {
                throw TradewindError(.badAnswer, "\(error)")
            } catch {
                try await self.reconnect(after: self.transport.lost(error))
            }
        }

        private mutating func connect() async throws {
            var request = self.transport.request(.GET, self.path)
            request.headers.add(name: "Accept", value: "text/event-stream")
            if let position { request.headers.add(name: "Last-Event-ID", value: String(position)) }
            let response = try await self.transport.send(request, deadline: .distantFuture)
            guard response.status == .ok else { throw try await self.transport.problem(in: response) }
            guard response.headers.first(name: "Content-Type")?.hasPrefix("text/event-stream") == true else {
                throw TradewindError(
                    .badAnswer, "\(self.transport.server) answered no events",
                    next: "is it a Tradewind coordinator of version 1.1 or later?")
            }
            self.stream = response.body.makeAsyncIterator()
            (self.reader, self.hasTold, self.begun) = (EventReader(), false, .now)
        }

        /// Forgets the connection, and waits before the next; throws if there were too many of no use.
        private mutating func reconnect(after error: any Error) async throws {
            let hasLasted = self.stream != nil && self.begun.duration(to: .now) >= self.lasting
            (self.stream, self.pending) = (nil, [])
            self.failures = hasLasted ? 1 : self.failures + 1
            guard self.failures < self.transport.attempts, error is TradewindError else { throw error }
            try await self.transport.pause(after: self.failures)
        }
    }
}
