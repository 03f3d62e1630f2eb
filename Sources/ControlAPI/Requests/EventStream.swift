import CloudModel
import Hummingbird
import Operations

/// An operation's progress and outcome as server-sent events: `progress` any number of times, then `result` or
/// `problem` once.
enum EventStream {
    /// Lines of progress that wait for a slow reader; older ones are dropped, for only the newest matters.
    static let backlogLimit = 16

    static func isWanted(by request: Request) -> Bool {
        request.headers[.accept]?.contains(ServerSentEvent.mediaType) ?? false
    }

    /// Performs the operation while the response is being written.
    static func response(
        performing body:
            @escaping @Sendable (@escaping ProgressSink) async throws(OperationError) ->
            OperationResult
    ) -> Response {
        let stream = ResponseBody { writer in
            let (lines, feed) = AsyncStream.makeStream(
                of: Progress.self, bufferingPolicy: .bufferingNewest(Self.backlogLimit))
            try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
                group.addTask {
                    defer { feed.finish() }
                    do throws(OperationError) {
                        let result = try await body { progress in feed.yield(progress) }
                        return ServerSentEvent.event("result", Answer.document(of: result))
                    } catch {
                        return ServerSentEvent.event("problem", Answer.document(of: error))
                    }
                }
                for await progress in lines {
                    try await writer.write(ServerSentEvent.event("progress", Self.document(of: progress)))
                }
                if let last = try await group.next() { try await writer.write(last) }
            }
            try await writer.finish(nil)
        }
        return ServerSentEvent.response(stream)
    }

    private static func document(of progress: Progress) -> Value {
        var document = Value.Object()
        document["site"] = .string(progress.site.address)
        document["text"] = .string(progress.text)
        if let step = progress.step { document["step"] = .integer(Int64(step)) }
        if let steps = progress.steps { document["steps"] = .integer(Int64(steps)) }
        return .object(document)
    }
}
