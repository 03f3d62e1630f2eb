import Foundation
import FoundationNetworking

/// The HTTP interface of one `tradewind` process, used as any program uses it.
struct ControlClient: Sendable {
    private struct Answer<Value: Decodable>: Decodable {
        let value: Value
    }

    /// Connections kept open to one process; more than there are callers.
    static let connectionsMax = 96

    private let base: String
    private let token: String
    private let session: URLSession

    init(port: Int, token: String) {
        self.base = "http://127.0.0.1:\(port)"
        self.token = token
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = Self.connectionsMax
        self.session = URLSession(configuration: configuration)
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
        guard let url = URL(string: self.base + path) else { throw BenchmarkFailure("\(path) is no path") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue("Bearer \(self.token)", forHTTPHeaderField: "Authorization")
        if let key { request.setValue(key, forHTTPHeaderField: "Idempotency-Key") }
        if !parameters.isEmpty {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONEncoder().encode(parameters)
        }
        let (data, response) = try await self.session.data(for: request)
        return (data, (response as? HTTPURLResponse)?.statusCode ?? 0)
    }
}
