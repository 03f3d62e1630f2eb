import AsyncAlgorithms
import CloudModel
import Hummingbird
import Operations
import ServiceLifecycle
import Synchronization

/// What happens, as server-sent events, for as long as the reader stays.
///
/// Each event is written before the next is asked for, so nothing waits here for a slow reader; one that takes nothing
/// at all is cut off. Grants are asked before every event: who loses the grant hears nothing more. The last event says
/// why the stream ends: `result` or `problem`.
final class FeedStream: Sendable {
    private let performer: any OperationGatekeeper
    private let invocation: Invocation
    private let interval: Duration
    private let cutOff: @Sendable () -> Void
    private let pulse = Mutex(WritePulse())

    /// - Parameter interval: how often a silent stream shows that it lives.
    /// - Parameter cutOff: closes the connection.
    init(
        of invocation: Invocation, with performer: any OperationGatekeeper, interval: Duration,
        cutOff: @escaping @Sendable () -> Void
    ) {
        var live = invocation
        live.isLive = true
        self.invocation = live
        self.performer = performer
        self.interval = interval
        self.cutOff = cutOff
    }

    var response: Response {
        ServerSentEvent.response(
            ResponseBody { writer in
                let pieces = AsyncChannel<ByteBuffer>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await self.tell(pieces) }
                    group.addTask { try await self.beat(pieces) }
                    for await piece in pieces {
                        self.pulse.withLock { $0.writing() }
                        try await writer.write(piece)
                        self.pulse.withLock { $0.written() }
                    }
                    group.cancelAll()
                }
                try await writer.finish(nil)
            })
    }

    /// Performs the operation until it ends, the reader goes or the process shuts down.
    private func tell(_ pieces: AsyncChannel<ByteBuffer>) async {
        defer { pieces.finish() }
        do {
            let scope = try await self.performer.authorize(self.invocation)
            let (performer, invocation) = (self.performer, self.invocation)
            let result = try await cancelWhenGracefulShutdown {
                try await performer.perform(invocation) { progress in
                    await self.tell(progress, to: scope, pieces)
                }
            }
            guard !Task.isShuttingDownGracefully else { throw Self.shutdown }
            await pieces.send(ServerSentEvent.event("result", Answer.document(of: result)))
        } catch let error as OperationError {
            await pieces.send(ServerSentEvent.event("problem", Answer.document(of: error)))
        } catch {
            await pieces.send(ServerSentEvent.event("problem", Answer.document(of: Self.shutdown)))
        }
    }

    private static let shutdown = OperationError(
        .unavailable, "this process is shutting down",
        next: "ask again with the last id as Last-Event-ID once it is back")

    private func tell(
        _ progress: Progress, to scope: Grant.Scope, _ pieces: AsyncChannel<ByteBuffer>
    ) async {
        guard let item = progress.item else { return }
        do throws(OperationError) {
            guard try await self.performer.authorize(self.invocation) == scope else {
                throw OperationError(
                    .forbidden, "the grants of \(self.invocation.caller.address) have changed",
                    next: "ask again: under the new ones less or more may be seen")
            }
        } catch {
            await pieces.send(ServerSentEvent.event("problem", Answer.document(of: error)))
            // Ends the writing, and with it the operation.
            pieces.finish()
            return
        }
        await pieces.send(ServerSentEvent.event(item.kind, id: item.id, item.value))
    }

    /// Shows that a silent stream lives, and cuts off a reader that takes nothing.
    private func beat(_ pieces: AsyncChannel<ByteBuffer>) async throws {
        while true {
            try await Task.sleep(for: self.interval)
            switch self.pulse.withLock({ $0.tick() }) {
            case .comment: await pieces.send(ServerSentEvent.comment)
            case .wait: break
            case .close: return self.cutOff()
            }
        }
    }
}
