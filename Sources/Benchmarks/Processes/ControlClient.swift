import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// The HTTP interface of one `tradewind` process, used as any program uses it.
struct ControlClient: Sendable {
    private struct Answer<Value: Decodable>: Decodable {
        let value: Value
    }

    /// Connections kept open to one process; more than there are callers.
    static let connectionsMax = 96

    /// How long nothing may come.
    static let idleTime = TimeAmount.seconds(60)
    /// The longest answer that is read, in bytes.
    static let answerLimit = 64 * 1_024 * 1_024

    /// Carries the requests to all processes, as long as the benchmark runs.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: Self.idleTime))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsMax
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let base: String
    private let token: String

    init(port: Int, token: String) {
        self.base = "http://127.0.0.1:\(port)"
        self.token = token
    }

    /// The `value` of the answer to a request.
    func get<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) async throws -> Value {
        try JSONDecoder().decode(Answer<Value>.self, from: try await self.send("GET", "/v1" + path)).value
    }

    func post<Value: Decodable>(
        _ path: String, _ parameters: [String: String], as type: Value.Type = Value.self
    ) async throws -> Value {
        let data = try await self.send("POST", "/v1" + path, parameters)
        return try JSONDecoder().decode(Answer<Value>.self, from: data).value
    }

    /// The status of the answer to a request, and its `value` if that is a success.
    func ask<Value: Decodable>(
        _ method: String, _ path: String, _ parameters: [String: String] = [:], key: String? = nil,
        as type: Value.Type = Value.self
    ) async throws -> (status: Int, value: Value?) {
        let (data, status) = try await self.exchange(method, "/v1" + path, parameters, key: key)
        guard (200..<300).contains(status) else { return (status, nil) }
        return (status, try JSONDecoder().decode(Answer<Value>.self, from: data).value)
    }

    /// A request of whose answer only the success matters.
    func request(_ method: String, _ path: String, _ parameters: [String: String] = [:]) async throws {
        _ = try await self.send(method, "/v1" + path, parameters)
    }

    /// Whether the process answers and is well.
    func isHealthy() async -> Bool {
        do {
            _ = try await self.send("GET", "/healthz")
            return true
        } catch {
            // It is asked again until it answers, and the process's log says why it does not.
            return false
        }
    }

    private func send(
        _ method: String, _ path: String, _ parameters: [String: String] = [:]
    ) async throws -> Data {
        let (data, status) = try await self.exchange(method, path, parameters)
        guard (200..<300).contains(status) else {
            throw BenchmarkFailure(
                "\(method) \(path) was answered \(status): \(String(decoding: data, as: UTF8.self))")
        }
        return data
    }

    /// `key` makes the request one that may be sent again.
    private func exchange(
        _ method: String, _ path: String, _ parameters: [String: String], key: String? = nil
    ) async throws -> (data: Data, status: Int) {
        var request = HTTPClientRequest(url: self.base + path)
        request.method = .init(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(self.token)")
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if !parameters.isEmpty {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(try JSONEncoder().encode(parameters))
        }
        let response = try await Self.http.execute(request, deadline: .distantFuture)
        let body = try await response.body.collect(upTo: Self.answerLimit)
        return (Data(body.readableBytesView), Int(response.status.code))
    }
}
