import Foundation
import FoundationNetworking
import Operations
import Synchronization

/// One HTTP request whose answer is read while it arrives.
final class Exchange: NSObject, URLSessionDataDelegate, Sendable {
    enum Event: Sendable {
        case head(status: Int, type: String)
        case body([UInt8])
    }

    /// Pieces of an answer that wait to be read; an answer of more unread pieces is broken off.
    private static let piecesLimit = 4_096

    private let events: AsyncThrowingStream<Event, any Error>
    private let feed: AsyncThrowingStream<Event, any Error>.Continuation
    private let followsRedirects: Bool

    init(followsRedirects: Bool = true) {
        self.followsRedirects = followsRedirects
        (self.events, self.feed) = AsyncThrowingStream.makeStream(
            bufferingPolicy: .bufferingOldest(Self.piecesLimit))
    }

    /// Sends the request and yields what comes back, piece by piece.
    func run(_ request: URLRequest, _ body: (Event) throws -> Void) async throws {
        let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: request)
        task.resume()
        for try await event in self.events { try body(event) }
        try Task.checkCancellation()
    }

    /// Sends the request and says, once the head of the answer is there, which status it has and how long it took.
    ///
    /// The body is not read.
    func head(of request: URLRequest) async throws -> (status: Int, time: Duration) {
        let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let task = session.dataTask(with: request)
        let began = ContinuousClock.now
        task.resume()
        for try await case .head(let status, _) in self.events {
            return (status, ContinuousClock.now - began)
        }
        throw CancellationError()
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(self.followsRedirects ? request : nil)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let http = response as? HTTPURLResponse
        self.feed.yield(
            .head(
                status: http?.statusCode ?? 0,
                type: http?.value(forHTTPHeaderField: "Content-Type") ?? ""))
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        if case .dropped = self.feed.yield(.body(Array(data))) {
            self.feed.finish(
                throwing: OperationError(.tooLarge, "the answer comes faster than it can be read"))
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        self.feed.finish(throwing: error)
    }
}
