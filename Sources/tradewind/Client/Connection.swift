import ControlAPI
import Foundation
import Operations
import WebRequests

/// Which process the command line asks, and with which token.
struct Connection {
    static let usualServer = "http://127.0.0.1:8640"
    /// Longer than the server takes at most, so that its own answer comes first.
    static let answerTime = Duration.seconds(600)

    let server: String
    let token: String

    init(_ arguments: ClientArguments, environment: [String: String]) async throws(OperationError) {
        var local: ServeConfiguration?
        if let path = arguments.configuration { local = try await ServeConfiguration.reading(path) }
        let localServer = local.map { "http://\($0.api.host):\($0.api.port)" }
        self.server =
            arguments.server ?? localServer ?? environment["TRADEWIND_SERVER"] ?? Self.usualServer
        if arguments.tokenFile == nil, local == nil, let token = environment["TRADEWIND_TOKEN"] {
            self.token = token
            return
        }
        let usual = (environment["HOME"] ?? "") + "/.config/tradewind/token"
        let path =
            arguments.tokenFile ?? local?.clientTokenFile ?? environment["TRADEWIND_TOKEN_FILE"] ?? usual
        do {
            self.token = try String(contentsOfFile: path, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw OperationError(
                .unauthenticated, "the token in \(path) cannot be read",
                next: "name its file with --token-file, or give --config FILE")
        }
    }

    /// A request for one operation, arguments as a JSON object.
    func request(
        _ operation: String, _ arguments: Value.Object, site: String?, streams: Bool, key: String?
    ) throws(OperationError) -> WebRequest {
        var query = ""
        if let site {
            let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: ".-"))
            query = "?at=" + (site.addingPercentEncoding(withAllowedCharacters: allowed) ?? site)
        }
        let url = "\(self.server)/v1/operations/\(operation)\(query)"
        guard WebRequest.canAsk(url) else {
            throw OperationError(
                .badRequest, "“\(self.server)” is no URL", next: "give --server http://HOST:PORT")
        }
        var request = WebRequest(url, idle: Self.answerTime)
        request.method = "POST"
        request.headers = ["Content-Type": "application/json", "Authorization": "Bearer \(self.token)"]
        if streams { request.headers["Accept"] = "text/event-stream" }
        if let key { request.headers["Idempotency-Key"] = key }
        request.body = Array(Value.object(arguments).json().utf8)
        return request
    }
}
