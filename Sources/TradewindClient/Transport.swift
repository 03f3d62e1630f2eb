import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Sends requests to one coordinator, again where no answer comes, and reads the answers.
struct Transport: Sendable {
    /// The longest answer that is read, in bytes.
    static let answerLimit = 64 * 1_024 * 1_024
    /// How long an answer may take: longer than the coordinator waits before it answers with what there is.
    static let timeout = TimeAmount.seconds(300)
    /// The pause after the first answer that does not come; each further one is twice as long.
    static let firstPause = Duration.milliseconds(200)

    /// Carries the requests of all clients that are given nothing else, as long as the process lives.
    ///
    /// A connection that cannot be made is told at once. Reading waits for longer than the coordinator does before it
    /// answers, and than it lets a feed be silent.
    static let shared: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(150)))
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    let server: String
    let token: String
    let attempts: Int
    let http: HTTPClient

    init(server: String, token: String, attempts: Int, http: HTTPClient) {
        var server = server
        while server.last == "/" { server.removeLast() }
        self.server = server
        self.token = token
        self.attempts = attempts
        self.http = http
    }

    /// `{"site": …, "message": …, "value": …}`.
    private struct Answer<Value: Decodable>: Decodable {
        let value: Value
    }

    /// An answer of which nothing is told.
    struct Ignored: Decodable {}

    /// A problem document (RFC 9457).
    private struct Problem: Decodable {
        let code: String?
        let detail: String?
        let next: String?
        let site: String?
    }

    /// Performs a request that may be sent more than once: it only reads, or it has a key; not again after `deadline`.
    func perform<Value: Decodable>(
        _ method: HTTPMethod, _ path: [String], query: [String: String] = [:],
        body: (any Encodable & Sendable)? = nil, key: String? = nil,
        until deadline: ContinuousClock.Instant? = nil
    ) async throws -> Value {
        var request = self.request(method, path, query: query)
        if let body {
            request.body = .bytes(ByteBuffer(bytes: try Self.encoded(body)))
            request.headers.add(name: "Content-Type", value: "application/json")
        }
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        var attempt = 1
        while true {
            do {
                return try await self.answer(to: request, until: deadline)
            } catch let error as TradewindError
                where error.isPassing && attempt < self.attempts && !Self.isOver(deadline)
            {
                try await self.pause(after: attempt)
                attempt += 1
            }
        }
    }

    func request(_ method: HTTPMethod, _ path: [String], query: [String: String] = [:]) -> HTTPClientRequest {
        let segments = [TradewindClient.interfaceVersion] + path.map(Self.escaped)
        var url = self.server + "/" + segments.joined(separator: "/")
        if !query.isEmpty {
            url +=
                "?"
                + query.sorted { $0.key < $1.key }
                .map { "\(Self.escaped($0.key))=\(Self.escaped($0.value))" }.joined(separator: "&")
        }
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer \(self.token)")
        return request
    }

    /// Sends it once; what keeps an answer from coming is an error of the code `unreachable`.
    func send(_ request: HTTPClientRequest, deadline: NIODeadline) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await self.http.execute(request, deadline: deadline)
        } catch {
            throw self.lost(error)
        }
        guard response.history.count <= 1, !(300..<400).contains(response.status.code) else {
            throw TradewindError(
                .badAnswer, "\(self.server) is somewhere else: no redirect is followed",
                next: "give the address of the coordinator itself")
        }
        return response
    }

    /// The error for an answer that did not come; that of the task itself if it was cancelled.
    func lost(_ error: any Error) -> any Error {
        if Task.isCancelled { return CancellationError() }
        return TradewindError(
            .unreachable, "\(self.server) does not answer: \(error)",
            next: "see that it runs and that the address is right")
    }

    func pause(after attempt: Int) async throws {
        try await Task.sleep(for: Self.firstPause * (1 << min(attempt - 1, 6)))
    }

    /// The error that an answer stands for.
    func problem(in response: HTTPClientResponse) async throws -> TradewindError {
        Self.problem(in: try await self.bytes(of: response), status: response.status)
    }

    static func problem(in bytes: Data, status: HTTPResponseStatus) -> TradewindError {
        do {
            let problem = try JSONDecoder().decode(Problem.self, from: bytes)
            return TradewindError(
                problem.code.map(TradewindError.Code.init(rawValue:)) ?? .badAnswer,
                problem.detail ?? "the answer was \(status)", next: problem.next, site: problem.site)
        } catch {
            // What stands before the coordinator answers in its own words.
            let isPassing = [502, 503, 504].contains(status.code)
            return TradewindError(isPassing ? .unavailable : .badAnswer, "the answer was \(status)")
        }
    }

    /// Looks again and again until there is something to tell, or the time is over; looking takes as long as there is
    /// nothing new.
    func wait<Value>(
        for what: String, within limit: Duration,
        _ look: (ContinuousClock.Instant) async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            try Task.checkCancellation()
            do {
                if let value = try await look(deadline) { return value }
            } catch let error as TradewindError where error.isPassing && Self.isOver(deadline) {
                // The time is over, whatever kept the answer from coming.
            }
            guard !Self.isOver(deadline) else {
                throw TradewindError(
                    .timeout, "\(what) is not known to run in full after \(limit)",
                    next: "wait for longer, or look at what happens to it")
            }
        }
    }

    static func isOver(_ deadline: ContinuousClock.Instant?) -> Bool {
        deadline.map { $0 <= .now } ?? false
    }

    private func answer<Value: Decodable>(
        to request: HTTPClientRequest, until deadline: ContinuousClock.Instant?
    ) async throws -> Value {
        let left = deadline.map { TimeAmount(ContinuousClock.now.duration(to: $0)) } ?? Self.timeout
        let response = try await self.send(request, deadline: .now() + min(left, Self.timeout))
        guard response.status == .ok else { throw try await self.problem(in: response) }
        let answer: Answer<Value> = try self.decoded(try await self.bytes(of: response))
        return answer.value
    }

    /// What the server wrote.
    func decoded<Value: Decodable>(_ bytes: Data) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: bytes)
        } catch {
            throw TradewindError(
                .badAnswer, "\(self.server) answered what this library does not understand: \(error)",
                next: "is it a Tradewind coordinator?")
        }
    }

    private static func encoded(_ body: any Encodable) throws -> Data {
        do {
            return try JSONEncoder().encode(body)
        } catch {
            throw TradewindError(
                .badRequest, "the request cannot be written: \(error)", next: "give numbers that are finite")
        }
    }

    private func bytes(of response: HTTPClientResponse) async throws -> Data {
        do {
            return Data(try await response.body.collect(upTo: Self.answerLimit).readableBytesView)
        } catch {
            throw self.lost(error)
        }
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// RFC 3986 §2.3: everything but the unreserved characters is escaped.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? text
    }
}

/// What is shown of it leaves out the token, wherever it is printed, dumped or logged.
extension Transport: CustomStringConvertible, CustomReflectable {
    var description: String { self.server }

    var customMirror: Mirror { Mirror(self, children: ["server": self.server]) }
}
