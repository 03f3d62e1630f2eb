import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// One HTTP request over a connection of its own, whose answer is read while it arrives.
package struct WebRequest: Sendable {
    /// How long a connection may take, with the look-up of its name and TLS.
    package static let connectTime = Duration.seconds(30)
    /// How long TLS may take to end, once nobody reads any more.
    package static let closingTime = Duration.seconds(1)
    /// Redirects that are followed at most where they are followed at all.
    package static let redirectLimit = 10

    package let url: String
    package var method = "GET"
    package var headers: [String: String] = [:]
    package var body: [UInt8]?
    /// Whether the answer may be somewhere else; there it is asked for by a GET without headers of our own.
    package var followsRedirects = false
    /// How long nothing may come, or be read of what came.
    package var idle: Duration
    /// How long all of it may take, until whoever reads the answer is through with it.
    ///
    /// A connection that is still being made when it is over, or when the task is cancelled, is waited for.
    package var whole: Duration?

    package init(_ url: String, idle: Duration) {
        self.url = url
        self.idle = idle
    }

    /// Whether something can be asked there: of a URL that is none of http or https, or whose host or port cannot be.
    package static func canAsk(_ url: String) -> Bool {
        guard let url = URL(string: url), let scheme = url.scheme?.lowercased(), let host = url.host else {
            return false
        }
        // The client takes neither an impossible port nor an empty host for an error: it would end the process.
        return ["http", "https"].contains(scheme) && !host.isEmpty && !host.contains { "[]".contains($0) }
            && (1...65_535).contains(url.port ?? 80)
    }

    /// Sends the request and gives `body` the answer once its head is there; the connection ends with `body`.
    ///
    /// Throws a ``WebFailure`` if the answer does not come, or not in time, and what `body` throws.
    package func send<Value: Sendable>(
        _ body: @escaping @Sendable (WebAnswer) async throws -> Value
    ) async throws -> Value {
        guard let whole = self.whole else { return try await self.exchange(body) }
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await self.exchange(body) }
            group.addTask {
                try await Task.sleep(for: whole)
                throw WebFailure.late(whole)
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private func exchange<Value: Sendable>(
        _ body: @escaping @Sendable (WebAnswer) async throws -> Value
    ) async throws -> Value {
        try await HTTPClient.withHTTPClient(configuration: self.configuration) { client in
            var request = self.request
            for _ in 0...Self.redirectLimit {
                guard Self.canAsk(request.url) else {
                    throw WebFailure.unanswered("“\(request.url)” is no address of a web server")
                }
                let response: HTTPClientResponse
                do {
                    response = try await client.execute(request, deadline: .distantFuture)
                } catch {
                    throw WebFailure.from(error)
                }
                guard self.followsRedirects, let place = Self.place(in: response, to: request.url) else {
                    return try await body(WebAnswer(response))
                }
                request = Self.usual(place)
            }
            throw WebFailure.unanswered("it leads on more than \(Self.redirectLimit) times")
        }
    }

    /// Where the answer is, if it is not here (RFC 9110 §15.4).
    private static func place(in response: HTTPClientResponse, to url: String) -> String? {
        guard [301, 302, 303, 307, 308].contains(response.status.code),
            let location = response.headers.first(name: "Location")
        else { return nil }
        // What is no URL is refused like any other that cannot be asked.
        return URL(string: location, relativeTo: URL(string: url))?.absoluteString ?? location
    }

    private static func usual(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.headers = ["User-Agent": "Tradewind", "Accept": "*/*"]
        return request
    }

    private var request: HTTPClientRequest {
        var request = Self.usual(self.url)
        request.method = HTTPMethod(rawValue: self.method)
        for (name, value) in self.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = self.body.map { .bytes(ByteBuffer(bytes: $0)) }
        return request
    }

    private var configuration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.shutdownTimeout = TimeAmount(Self.closingTime)
        // Where all of it has a limit that is shorter, that one is told.
        let connect = min(Self.connectTime, (self.whole ?? Self.connectTime) + .seconds(1))
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(connect), read: TimeAmount(self.idle)))
        // Told at once, as nothing that is waited for makes it better.
        configuration.connectionPool.retryConnectionEstablishment = false
        // A connection for one request gains nothing by HTTP/2, whose opening the client waits for without a limit.
        configuration.httpVersion = .http1Only
        return configuration
    }
}
